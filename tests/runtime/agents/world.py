"""Agents over a loopback server that answers, step by step, what a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.runtime.world import MODEL, World, write_program
from tests.servers import Fault, Incoming, LoopbackServer, Protocol, Reply

from adalang.runtime.interpreter import Runtime
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.resolve import Models

Answers = Callable[[Incoming], Reply | Fault] | Sequence[Reply | Fault]

TOOLS = MODEL + (
    'prompt find_order(order_id: str) -> str {\n  model = m\n  user = """FIND {{ order_id }}"""\n}\n'
    'prompt refund(order_id: str, amount: float) -> str {\n  model = m\n  user = """REFUND {{ order_id }} {{ amount }}"""\n}\n'
)
"""Prompts are tools too: the server plays them."""


def agent(*lines: str, returns: str = "str", inputs: str = "ticket: str", tools: str = "find_order, refund") -> str:
    body = "".join(f"  {line}\n" for line in ("model = m", f"tools = [{tools}]", *lines))
    return f"{TOOLS}agent helper({inputs}) -> {returns} {{\n{body}}}\n"


def call(name: str, arguments: str) -> Reply:
    return Reply(None, ((name, arguments),), "tool_calls")


@asynccontextmanager
async def agent_world(
    folder: Path, text: str, answers: Answers, *, tools: Callable[[str], str] = str.lower, protocol: Protocol = "openai"
) -> AsyncIterator[World]:
    """``answers`` are the agent's own steps in their order; ``tools`` answers the prompts that play the tools."""
    program = write_program(folder, text)
    given = iter(answers) if not callable(answers) else None

    def behave(incoming: Incoming) -> Reply | Fault:
        last = incoming.messages[-1]
        if last.role == "user" and last.text.startswith(("FIND ", "REFUND ")):
            return Reply(tools(last.text))
        return next(given) if given is not None else answers(incoming)  # type: ignore[operator]

    async with LoopbackServer(protocol, behaviour=behave) as server:
        models = Models(program, "openai/test", {"BASE": server.api_base, "KEY": "secret-key"})
        gateway = Gateway(None)
        try:
            yield World(program, Runtime(program, gateway, models), server)
        finally:
            await gateway.aclose()
