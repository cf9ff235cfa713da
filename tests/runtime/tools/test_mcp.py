"""Tools of real MCP servers, started as a command and over loopback HTTP."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.runtime.tools.test_python import ended
from tests.runtime.world import World, world

from adalang.runtime.failures import BugFailure, ToolFailure, ToolSaysNo, ToolUnavailable
from adalang.runtime.interpreter import RunFailed
from adalang.runtime.services import Services
from adalang.runtime.tools.host import Tools

pytest.importorskip("mcp")
SERVER = Path(__file__).with_name("mcp_server.py")
COMMAND = f"{sys.executable} {SERVER}"
ENVIRONMENT = {**os.environ, "SHOP_PASS": "hush-hush", "OPENAI_API_KEY": "never"}


def text(where: str, settings: str = "") -> str:
    return f"""
tool find_order(order_id: str) -> str = mcp("{where}")
tool plus(a: int, b: int) -> int = mcp("{where}", tool = "add")
tool sizes(n: int) -> str[] = mcp("{where}")
tool order(n: int) -> {{ n: int }} = mcp("{where}")
tool process(n: int) -> int = mcp("{where}")
tool dies(n: int) -> str = mcp("{where}") {{ effects = true }}
tool dies_once(note: str) -> str = mcp("{where}")
tool dies_with_effects(note: str) -> str = mcp("{where}", tool = "dies_once") {{ effects = true }}
tool hangs(n: int) -> str = mcp("{where}") {{ timeout = 2 }}
tool fails(n: int) -> str = mcp("{where}")
tool large(megabytes: int) -> str = mcp("{where}")
tool unknown(n: int) -> str = mcp("{where}")
tool misses(a: int) -> int = mcp("{where}", tool = "add")
tool extra(a: int, b: int, c: int) -> int = mcp("{where}", tool = "add")
tool adds(a: str, b: int) -> int = mcp("{where}", tool = "add")
tool wrong(order_id: str) -> int = mcp("{where}", tool = "find_order")
"""


@contextmanager
def http_server() -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(SERVER), str(port)], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "running on" in line:
                break
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.communicate()


async def failure(w: World, name: str, **inputs: object) -> ToolFailure | BugFailure:
    with pytest.raises(RunFailed) as failed:
        await w.run(name, **inputs)
    assert isinstance(failed.value.failure, ToolFailure | BugFailure)
    return failed.value.failure


async def answers_and_refusals(w: World) -> None:
    assert await w.run("find_order", order_id="7") == "order 7"
    assert await w.run("plus", a=1, b=2) == 3
    assert await w.run("sizes", n=2) == ["s", "s"]
    assert await w.run("order", n=4) == {"n": 4}
    failed = await failure(w, "fails", n=1)
    assert type(failed) is ToolSaysNo and "there is no such order" in str(failed)
    assert str(await failure(w, "large", megabytes=17)) == "`large`: it gave 17 MB; a tool may give 16"
    for name, inputs, told in [
        ("unknown", {"n": 1}, "has no tool `unknown`; it has: find_order, add,"),
        ("misses", {"a": 1}, "the server's tool `add` needs `b`"),
        ("adds", {"a": "1", "b": 2}, "the server's tool `add` takes `a` as int; the declaration gives str"),
        ("extra", {"a": 1, "b": 2, "c": 3}, "the server's tool `add` takes no `c`"),
    ]:
        found = await failure(w, name, **inputs)
        assert isinstance(found, BugFailure) and told in str(found), name
    assert "`wrong` is declared to give int" in str(await failure(w, "wrong", order_id="7"))


async def test_a_server_that_is_started(tmp_path):
    async with world(tmp_path, text(COMMAND), lambda incoming: "") as w:
        await answers_and_refusals(w)
        first = await w.run("process", n=1)
        assert first == await w.run("process", n=1), "one server for all tools and calls"
        died = await failure(w, "dies_with_effects", note=str(tmp_path / "effects"))
        assert isinstance(died, ToolUnavailable) and "left before it answered" in str(died)
        assert await w.run("dies_once", note=str(tmp_path / "note")) == "back", "asked once more, on a new connection"
        assert "the last words" in str(await failure(w, "dies", n=1))
        second = await w.run("process", n=1)
        assert second != first
        hung = await failure(w, "hangs", n=1)
        assert isinstance(hung, ToolUnavailable) and "within 2 s" in str(hung)
    assert ended(first) and ended(second)


async def test_a_server_over_http(tmp_path):
    with http_server() as address:
        async with world(tmp_path, text(address), lambda incoming: "") as w:
            await answers_and_refusals(w)
            running = asyncio.create_task(w.run("hangs", n=1))
            await asyncio.sleep(0)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            died = await failure(w, "dies", n=1)
            assert isinstance(died, ToolUnavailable)


async def test_a_started_server_sees_what_it_is_given_and_no_keys(tmp_path):
    declared = f'tool secret(n: int) -> str = mcp("{COMMAND}", env = {{ SHOP_PASS = env("SHOP_PASS") }})\n'
    async with world(tmp_path, declared, lambda incoming: "", services=Services(tools=Tools(ENVIRONMENT))) as w:
        assert await w.run("secret", n=1) == "hush-hush"


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("no-such-command-here x", "there is no command `no-such-command-here`"),
        ("http://me:word@127.0.0.1:9/mcp?key=1", "there is no connection to the server at http://127.0.0.1:9/mcp: "),
        (f"{sys.executable} -c print(1)", "there is no connection to the server"),
        ("cat", "there is no connection to the server"),
    ],
)
async def test_what_is_no_server_is_told(tmp_path, where, told):
    async with world(
        tmp_path, f'tool t(n: int) -> str = mcp("{where}") {{ timeout = 20 }}\n', lambda incoming: ""
    ) as w:
        found = str(await failure(w, "t", n=1))
    assert told in found and re.match("`t`: ", found) and "\n" not in found
