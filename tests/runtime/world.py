"""A program in a folder, a loopback server that answers as a test says, and a runtime that joins the two."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import Incoming, LoopbackServer, Reply

from adalang.language.checks import DiskFacts, check_all
from adalang.language.program import Program, load
from adalang.runtime.interpreter import Runtime
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.resolve import Models
from adalang.runtime.services import Services
from adalang.runtime.trace import Trace

Answer = Callable[[Incoming], str]


@dataclass
class World:
    """``run`` calls a component; ``server`` has the log of what went over the wire."""

    program: Program
    runtime: Runtime
    server: LoopbackServer

    async def run(self, component: str, /, **inputs: Any) -> Any:
        output, _ = await self.traced(component, **inputs)
        return output

    async def traced(self, component: str, /, **inputs: Any) -> tuple[Any, Trace]:
        entity = self.program.resolve(component)
        assert entity is not None
        return await self.runtime.run(entity, inputs)


def write_program(folder: Path, text: str, **others: str) -> Program:
    """Write ``main.adal`` (and ``others`` by stem); errors in it fail the test."""
    for name, content in others.items():
        (folder / f"{name}.adal").write_text(content, encoding="utf-8")
    (folder / "main.adal").write_text(text, encoding="utf-8")
    program = load(folder / "main.adal")
    assert program is not None
    errors = [one for found in check_all(program, DiskFacts()).values() for one in found if one.severity == "error"]
    assert not errors, [f"{one.code} {one.message}" for one in errors]
    return program


@asynccontextmanager
async def world(
    folder: Path,
    text: str,
    answer: Answer,
    *,
    overrides: Mapping[str, Any] | None = None,
    latency: float = 0.0,
    services: Services | None = None,
    **others: str,
) -> AsyncIterator[World]:
    """Models in ``text`` are written `"openai/test" { api_base = env("BASE"), api_key = env("KEY") }`."""
    program = write_program(folder, text, **others)
    async with LoopbackServer(behaviour=lambda incoming: Reply(answer(incoming)), latency=latency) as server:
        models = Models(program, "openai/test", {"BASE": server.api_base, "KEY": "secret-key"})
        gateway = Gateway(None)
        runtime = Runtime(program, gateway, models, overrides or {}, services=services or Services())
        try:
            yield World(program, runtime, server)
        finally:
            await gateway.aclose()
            await runtime.services.tools.aclose()


MODEL = 'model m = "openai/test" { api_base = env("BASE"), api_key = env("KEY") }\n'
