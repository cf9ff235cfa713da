"""A tool that needs a person's word does nothing without it: one test for each way to a tool.

The tool is real and leaves a file; every test sees that the call was wanted, and that the file is not there.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from lsprotocol import types
from pygls.exceptions import JsonRpcException

import adalang
from adalang.config import load_settings
from adalang.engine.conversation import run_in_session
from adalang.engine.session import Session
from adalang.runtime.approval import Answer, ApprovalRequest, Decision, asking
from adalang.runtime.failures import BugFailure, CannotGoOn, NotApproved
from adalang.runtime.interpreter import RunFailed
from adalang.runtime.trace import Trace
from tests.commands import run_command
from tests.lsp.conftest import editor, server  # noqa: F401
from tests.lsp.editor import Editor, capabilities
from tests.servers import Incoming, LoopbackServer, Reply

CODE = """
from pathlib import Path

def refund(order: str, amount: float) -> str:
    with (Path(__file__).parent / "paid").open("a") as book:
        book.write(f"{order} {amount:g}\\n")
    return f"refunded {amount:g}"

def score(output: str, expected: str) -> float:
    (Path(__file__).parent / "paid").touch()
    return 1.0
"""
FILE = """
model m = "openai/test" { api_base = env("BASE"), api_key = env("KEY") }

# Pays money back.
tool refund(order: str, amount: float) -> str = python("t.py:refund") { approve = true, effects = true }
tool score(output: str, expected: str) -> float = python("t.py:score") { approve = true }

# Pays through a pipeline.
pipeline pay(order: str, amount: float) -> str {
  done = refund(order, amount)
  return done
}

agent desk(message: str) -> str {
  model = m
  tools = [refund]
  param instruction = "Refund what is asked for."
}

agent clerk(message: str) -> str {
  model = m
  tools = [pay]
}

prompt say(order: str) -> str {
  model = m
  param voice = "Be brief."
  system = "{{ voice }}"
  user = "{{ order }}"
}

dataset rows = "rows.jsonl" { split = { train = 0.4, val = 0.3, test = 0.3 } }
eval direct of refund { data = rows, expect = row.label, metric = exact_match }
eval through of pay { data = rows, expect = row.label, metric = exact_match, on_save = 5 }
eval wanted of desk { data = rows, expect = row.label, metric = exact_match }
eval judged of say { data = rows, expect = row.label, metric = score }
optimize wanted { budget = { calls = 60 } }
"""
CALL = {"order": "7", "amount": 60.0}
REFUSED = "`refund` was not approved"


def paid(folder: Path) -> list[str]:
    book = folder / "paid"
    return book.read_text(encoding="utf-8").splitlines() if book.exists() else []


def wants(*calls: Mapping[str, Any], tool: str = "refund") -> Callable[[Incoming], Reply]:
    """A model that asks for these calls, at once, and then says what it was told."""

    def answer(incoming: Incoming) -> Reply:
        if incoming.messages[-1].role == "tool":
            return Reply(" | ".join(one.text for one in incoming.messages if one.role == "tool"))
        if not incoming.tools:
            return Reply('{"score": 1}')
        return Reply(None, tuple((tool, json.dumps(one)) for one in calls), "tool_calls")

    return answer


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "adalang.toml").touch()
    (tmp_path / "t.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "shop.adal").write_text(FILE, encoding="utf-8")
    rows = [{"message": f"Refund {n}.", "order": str(n), "amount": 60.0, "label": "x"} for n in range(20)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def nothing_was_paid(tmp_path: Path) -> Iterator[None]:
    yield
    assert not (tmp_path / "paid").exists()


@asynccontextmanager
async def opened(
    folder: Path, behaviour: Callable[[Incoming], Reply] = wants(CALL), approve: Callable[..., Any] | None = None
) -> AsyncIterator[Session]:
    """A session over the shop, with a real server for its model."""
    async with LoopbackServer(behaviour=behaviour) as model:
        settings = load_settings(folder, {"BASE": model.api_base, "KEY": "k"})
        async with Session(folder, settings) as session:
            if approve is not None:
                session.services = replace(session.services, approver=asking(approve))
            yield session


async def run(session: Session, component: str, **inputs: Any) -> tuple[Any, Trace, str]:
    return await session.run_component(session.root / "shop.adal", component, inputs)


def refusals(trace: Trace) -> list[str]:
    return [one.error for one in trace.calls if one.kind == "tool" and one.error]


# ---- from Python


@pytest.mark.parametrize("component", ["refund", "pay"])
def test_python_without_a_callback(shop: Path, component: str) -> None:
    with adalang.load(shop / "shop.adal") as program, pytest.raises(RunFailed, match=REFUSED):
        getattr(program, component)(**CALL)


@pytest.mark.parametrize("answer", [False, None, 1, "yes", [], {"amount": "all of it"}, Decision(False, CALL)])
def test_python_with_a_callback_that_does_not_say_yes(shop: Path, answer: Answer) -> None:
    with (
        adalang.load(shop / "shop.adal", approve=lambda request: answer) as program,
        pytest.raises(RunFailed, match=r"not approved|does not take"),
    ):
        program.refund(**CALL)


def test_a_programs_callback_is_asked_in_evals_too_and_says_no(shop: Path) -> None:
    asked: list[str] = []
    with adalang.load(shop / "shop.adal", approve=lambda request: asked.append(request.tool)) as program:
        assert program.evaluate("through").void
    assert asked and set(asked) == {"refund"}


def test_python_with_a_callback_that_fails(shop: Path) -> None:
    def lost(request: ApprovalRequest) -> bool:
        raise ConnectionError("nobody answers")

    with adalang.load(shop / "shop.adal", approve=lost) as program, pytest.raises(ConnectionError):
        program.refund(**CALL)


# ---- from the command line


@pytest.mark.parametrize(
    ("component", "inputs"), [("refund", CALL), ("pay", CALL), ("refund", {**CALL, "approve": False})]
)
@pytest.mark.parametrize("stdin", ["", "y\n" * 9])
def test_a_command_without_a_terminal(shop: Path, component: str, inputs: Mapping[str, Any], stdin: str) -> None:
    done = run_command(
        "run", f"shop.adal:{component}", "-i", json.dumps(inputs), cwd=shop, environment=os.environ, stdin=stdin
    )
    assert done.returncode == 2
    assert REFUSED in done.stderr or "`approve`" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("eval", "shop.adal:direct"),
        ("eval", "shop.adal:through"),
        ("compare", "shop.adal:through", "other.adal:through"),
    ],
)
def test_commands_that_score(shop: Path, command: tuple[str, ...]) -> None:
    (shop / "other.adal").write_text(FILE, encoding="utf-8")
    done = run_command(*command, cwd=shop, environment=os.environ, stdin="y\n" * 99, together=True)
    assert done.returncode == 2 and REFUSED in done.stdout


# ---- in the editor


async def test_an_editor_whose_person_is_not_asked_or_does_not_answer(editor: Editor, shop: Path) -> None:  # noqa: F811
    @editor.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def closed(params: types.ShowMessageRequestParams) -> None:
        return None

    await editor.start(shop, capabilities())
    uri = editor.open(shop / "shop.adal")
    for component in ("refund", "pay"):
        with pytest.raises(JsonRpcException, match=REFUSED):
            await editor.execute("run", uri, component, CALL)
    for name in ("direct", "through"):
        assert (await editor.execute("evaluate", uri, name))["void"]


# ---- evals and optimizations, where the person at hand would say yes


@pytest.mark.parametrize("name", ["direct", "through", "wanted"])
async def test_an_eval(shop: Path, name: str) -> None:
    async with opened(shop, approve=lambda request: True) as session:
        found = await session.evaluation(session.load(shop / "shop.adal"), name)
    traces = [row.trace for row in found.rows if row.trace is not None]
    assert traces and all(REFUSED in refusals(one)[0] for one in traces)


async def test_an_eval_whose_metric_is_such_a_tool(shop: Path) -> None:
    async with opened(shop, approve=lambda request: True) as session:
        with pytest.raises(Exception, match="`score` was not approved"):
            await session.evaluation(session.load(shop / "shop.adal"), "judged")


@pytest.mark.parametrize("allow_effects", [False, True])
async def test_an_optimization(shop: Path, allow_effects: bool) -> None:
    seen: list[str] = []

    def behaviour(incoming: Incoming) -> Reply:
        seen.extend(one.text for one in incoming.messages if one.role == "tool")
        return wants(CALL)(incoming)

    async with opened(shop, behaviour, approve=lambda request: True) as session:
        program = session.load(shop / "shop.adal")
        plan = session.optimize_plan(program, "wanted", anyway=True, allow_effects=allow_effects)
        await session.optimization(program, plan)
    assert seen and all(REFUSED in one for one in seen)


# ---- agents


async def test_calls_that_a_model_asks_for_at_the_same_time(shop: Path) -> None:
    """Each needs its own word: what is said of one is said of no other."""
    asked: list[float] = []

    def only_what_is_impossible(request: ApprovalRequest) -> Answer:
        asked.append(request.inputs["amount"])
        return {**request.inputs, "amount": "nothing"} if len(asked) == 1 else False

    calls = [{**CALL, "amount": amount} for amount in (60, 61, 61, 1e9)]
    async with opened(shop, wants(*calls), only_what_is_impossible) as session:
        output, trace, _ = await run(session, "desk", message="All of it!")
    assert sorted(asked) == [60, 61, 61, 1e9] and len(refusals(trace)) == 4
    assert output.count("not approved") == 3 and "approved with inputs that it does not take" in output


@pytest.mark.parametrize("tool", ["pay", "refund"])
async def test_a_pipeline_as_a_tool_and_a_tool_that_the_agent_was_not_given(shop: Path, tool: str) -> None:
    async with opened(shop, wants(CALL, tool=tool)) as session:
        output, trace, _ = await run(session, "clerk", message="Pay!")
    assert (REFUSED if tool == "pay" else "there is no tool `refund`") in output and refusals(trace)


@pytest.mark.parametrize(
    "arguments",
    [
        '{"order": "7", "amount": NaN}',
        '{"order": "7", "amount": 60, "approve": false}',
        '{"order": "7", "amount": 60, "approved": true}',
        '{"order": "7", "amount": "60"}',
        '{"order": "7", "amount": 1e999}',
        '{"order": "7", "amount": [60]}',
    ],
)
async def test_arguments_that_try_to_get_past(shop: Path, arguments: str) -> None:
    def answer(incoming: Incoming) -> Reply:
        if incoming.messages[-1].role == "tool":
            return Reply(incoming.messages[-1].text)
        return Reply(None, (("refund", arguments),), "tool_calls")

    text = FILE.replace("{ approve = true, effects = true }", "{ approve = amount > 50 }")
    (shop / "shop.adal").write_text(text, encoding="utf-8")
    async with opened(shop, answer) as session:
        try:
            output, _, _ = await run(session, "desk", message="Pay!")
        except RunFailed as failed:
            output = str(failed)
    assert REFUSED in output or "Error" in output or "finite number" in output


# ---- sessions that go on


@pytest.mark.parametrize("first", ["hangs", "is killed after a yes"])
async def test_a_session_that_goes_on_asks_again_and_a_call_in_doubt_is_not_made(shop: Path, first: str) -> None:
    reached = asyncio.Event()

    async def never(request: ApprovalRequest) -> Answer:
        reached.set()
        await asyncio.Event().wait()
        return True

    async with opened(shop, approve=never) as session:
        program = session.load(shop / "shop.adal")
        entity = program.resolve("pay")
        assert entity is not None

        async def work(resume: bool = False) -> Any:
            runtime = session.runtime(program)
            return await run_in_session(runtime, session.store, entity, "s", {} if resume else CALL, resume=resume)

        running = asyncio.create_task(work())
        await reached.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        record = session.store.session(shop / "shop.adal", "pay", "s")
        assert record is not None
        ((place, content),) = session.store.session_steps(record.id).items()
        assert content["state"] == "waits"
        if first != "hangs":
            session.store.put_session_step(record.id, place, {**content, "state": "started"})
        session.services = replace(session.services, approver=asking(lambda request: first != "hangs"))
        with pytest.raises(RunFailed) as failed:
            await work(resume=True)
        expected = NotApproved if first == "hangs" else CannotGoOn
        assert type(failed.value.failure) is expected


async def test_a_session_whose_call_has_other_arguments_when_it_goes_on(shop: Path) -> None:
    """Whoever was asked about 60 has said nothing of 600."""
    asked: list[float] = []
    reached = asyncio.Event()

    async def hangs_then_says_no(request: ApprovalRequest) -> Answer:
        asked.append(request.inputs["amount"])
        if len(asked) == 1:
            reached.set()
            await asyncio.Event().wait()
        return False

    text = f"{FILE}\npipeline fixed(order: str) -> str {{\n  done = refund(order, 60.0)\n  return done\n}}\n"
    async with opened(shop, approve=hangs_then_says_no) as session:

        async def work(text: str, resume: bool) -> Any:
            (shop / "shop.adal").write_text(text, encoding="utf-8")
            inputs = {} if resume else {"order": "7"}
            return await session.run_component(shop / "shop.adal", "fixed", inputs, session="s", resume=resume)

        running = asyncio.create_task(work(text, resume=False))
        await reached.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        with pytest.raises(BugFailure, match="was changed since"):
            await work(text.replace("60.0)", "600.0)"), resume=True)
        with pytest.raises(RunFailed, match=REFUSED):
            await work(text, resume=True)
    assert asked == [60, 60]


# ---- tools of other kinds


async def test_an_mcp_tool(shop: Path) -> None:
    pytest.importorskip("mcp")
    (shop / "server.py").write_text(
        f"from mcp.server import MCPServer\nserver = MCPServer('shop')\n{CODE}\nserver.tool()(refund)\nserver.run()\n",
        encoding="utf-8",
    )
    text = FILE.replace('python("t.py:refund")', f'mcp("{sys.executable} server.py")')
    (shop / "shop.adal").write_text(text, encoding="utf-8")
    async with opened(shop) as session:
        for component in ("refund", "pay"):
            with pytest.raises(RunFailed, match=REFUSED):
                await run(session, component, **CALL)
        output, _, _ = await run(session, "desk", message="Pay!")
        assert REFUSED in output


async def test_an_operation_of_an_openapi_description(shop: Path) -> None:
    asked: list[str] = []

    async def pay(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.method == "POST":
            (shop / "paid").touch()
        return web.json_response(described)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", pay)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    fields = {"order": {"type": "string"}, "amount": {"type": "number"}}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": fields}}}}
    described = {
        "openapi": "3.1.0",
        "servers": [{"url": base}],
        "paths": {"/refund": {"post": {"operationId": "refund", "requestBody": body}}},
    }
    (shop / "shop.adal").write_text(
        FILE.replace('python("t.py:refund")', f'http("{base}/openapi.json")'), encoding="utf-8"
    )
    async with opened(shop) as session:
        for component in ("refund", "pay"):
            with pytest.raises(RunFailed, match=REFUSED):
                await run(session, component, **CALL)
        output, _, _ = await run(session, "desk", message="Pay!")
        assert REFUSED in output
    await runner.cleanup()
    assert "/refund" not in asked


async def test_with_a_persons_word_the_tool_is_called(shop: Path) -> None:
    """So that the tests above say something: the same file, the same call, and one yes."""
    async with opened(shop, approve=lambda request: True) as session:
        output, _, _ = await run(session, "desk", message="Pay!")
    assert output == "refunded 60" and paid(shop) == ["7 60"]
    (shop / "paid").unlink()
