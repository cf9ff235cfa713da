"""A run that was stopped goes on where it was: nothing is asked twice, and no tool is called twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from tests.cli.test_cli import adalang
from tests.commands import run_command
from tests.runtime.agents.world import agent, agent_world, call
from tests.runtime.world import MODEL, world
from tests.servers import Reply, ServerError

from adalang.engine.conversation import run_in_session
from adalang.runtime.agents.journal import Wanted
from adalang.runtime.agents.kept import Kept
from adalang.runtime.approval import Decision
from adalang.runtime.failures import BugFailure
from adalang.runtime.interpreter import RunFailed
from adalang.store import Store
from adalang.store.records import SessionRecord

REFUND = MODEL + (
    'tool refund(amount: float) -> str = python("tools.py:refund") { effects = true, approve = amount > 50 }\n'
    "agent helper(ticket: str) -> str {\n  model = m\n  tools = [refund]\n}\n"
)
TOOL = 'def refund(amount):\n    with open("paid.txt", "a") as file:\n        file.write(f"{amount:g}\\n")\n    return "paid"\n'


@pytest.fixture
def session(tmp_path, monkeypatch):
    """Runs `helper` in the session "s" of a world; ``paid`` are the amounts that the tool was called with."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tools.py").write_text(TOOL)
    store = Store.open(tmp_path)

    async def run(w, *, resume=False, **inputs):
        runtime = replace(w.runtime, services=replace(w.runtime.services, **services))
        entity = w.program.resolve("helper")
        return await run_in_session(runtime, store, entity, "s", inputs, resume=resume)

    services: dict = {}
    run.services = services  # type: ignore[attr-defined]
    run.paid = lambda: [float(one) for one in (tmp_path / "paid.txt").read_text().split()]  # type: ignore[attr-defined]
    run.store = store  # type: ignore[attr-defined]
    yield run
    store.close()


async def test_a_run_goes_on_after_the_model_was_away(tmp_path, session):
    text = REFUND.replace('env("KEY") }', 'env("KEY"), retries = 0 }')
    answers = [call("refund", '{"amount": 20}'), ServerError(), Reply("I paid you back.")]
    async with agent_world(tmp_path, text, answers) as w:
        with pytest.raises(RunFailed):
            await session(w, ticket="20, please")
        output, trace = await session(w, resume=True)
        assert output == "I paid you back." and session.paid() == [20]
        assert [one.kind for one in trace.calls] == ["agent", "step", "tool", "step"]
        assert trace.calls[2].output == "paid" and trace.usage.calls == 1
        assert [m.text for m in w.server.log[-1].messages] == ["20, please", "", "paid"]
        await w.runtime.services.tools.aclose()


async def test_a_run_that_waits_for_a_person_asks_again(tmp_path, session):
    asked = asyncio.Event()

    async def nobody_comes(request):
        asked.set()
        await asyncio.Event().wait()

    async def agrees_to_less(request):
        return Decision(True, {"amount": 60})

    async with agent_world(tmp_path, REFUND, [call("refund", '{"amount": 80}'), Reply("ok")]) as w:
        session.services["approver"] = nobody_comes
        waiting = asyncio.create_task(session(w, ticket="80"))
        await asked.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        session.services["approver"] = agrees_to_less
        _, trace = await session(w, resume=True)
        assert session.paid() == [60] and trace.calls[2].inputs == {"amount": 60}
        told = w.server.log[-1].messages[-1].text
        assert told == '(A person changed the call: {"amount": 60})\npaid'
        await w.runtime.services.tools.aclose()


async def test_a_refusal_is_an_observation_and_is_remembered(tmp_path, session):
    text = REFUND.replace('env("KEY") }', 'env("KEY"), retries = 0 }')
    refusals = []

    async def refuses(request):
        refusals.append(request)
        return Decision(False, request.inputs, "too much")

    session.services["approver"] = refuses
    answers = [call("refund", '{"amount": 80}'), ServerError(), Reply("Sorry.")]
    async with agent_world(tmp_path, text, answers) as w:
        with pytest.raises(RunFailed):
            await session(w, ticket="80")
        output, _ = await session(w, resume=True)
        assert output == "Sorry." and len(refusals) == 1 and refusals[0].asked_by == "helper"
        assert w.server.log[-1].messages[-1].text == "Error: `refund` was not approved: too much"
        assert not (tmp_path / "paid.txt").exists()


async def test_a_tool_with_effects_that_was_cut_off_is_not_called_again_by_itself(tmp_path, session):
    async with agent_world(tmp_path, REFUND, [call("refund", '{"amount": 20}'), Reply("I cannot say.")]) as w:
        with pytest.raises(RunFailed):
            await session(replace_answers(w), ticket="20")
        record = session.store.session("main.adal", "helper", "s")
        cut_off = Wanted((0, 0), "refund", {"amount": 20}, repeatable=False, observed=True).content("started")
        session.store.put_session_step(record.id, "0.0", cut_off)
        _, trace = await session(w, resume=True)
        assert "not known whether it took effect" in trace.calls[2].error
        assert not (tmp_path / "paid.txt").exists()


def replace_answers(w):
    """The same world without a key: the run fails before the model is asked."""
    models = replace(w.runtime.models, environment={"BASE": w.server.api_base})
    return replace(w, runtime=replace(w.runtime, models=models))


async def test_only_what_was_stopped_is_resumed_and_nothing_is_begun_over_it(tmp_path, session):
    text = REFUND.replace('env("KEY") }', 'env("KEY"), retries = 0 }')
    async with agent_world(tmp_path, text, [ServerError(), Reply("ok"), Reply("again")]) as w:
        with pytest.raises(BugFailure, match="cannot be resumed: there is none of that name"):
            await session(w, resume=True)
        with pytest.raises(BugFailure, match="needs the input `ticket`"):
            await session(w)
        with pytest.raises(RunFailed):
            await session(w, ticket="x")
        with pytest.raises(BugFailure, match="has a run that is not finished: resume it"):
            await session(w, ticket="y")
        assert (await session(w, resume=True))[0] == "ok"
        with pytest.raises(BugFailure, match="its last run is finished"):
            await session(w, resume=True)
        assert (await session(w, ticket="y"))[0] == "again"


async def test_what_was_said_in_a_session_is_remembered_by_its_next_run(tmp_path, session):
    text = agent(inputs="ticket: str, history: Turn[] = []")
    async with agent_world(tmp_path, text, [Reply("Hello Ann."), Reply("You are Ann.")]) as w:
        await session(w, ticket="I am Ann.")
        await session(w, ticket="Who am I?")
        assert [(m.role, m.text) for m in w.server.log[-1].messages] == [
            ("user", "I am Ann."),
            ("assistant", "Hello Ann."),
            ("user", "Who am I?"),
        ]


TOOLS = """
import pathlib, time


def find_order(order_id):
    with open("found.txt", "a") as file:
        file.write(order_id)
    return f"{order_id} is a lamp."


def ship(order_id):
    if not pathlib.Path("shipping.txt").exists():
        pathlib.Path("shipping.txt").touch()
        time.sleep(60)
    return f"{order_id} was shipped today."
"""
HELPER = """
# Looks up an order.
tool find_order(order_id: str) -> str = python("tools.py:find_order")
# Ships an order.
tool ship(order_id: str) -> str = python("tools.py:ship")
agent helper(ticket: str) -> str {
  model = "builtin/lexical"
  tools = [find_order, ship]
  param instruction = "Find the order first."
}
"""


def test_a_killed_command_goes_on_where_it_was_and_nobody_goes_on_beside_it(tmp_path):
    (tmp_path / "tools.py").write_text(TOOLS)
    (tmp_path / "help.adal").write_text(HELPER)
    begin = ("run", "help.adal:helper", "--session", "one")
    beside = []

    def kill_while_it_ships(process):
        def wait():
            while not (tmp_path / "shipping.txt").exists():
                time.sleep(0.01)
            try:
                for also in ((*begin, "--resume"), ("sessions", "delete", "one", "--yes")):
                    command = [sys.executable, "-m", "adalang", *also]
                    beside.append(
                        subprocess.run(
                            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=50
                        )
                    )
            finally:
                os.kill(process, signal.SIGKILL)

        threading.Thread(target=wait, daemon=True).start()

    given = ("--set", "ticket=Please ship my order A7.")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run_command(*begin, *given, cwd=tmp_path, environment=environment, started=kill_while_it_ships)
    told = [(one.returncode, one.stderr) for one in beside]
    assert told == [
        (2, "error: the session `one` of `helper` is at work already; wait for it or stop it\n"),
        (2, "error: the session `one` of `helper` is at work; wait for it or stop it\n"),
    ]
    again = adalang(*begin, "--set", "ticket=x", cwd=tmp_path)
    assert again.returncode == 2 and "--resume" in again.stderr
    done = adalang(*begin, "--resume", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    called = [one["component"] for one in told["trace"]["calls"]]
    assert called == ["helper", "helper", "find_order", "helper", "ship", "helper"]
    assert told["trace"]["calls"][4]["output"] == "A7 was shipped today."
    assert (tmp_path / "found.txt").read_text() == "A7"


async def test_a_run_that_is_cancelled_anywhere_goes_on_and_no_effect_comes_twice(tmp_path, session):
    def answers(incoming):
        last = incoming.messages[-1]
        if last.role == "tool":
            return Reply(last.text)
        return call("refund", json.dumps({"amount": float(last.text)}))

    async with agent_world(tmp_path, REFUND, answers) as w:
        entity = w.program.resolve("helper")
        for turns in (0, 1, 2, 4, 7, 11, 16, 24, 40, 80):
            name, given = f"after {turns}", {"ticket": str(turns / 2)}
            running = asyncio.create_task(run_in_session(w.runtime, session.store, entity, name, given))
            for _ in range(turns):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            known = session.store.session("main.adal", "helper", name)
            if known is not None and known.status == "finished":
                continue
            output, _ = await run_in_session(w.runtime, session.store, entity, name, given, resume=known is not None)
            assert output == "paid" or "not known whether it took effect" in output
        await w.runtime.services.tools.aclose()
    assert len(session.paid()) == len(set(session.paid()))


# ---- pipelines

PIPELINE = (
    'tool price(x: str) -> int = python("shop.py:price")\n'
    'tool risky(n: int) -> bool = python("shop.py:risky")\n'
    'tool pay(n: int) -> str = python("shop.py:pay") { effects = true, approve = risky(n) }\n'
    "pipeline helper(x: str) -> str {\n  n = price(x)\n  r = pay(n)\n  return r\n}\n"
)
SHOP = """
from pathlib import Path


def did(what):
    with Path("did.txt").open("a") as file:
        file.write(what + "\\n")
    if Path(what + " fails").exists():
        raise ValueError(what + " is broken")


def price(x):
    did("price")
    return 10


def risky(n):
    did("risky")
    return True


def pay(n):
    did("pay")
    return f"paid {n}"
"""


@pytest.fixture
def shop(tmp_path, session):
    """What the tools of the pipeline did, one word each; with a file "… fails" one of them fails."""
    (tmp_path / "shop.py").write_text(SHOP)

    async def agrees(request):
        return Decision(True, request.inputs)

    session.services["approver"] = agrees
    return lambda: (tmp_path / "did.txt").read_text().split()


async def test_a_pipeline_whose_tool_failed_goes_on_once_that_works_again(tmp_path, session, shop):
    async with world(tmp_path, PIPELINE, lambda incoming: "") as w:
        for broken, done in (("price", ["price"]), ("risky", ["price", "risky"]), ("pay", ["risky", "pay"])):
            (tmp_path / f"{broken} fails").touch()
            with pytest.raises(RunFailed, match=f"{broken} is broken"):
                await session(w, resume=broken != "price", **({"x": "q"} if broken == "price" else {}))
            (tmp_path / f"{broken} fails").unlink()
            assert shop()[-len(done) :] == done
        output, _ = await session(w, resume=True)
        assert output == "paid 10" and shop() == ["price", "price", "risky", "risky", "pay", "pay"]


@pytest.mark.parametrize("then", ["return 7", "return object()", "__import__('os')._exit(3)"])
async def test_an_effect_that_went_wrong_after_it_was_called_is_never_made_again(tmp_path, session, shop, then):
    (tmp_path / "shop.py").write_text(SHOP.replace('return f"paid {n}"', then))
    async with world(tmp_path, PIPELINE, lambda incoming: "") as w:
        with pytest.raises(RunFailed):
            await session(w, x="q")
        with pytest.raises(RunFailed, match=r"not known whether it took effect.*adalang sessions delete"):
            await session(w, resume=True)
        assert shop().count("pay") == 1


async def test_a_call_that_never_went_out_is_in_no_doubt(tmp_path, session, shop):
    (tmp_path / "shop.py").write_text("import gone_missing\n" + SHOP)
    async with world(tmp_path, PIPELINE, lambda incoming: "") as w:
        with pytest.raises(RunFailed, match="gone_missing"):
            await session(w, x="q")
        (tmp_path / "shop.py").write_text(SHOP)
        assert (await session(w, resume=True))[0] == "paid 10"


async def test_a_call_without_an_answer_is_in_doubt_and_the_way_out_is_told(tmp_path, session, shop):
    text = PIPELINE.replace("effects = true", "effects = true, timeout = 0.4")
    (tmp_path / "shop.py").write_text(SHOP.replace('did("pay")', 'did("pay"); __import__("time").sleep(60)'))
    async with world(tmp_path, text, lambda incoming: "") as w:
        with pytest.raises(RunFailed, match="did not come back"):
            await session(w, x="q")
        with pytest.raises(RunFailed, match=r"not known whether it took effect.*adalang sessions delete"):
            await session(w, resume=True)
        assert shop().count("pay") == 1


async def test_an_approval_that_breaks_off_comes_again_though_its_condition_called_a_tool(tmp_path, session, shop):
    async def crashes(request):
        raise KeyError("lost")

    session.services["approver"], agrees = crashes, session.services["approver"]
    async with world(tmp_path, PIPELINE, lambda incoming: "") as w:
        with pytest.raises(KeyError):
            await session(w, x="q")
        session.services["approver"] = agrees
        assert (await session(w, resume=True))[0] == "paid 10"
        assert shop() == ["price", "risky", "pay"]


async def test_what_is_kept_of_another_program_is_not_taken_for_this_one_s(tmp_path, session, shop):
    (tmp_path / "pay fails").touch()
    async with world(tmp_path, PIPELINE, lambda incoming: "") as w:
        with pytest.raises(RunFailed):
            await session(w, x="q")
    (tmp_path / "pay fails").unlink()
    async with world(tmp_path, PIPELINE.replace("r = pay(n)", "r = pay(12)"), lambda incoming: "") as w:
        with pytest.raises(
            BugFailure, match="`helper`, or what it uses, was changed since; change it back, or see what was"
        ):
            await session(w, resume=True)
    (tmp_path / "shop.py").write_text(SHOP.replace("paid", "well paid"))  # a tool that was mended may go on
    async with world(tmp_path, PIPELINE, lambda incoming: "") as w:
        assert (await session(w, resume=True))[0] == "well paid 10"


async def test_an_effect_with_other_inputs_is_not_taken_for_this_one(tmp_path, session, shop):
    (tmp_path / "pay fails").touch()
    async with world(tmp_path, PIPELINE, lambda incoming: "") as w:
        with pytest.raises(RunFailed):
            await session(w, x="q")
        record = session.store.session("main.adal", "helper", "s")
        steps = session.store.session_steps(record.id)
        place, was = next((place, one) for place, one in steps.items() if one["tool"] == "pay")
        other = Wanted((), "pay", {"n": 11}, repeatable=False, observed=False)
        session.store.put_session_step(record.id, place, other.content("done", output="paid 11", inputs={"n": 11}))
        with pytest.raises(RunFailed, match="before the run was stopped `pay` was called here"):
            await session(w, resume=True)
        assert was["state"] == "waits" and shop().count("pay") == 1


def test_a_place_that_somebody_else_has_taken_is_not_begun(tmp_path):
    with Store.open(tmp_path) as store, Store.open(tmp_path) as other:
        record = SessionRecord("a.adal", "helper", "s", {})
        store.put_session(record)
        first, second = Kept(store, record.id), Kept(other, record.id)
        first.claim((0,), {"state": "waits"})
        with pytest.raises(BugFailure, match="somebody else"):
            second.claim((0,), {"state": "waits"})
        third, fourth = Kept(store, record.id), Kept(other, record.id)
        third.claim((0,), {"state": "waits"})
        with pytest.raises(BugFailure, match="somebody else"):
            fourth.claim((0,), {"state": "waits"})
