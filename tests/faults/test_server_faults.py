"""Servers behind tools that die, hang or speak nonsense: an agent hears of each in one sentence, and no process is left."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest
from aiohttp import web

from tests.cli.test_cli import adalang, one_clear_line
from tests.faults.world import nothing_is_left, observed

SERVER = Path(__file__).with_name("mcp_faults.py")
MCP = {
    "dies_at_once": r"there is no connection to the server: .*\. The last that it printed: no licence",
    "dies_in_a_call": r"the server left before it answered\. The last that it printed: out of paper",
    "hangs": r"the server did not answer within 1 s; where it needs more, set `timeout`",
    "hangs_in_a_call": r"the server did not answer within 1 s; where it needs more, set `timeout`",
    "rubbish_alone": r"the server did not answer within 1 s; where it needs more, set `timeout`",
    "gone": r"there is no connection to the server at http://127\.0\.0\.1:9/mcp: .*",
}
"""What is told of each server's fault."""


def mcp_tool(name: str, folder: Path) -> str:
    fault = name.replace("_", " ")
    where = f"{sys.executable} {SERVER} '{fault}' {folder}/{name}.calls" if name != "gone" else "http://127.0.0.1:9/mcp"
    settings = "timeout = 1, effects = true" if "hangs" in name or "alone" in name else ""
    return f'tool {name}(x: str) -> str = mcp("{where}", tool = "do") {{ {settings} }}\n'


async def test_an_agent_hears_what_is_wrong_with_each_mcp_server(tmp_path: Path) -> None:
    pytest.importorskip("mcp")
    names = [*MCP, "rubbish_too"]
    tools = "".join(mcp_tool(name, tmp_path) for name in names)
    found = await observed(tmp_path, tools, {name: {"x": "all"} for name in names})
    for name, told in MCP.items():
        assert re.fullmatch(f"Error: `{name}`: {told}", found[name]), found[name]
    assert found["rubbish_too"] == "all"
    assert (tmp_path / "dies_in_a_call.calls").read_text().count("called") == 2, "without effects it is asked once more"
    hung = tmp_path / "hangs_in_a_call.calls"
    assert not hung.exists() or hung.read_text().count("called") == 1


def test_a_server_that_dies_between_calls_is_started_again(tmp_path: Path) -> None:
    pytest.importorskip("mcp")
    calls = '  one = dies_between_calls("1")\n  two = dies_between_calls(one)\n  three = dies_between_calls(two)\n'
    pipeline = f"pipeline p() -> str {{\n{calls}  return three\n}}\n"
    (tmp_path / "main.adal").write_text(mcp_tool("dies_between_calls", tmp_path) + pipeline)
    done = adalang("run", "main.adal:p", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "1\n"), one_clear_line(done)
    assert (tmp_path / "dies_between_calls.calls").read_text().count("called") == 3
    assert nothing_is_left(tmp_path)


HTTP = {
    "broken": r"the server answered 500 Internal Server Error: out of order",
    "slow": r"the server did not answer within 0\.5 s; where it needs more, set `timeout`",
    "not_json": r"the server's answer is no JSON, though it says so: .*",
    "elsewhere": r"the server answered 302 Found: it redirects to http://127\.0\.0\.1:\d+/stolen",
    "drops": r"the server cannot be reached: .*",
    "endless": r"the answer is longer than 16 MB",
}


async def test_an_agent_hears_what_is_wrong_with_each_http_operation(tmp_path: Path) -> None:
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        match request.path.strip("/"):
            case "broken":
                return web.Response(status=500, text="out of order")
            case "slow":
                await asyncio.sleep(30)
            case "not_json":
                return web.Response(text="<html>", content_type="application/json")
            case "elsewhere":
                raise web.HTTPFound(f"http://127.0.0.1:{port}/stolen")
            case "endless":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b"x" * (1 << 20))
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    paths = {f"/{name}": {"get": {"operationId": name}} for name in (*HTTP, "gone")}
    (tmp_path / "api.json").write_text(json.dumps({"openapi": "3.1.0", "paths": paths}))

    def tool(name: str) -> str:
        base = f"http://127.0.0.1:{port}" if name != "gone" else "http://127.0.0.1:9"
        options = f'base = "{base}", headers = {{ Authorization = env("TOKEN") }}'
        return f'tool {name}() -> str = http("api.json", {options}) {{ timeout = {0.5 if name == "slow" else 20} }}\n'

    try:
        names = [*HTTP, "gone"]
        found = await observed(tmp_path, "".join(map(tool, names)), {name: {} for name in names})
    finally:
        await runner.cleanup()
    for name, told in {**HTTP, "gone": HTTP["drops"]}.items():
        assert re.fullmatch(f"Error: `{name}`: {told}", found[name]), found[name]
    assert set(seen) == {f"/{name}" for name in HTTP}, "nobody else was asked"
    assert len(seen) <= len(HTTP) + 1, "a GET whose kept connection was closed is sent once more, as HTTP allows"
