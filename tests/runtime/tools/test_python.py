"""Python tools run in processes of their own: what goes wrong in one is a failure of its call, and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.world import nothing_is_left
from tests.runtime.world import World, world

from adalang.runtime.failures import BugFailure, ToolFailure, ToolUnavailable
from adalang.runtime.interpreter import RunFailed
from adalang.runtime.services import Services
from adalang.runtime.tools import python_tools
from adalang.runtime.tools.host import Tools
from adalang.runtime.tools.python_tools import PythonTools

FAULTY = Path(__file__).with_name("faulty.py")


def tool(name: str, settings: str = "", returns: str = "str") -> str:
    return f'tool {name}(x: str) -> {returns} = python("t.py:{name}") {{ {settings} }}\n'


def faulty(folder: Path, *tools: str, environment: dict[str, str] | None = None):
    shutil.copy(FAULTY, folder / "t.py")
    services = Services(tools=Tools(environment)) if environment is not None else None
    return world(folder, "".join(tools), lambda incoming: "", services=services)


async def failure(w: World, name: str, x: str = "a") -> ToolFailure | BugFailure:
    with pytest.raises(RunFailed) as failed:
        await w.run(name, x=x)
    assert isinstance(failed.value.failure, ToolFailure | BugFailure)
    assert "\n" not in str(failed.value)
    return failed.value.failure


def ended(pid: int) -> bool:
    """Whether the process ends, which it may need a moment for."""

    def over() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    return waited_for(over)


def waited_for(condition: Callable[[], object]) -> bool:
    for _ in range(1000):
        if condition():
            return True
        time.sleep(0.01)
    return False


def pid_in(note: Path) -> int:
    """The process that a tool has written down, once it has."""
    assert waited_for(lambda: note.exists() and note.read_text())
    return int(note.read_text())


async def test_plain_and_async_functions_and_data_classes(tmp_path):
    async with faulty(
        tmp_path, tool("echo"), tool("later"), tool("order", returns="{ id: str, paid: float }"), tool("process")
    ) as w:
        assert await w.run("echo", x="ä\n") == "ä\n"
        assert await w.run("later", x="b") == "b"
        assert await w.run("order", x="7") == {"id": "7", "paid": 3.5}
        assert await w.run("process", x="") == await w.run("process", x=""), "one process stays warm"
        assert int(await w.run("process", x="")) != os.getpid()


async def test_an_import_is_bounded_by_the_tools_own_timeout(tmp_path, monkeypatch):
    monkeypatch.setattr("adalang.runtime.tools.python_process._IMPORT_SECONDS", 0.1)
    async with faulty(tmp_path, tool("echo", "timeout = 0.5")) as w:
        (tmp_path / "t.py").write_text("import time\ntime.sleep(1000)\n")
        told = await failure(w, "echo")
    assert str(told) == "`echo`: t.py could not be imported within 0.5 s; where it needs more, set `timeout`"


async def test_calls_that_overlap_have_processes_of_their_own(tmp_path):
    async with faulty(tmp_path, tool("process"), tool("hangs", "timeout = 0.5")) as w:
        slow = asyncio.create_task(w.run("hangs", x=""))
        assert len({await w.run("process", x=str(n)) for n in range(3)}) == 1
        with pytest.raises(RunFailed, match="did not come back"):
            await slow


async def test_after_a_burst_of_calls_one_process_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(python_tools, "_SPARE_SECONDS", 0.2)
    async with faulty(tmp_path, tool("process"), tool("waits_a_little")) as w:
        pids = await asyncio.gather(*(w.run("waits_a_little", x="") for _ in range(3)))
        assert len(set(pids)) == 3
        last = await w.run("process", x="")
        for one in set(pids) - {last}:
            assert await asyncio.to_thread(ended, int(one))
        assert await w.run("process", x="") == last


async def test_no_process_begins_after_the_end(tmp_path):
    shutil.copy(FAULTY, tmp_path / "t.py")
    tools, file = PythonTools(), tmp_path / "t.py"
    await tools.aclose()
    call = tools.call(file, "process", {"x": ""}, lambda: None, environment=dict(os.environ), seconds=60, memory=4096)
    for late in (call, tools.borrow(file, dict(os.environ))):
        with pytest.raises(BugFailure, match="its session has ended"):
            await late
    assert await asyncio.to_thread(nothing_is_left, tmp_path)


async def test_a_process_that_is_being_started_ends_with_the_session(tmp_path):
    shutil.copy(FAULTY, tmp_path / "t.py")
    for turns in (1, 2, 3, 8):
        tools = PythonTools()
        one = tools.call(
            tmp_path / "t.py", "hangs", {"x": ""}, lambda: None, environment=dict(os.environ), seconds=60, memory=4096
        )
        calling = asyncio.create_task(one)
        for _ in range(turns):
            await asyncio.sleep(0)
        await tools.aclose()
        assert await asyncio.to_thread(nothing_is_left, tmp_path)
        with pytest.raises((ToolFailure, BugFailure)):
            await calling


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("raises", "t.py:44: KeyError: 'no such\\norder'"),
        ("leaves", "ended its process (exit code 3)"),
        ("exits", "SystemExit: bye"),
        ("segfaults", "ended its process (signal SIGSEGV)"),
        ("prints_much", "printed more than 10 MB"),
        ("gives_much", "gave 95 MB; a tool may give 16"),
        ("gives_no_json", "`gives_no_json`: it gave a set, which is no JSON"),
        ("gives_nan", "`gives_nan`: it gave NaN or an infinity, which is no JSON"),
        ("gives_depth", "`gives_depth`: it gave lists and objects in one another, more than 200 deep"),
        ("gives_itself", "`gives_itself`: it gave lists and objects in one another, more than 200 deep"),
        ("takes_memory", "more than the 512 MB that `memory` allows"),
    ],
)
async def test_faults_are_failures_of_one_line_that_name_the_tool(tmp_path, name, told, capsys):
    async with faulty(tmp_path, tool(name, "memory = 512"), tool("echo")) as w:
        found = await failure(w, name)
        assert isinstance(found, ToolFailure) and not isinstance(found, ToolUnavailable)
        assert str(found).startswith(f"`{name}`: ") and told in str(found)
        if name == "gives_depth":
            assert "200 deep" in str(await failure(w, name, "250")), "one that could just be written"
        assert await w.run("echo", x="goes on") == "goes on"
    assert len(capsys.readouterr().err) < 20_000


@pytest.mark.parametrize("name", ["hangs", "hangs_async", "hangs_deaf"])
async def test_what_hangs_is_stopped_in_time(tmp_path, name):
    async with faulty(tmp_path, tool(name, "timeout = 0.2"), tool("echo")) as w:
        found = await failure(w, name)
        assert isinstance(found, ToolUnavailable) and "within 0.2 s" in str(found)
        assert await w.run("echo", x="goes on") == "goes on"


async def test_a_cancelled_call_leaves_no_process(tmp_path):
    note = tmp_path / "pid"
    async with faulty(tmp_path, tool("daemon_and_hang")) as w:
        running = asyncio.create_task(w.run("daemon_and_hang", x=str(note)))
        left = await asyncio.to_thread(pid_in, note)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await asyncio.to_thread(ended, left), "not even what left the tool's session stays"


async def test_forks_threads_and_daemons_end_with_the_session(tmp_path):
    async with faulty(tmp_path, tool("forks"), tool("thread"), tool("daemon"), tool("process")) as w:
        assert await w.run("forks", x="one answer") == "one answer"
        assert await w.run("thread", x="t") == "t"
        left = [int(await w.run(name, x="")) for name in ("daemon", "process")]
    assert all(ended(pid) for pid in left)


_PARENT = """
import asyncio, sys
from pathlib import Path
from adalang.language.program import load
from adalang.runtime.tools import python_tools
from adalang.runtime.tools.host import Tools
from adalang.runtime.tools.python_tools import PythonTools

async def main():
    program = load(Path(sys.argv[1]))
    await Tools().call(program, program.resolve("daemon_and_hang"), {"x": sys.argv[2]}, lambda: None)

asyncio.run(main())
"""


def test_nothing_survives_kill_9_of_the_caller(tmp_path):
    shutil.copy(FAULTY, tmp_path / "t.py")
    (tmp_path / "main.adal").write_text(tool("daemon_and_hang"))
    note = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path / "main.adal"), str(note)])
    try:
        left = pid_in(note)
    finally:
        parent.kill()
        parent.wait()
    assert ended(left)


async def test_the_environment_is_passed_without_what_is_secret(tmp_path):
    secret = (
        "OPENAI_API_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "shop_token",
    )
    environment = {**os.environ, **dict.fromkeys([*secret, "MY_MODEL", "OTHER"], "s")}
    named = 'tool named(x: str) -> str = python("t.py:environment", env = { OPENAI_API_KEY = env("OPENAI_API_KEY") })\n'
    model = 'model m = "openai/x" { api_key = env("MY_MODEL") }\n'
    async with faulty(tmp_path, tool("environment"), named, model, environment=environment) as w:
        seen = {name: await w.run("environment", x=name) for name in (*secret, "MY_MODEL", "OTHER")}
        assert {name for name, value in seen.items() if value != "unset"} == {"OTHER"}
        assert await w.run("named", x="OPENAI_API_KEY") == "s"


async def test_what_is_printed_goes_to_standard_error(tmp_path, capsys):
    async with faulty(tmp_path, tool("printing")) as w:
        assert await w.run("printing", x="hello") == "hello"
    out, err = capsys.readouterr()
    assert "printed hello" in err and not out


async def test_an_edit_is_seen_and_one_of_a_helper_too(tmp_path):
    (tmp_path / "helper.py").write_text("VALUE = 'a'\n")
    (tmp_path / "t.py").write_text("from helper import VALUE\ndef f(x): return VALUE\n")
    async with world(tmp_path, 'tool f(x: str) -> str = python("t.py:f")\n', lambda incoming: "") as w:
        assert await w.run("f", x="") == "a"
        (tmp_path / "helper.py").write_text("VALUE = 'bc'\n")
        assert await w.run("f", x="") == "bc"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("from os import getcwd as f\n", "`f` in t.py does not take what it is given"),
        ("def f(x): return 1\n", "`f` is declared to give str, and gave something else: it is a number, not str"),
        ("raise ValueError('at import')\ndef f(x): pass\n", "t.py cannot be imported: t.py:1: ValueError: at import"),
        ("import os\nos._exit(1)\ndef f(x): pass\n", "t.py cannot be imported: it ended its process (exit code 1)"),
        ("def f(x): pass\ndel f\n", "t.py has no function `f`"),
    ],
)
async def test_a_function_that_is_not_as_declared_is_told_with_both_names(tmp_path, code, told):
    (tmp_path / "t.py").write_text(code)
    async with world(tmp_path, 'tool f(x: str) -> str = python("t.py:f")\n', lambda incoming: "") as w:
        assert told in str(await failure(w, "f"))


async def test_a_pipeline_calls_tools_and_the_trace_tells(tmp_path):
    text = tool("echo") + "pipeline p(a: str) -> str {\n  one = echo(a)\n  two = echo(one)\n  return two\n}\n"
    async with faulty(tmp_path, text) as w:
        output, trace = await w.traced("p", a="x")
    assert output == "x"
    assert [(call.component, call.kind, call.inputs, call.output) for call in trace.calls[1:]] == [
        ("echo", "tool", {"x": "x"}, "x")
    ] * 2
    assert [origin.call for origin in trace.calls[2].origins] == [1]
