"""Optimizations of a real file for the complaints: in this process, or as the command."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adalang.config import load_settings
from adalang.engine.optimization import OptimizeResult
from adalang.engine.session import Session
from tests.commands import run_command
from tests.servers import Incoming, LoopbackServer, Reply, lexical

OPTIONS = 'api_base = "{base}", api_key = env("KEY"), temperature = 0'


def options(server: LoopbackServer, more: str = "") -> str:
    """A model declaration's settings for a loopback server."""
    return OPTIONS.format(base=server.api_base) + (f", {more}" if more else "")


def asks_for_hypotheses(incoming: Incoming) -> bool:
    """Whether this is a teacher's request for changes of a text, or for a new one."""
    return bool({"hypotheses", "new_text"} & set((incoming.schema or {}).get("properties", {})))


def with_teacher(answer: Callable[[Incoming], Reply]) -> Callable[[Incoming], Reply]:
    """A behaviour whose student is `builtin/lexical` and whose teacher is this."""
    return lambda incoming: answer(incoming) if asks_for_hypotheses(incoming) else lexical(incoming)


async def optimized(
    folder: Path, file: Path, on_event: Callable[[Any, Any], None] = lambda event, usage: None, **plan: Any
) -> OptimizeResult:
    """The eval `sorting` of a file, optimized in this process."""
    async with Session(folder, load_settings(folder, {"KEY": "k"})) as session:
        program = session.load(file)
        return await session.optimization(program, session.optimize_plan(program, "sorting", **plan), on_event=on_event)


def command(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line, as a user calls it."""
    return run_command(*map(str, arguments), cwd=cwd, environment={**os.environ, "KEY": "k", **environment})


def hypotheses(*changes: str) -> Reply:
    """A teacher's answer that appends each change to the text."""
    entries = [
        {
            "cause": "a rule is missing",
            "change": change,
            "examples": [],
            "edits": [{"action": "append", "find": "", "text": change}],
        }
        for change in changes
    ]
    return Reply(json.dumps({"hypotheses": entries}))
