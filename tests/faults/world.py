"""What a fault must not leave behind, and an agent that meets many of them in one command."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cli.test_cli import adalang
from tests.servers import Incoming, LoopbackServer, Reply

MODEL = 'model m = "openai/gpt-4o-mini" { api_base = env("BASE"), api_key = env("KEY"), retries = 0 }\n'
_PATIENCE_SECONDS = 10.0


def processes_of(folder: Path) -> list[str]:
    """The command lines of processes that work in the folder or name it."""
    found = []
    for one in Path("/proc").iterdir():
        if not one.name.isdigit() or int(one.name) == os.getpid():
            continue
        try:
            if (one / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            command = (one / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if str(folder) in command or str((one / "cwd").readlink()).startswith(str(folder)):
                found.append(command)
        except OSError:  # it has ended
            continue
    return found


def nothing_is_left(folder: Path) -> bool:
    """Whether all processes end, which they may need a moment for."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while found := processes_of(folder):
        if time.monotonic() > until:
            print(found)
            return False
        time.sleep(0.02)
    return True


async def observed(folder: Path, tools: str, calls: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What an agent, run by the command line, sees of calls that its model wants all at once, by the tools' names.

    However they go wrong, the command must end well, show no traceback and leave no process.
    """
    import json

    wanted = tuple((name, json.dumps(inputs)) for name, inputs in calls.items())

    def answer(incoming: Incoming) -> Reply:
        return Reply(None, wanted, "tool_calls") if incoming.messages[-1].role == "user" else Reply("done")

    agent = f"agent helper(ticket: str) -> str {{\n  model = m\n  tools = [{', '.join(calls)}]\n}}\n"
    (folder / "main.adal").write_text(MODEL + tools + agent)
    async with LoopbackServer(behaviour=answer) as server:
        environment = {"BASE": server.api_base, "KEY": "k", "TOKEN": "secret-token"}
        given = ("run", "main.adal:helper", "--set", "ticket=all")
        done = await asyncio.to_thread(adalang, *given, cwd=folder, env=environment)
        assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
        assert "Traceback" not in done.stderr and len(done.stderr) < 100_000, done.stderr
        assert "secret-token" not in done.stderr
        told = [one.text for one in server.log[-1].messages if one.role == "tool"]
    assert nothing_is_left(folder)
    return dict(zip(calls, told, strict=True))
