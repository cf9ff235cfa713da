"""Runs that are stopped from outside: nobody answers, Ctrl-C, SIGTERM, kill -9. Each can be resumed, and nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.test_cli import adalang, one_clear_line
from tests.commands import run_command, run_on
from tests.faults.world import MODEL, nothing_is_left, processes_of
from tests.servers import Incoming, LoopbackServer, Reply

MCP = Path(__file__).with_name("mcp_faults.py")
TOOLS = """
import time
from pathlib import Path

def refund(amount: float) -> str:
    with open("paid.txt", "a") as note:
        note.write(f"{amount:g} ")
    return "paid"

def ship(order: str) -> str:
    if not Path("shipping.txt").exists():
        Path("shipping.txt").touch()
        time.sleep(60)
    return f"{order} was shipped"
"""
CALLS = {"refund": '{"amount": 80}', "look": '{"x": "A7"}', "ship": '{"order": "A7"}'}


def program(*tools: str) -> str:
    declared = {
        "refund": 'tool refund(amount: float) -> str = python("tools.py:refund") { approve = true, effects = true }\n',
        "look": f'tool look(x: str) -> str = mcp("{sys.executable} {MCP} fine looks.txt", tool = "do")\n',
        "ship": 'tool ship(order: str) -> str = python("tools.py:ship")\n',
    }
    names = ", ".join(tools)
    return (
        MODEL
        + "".join(declared[one] for one in tools)
        + f"agent helper(ticket: str) -> str {{\n  model = m\n  tools = [{names}]\n}}\n"
    )


def in_order(*tools: str):
    """A model that wants one tool after the other."""

    def answer(incoming: Incoming) -> Reply:
        step = sum(one.role == "tool" for one in incoming.messages)
        if step < len(tools):
            return Reply(None, ((tools[step], CALLS[tools[step]]),), "tool_calls")
        return Reply(incoming.messages[-1].text)

    return answer


def write(folder: Path, *tools: str) -> None:
    (folder / "tools.py").write_text(TOOLS)
    (folder / "main.adal").write_text(program(*tools))


def at_terminal(
    folder: Path, environment: dict[str, str], *arguments: str, then: str | signal.Signals
) -> tuple[int, str]:
    """The exit code and what a terminal shows of a command which, once it asks its question, is sent a signal or typed a text."""
    ours, theirs = pty.openpty()
    process: list[int] = []

    def run() -> int | None:
        try:
            return run_on(
                [theirs] * 3,
                *arguments,
                cwd=folder,
                environment={**os.environ, **environment},
                started=process.append,
            )
        finally:
            os.close(theirs)

    shown, told = b"", False
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
                if b"[e]dit: " in shown and not told:
                    told = True
                    os.write(ours, then.encode()) if isinstance(then, str) else os.kill(process[0], then)
        except OSError:  # what Linux says when nobody has the terminal any more
            pass
        code = running.result()
    os.close(ours)
    assert code is not None
    return code, shown.decode()


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_approval_that_never_comes(tmp_path: Path, stop: signal.Signals, code: int) -> None:
    write(tmp_path, "refund")
    async with LoopbackServer(behaviour=in_order("refund")) as server:
        environment = {"BASE": server.api_base, "KEY": "k"}
        begin = ("run", "main.adal:helper", "--session", "one", "--no-stream")
        asked = await asyncio.to_thread(at_terminal, tmp_path, environment, *begin, "--set", "ticket=80", then=stop)
        assert asked[0] == code and "Traceback" not in asked[1], asked
        assert "--resume" in asked[1] and not (tmp_path / "paid.txt").exists()
        assert nothing_is_left(tmp_path)
        done = await asyncio.to_thread(at_terminal, tmp_path, environment, *begin, "--resume", then="y\n")
        assert done[0] == 0 and (tmp_path / "paid.txt").read_text() == "80 "
        assert len(server.log) == 2, "the model was not asked again"


async def test_kill_9_in_the_middle_of_an_agent_with_a_tool_and_a_server(tmp_path: Path) -> None:
    pytest.importorskip("mcp")
    write(tmp_path, "look", "ship")
    begin = ("run", "main.adal:helper", "--session", "one")
    process = 0

    def started(number: int) -> None:
        nonlocal process
        process = number

    async with LoopbackServer(behaviour=in_order("look", "ship")) as server:
        environment = {**os.environ, "BASE": server.api_base, "KEY": "k"}
        running = asyncio.create_task(
            asyncio.to_thread(
                run_command, *begin, "--set", "ticket=A7", cwd=tmp_path, environment=environment, started=started
            )
        )
        while not (tmp_path / "shipping.txt").exists():
            assert not running.done(), (await running).stderr
            await asyncio.sleep(0.01)
        assert sum("child.py" in one or "mcp_faults" in one for one in processes_of(tmp_path)) >= 2
        os.kill(process, signal.SIGKILL)
        assert (await running).returncode == -signal.SIGKILL
        assert await asyncio.to_thread(nothing_is_left, tmp_path)
        asked = len(server.log)
        done = await asyncio.to_thread(adalang, *begin, "--resume", "--json", cwd=tmp_path, env=environment)
        assert done.returncode == 0, one_clear_line(done)
        assert json.loads(done.stdout)["output"] == "A7 was shipped"
        assert len(server.log) == asked + 1, "only the step after the tool is asked for"
        assert (tmp_path / "looks.txt").read_text().count("called") == 1, "and no call is made twice that was answered"
    assert nothing_is_left(tmp_path)
