"""Optimizations of a file, whole: proposal, evidence, store, resume after kill -9, HTTP of both protocols."""

import asyncio
import json
import os
import signal
import sys

import pytest

from adalang.config import load_settings
from adalang.engine.proposals import current_edits, title, write_files
from adalang.engine.session import Session
from adalang.language.graph import build_graph
from adalang.language.program import load
from adalang.runtime.failures import BudgetExceeded, BugFailure
from adalang.runtime.models.budget import Budget
from adalang.store import Store
from adalang.store.records import ResponseRecord
from tests.engine import world
from tests.servers import BadJson, CutOff, Hang, Incoming, LoopbackServer, RateLimited, ServerError, lexical


class Killed(BaseException):
    """Stands for kill -9: nothing may catch it."""


async def optimized(folder, file, environment=None, on_event=lambda event, usage: None, **plan):
    settings = load_settings(folder, environment or {})
    async with Session(folder, settings) as session:
        program = session.load(file)
        return await session.optimization(program, session.optimize_plan(program, "sorting", **plan), on_event=on_event)


def killed_at(cut):
    """For ``on_event``: dies when the event of that number, or kind, is in the log."""

    def told(event, usage):
        if cut in (event.seq, event.kind):
            raise Killed

    return told


def log_of(folder):
    """The only optimization of a store, its log and the looks at its hold-out."""
    with Store.open(folder) as store:
        (run,) = store.optimizations()
        looks = [row for row in store.export(["holdout_looks"]) if row["run_id"] == run.run_id]
        return run, [(event.kind, event.payload) for event in store.events(run.run_id)], looks


def found(result):
    """What an optimization says, apart from what was paid."""
    evidence = result.outcome.evidence
    return (
        result.outcome.kind,
        result.outcome.reason,
        [(change.param, change.after) for change in result.outcome.changes],
        evidence
        and (evidence.holdout_n, evidence.before, evidence.after, evidence.p, evidence.mended, evidence.broken),
    )


async def test_a_proposal_with_evidence_is_found_kept_and_applied_to_the_named_params_alone(tmp_path):
    file = world.write(tmp_path)
    result = await optimized(tmp_path, file)
    assert result.outcome.kind == "proposal", result.outcome.reason
    proposal = result.proposal
    assert proposal is not None and proposal.evidence.verified
    evidence = proposal.evidence
    assert evidence.holdout_n >= 100
    assert 0 < evidence.low < evidence.after - evidence.before < evidence.high
    assert evidence.p is not None and evidence.alpha is not None and evidence.p <= evidence.alpha
    assert title(proposal).startswith("Apply proposed edit: sorting ")
    assert f"on {evidence.holdout_n} held-out examples [+" in title(proposal)

    before = load(file)
    with Store.open(tmp_path) as store:
        kept = store.proposal(proposal.id)
        assert kept == proposal
    write_files(before, current_edits(before, kept))
    after = load(file)
    changed = {change.param for change in proposal.changes}
    assert changed <= {"classify.instruction", "classify.shots"}
    old, new = (without(build_graph(one).model_dump(mode="json"), changed) for one in (before, after))
    assert old == new


def without(graph, params):
    """The graph without places, fingerprints and the values of the params that may change."""

    def plain(value):
        if isinstance(value, dict):
            dropped = {"range", "fingerprint", "span"}
            if value.get("id") in params:
                dropped |= {"text", "value", "examples", "count"}
            return {name: plain(inner) for name, inner in value.items() if name not in dropped}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return plain(graph)


async def test_the_same_command_again_costs_nothing_and_says_the_same(tmp_path):
    file = world.write(tmp_path)
    first = await optimized(tmp_path, file)
    again = await optimized(tmp_path, file)
    assert again.usage.calls == 0 and not again.resumed
    assert found(again)[2:] == found(first)[2:]
    assert again.outcome.kind == first.outcome.kind == "proposal"
    assert again.outcome.evidence.alpha == first.outcome.evidence.alpha, "the same test read again is no new look"


@pytest.mark.parametrize("calls", [160, 400])
async def test_wherever_it_is_cut_off_it_ends_as_if_it_had_not_been(tmp_path, calls):
    """Under a budget that hardly suffices, so that each decision hangs on what is thought to be left of it."""
    (tmp_path / "whole").mkdir()
    whole = await optimized(tmp_path / "whole", world.write(tmp_path / "whole", count=160), calls=calls)
    _, events, _ = log_of(tmp_path / "whole")
    assert events[-2][0] == ("ship_test" if calls == 400 else "search_ended")
    for cut in range(1, len(events) + 1, 3):
        folder = tmp_path / str(cut)
        folder.mkdir()
        file = world.write(folder, count=160)
        with pytest.raises(Killed):
            await optimized(folder, file, on_event=killed_at(cut), calls=calls)
        again = await optimized(folder, file, calls=calls)
        assert again.resumed and found(again) == found(whole)
        run, resumed, looks = log_of(folder)
        assert run.status == "finished" and resumed == events
        assert len(looks) == (calls == 400)
        assert again.usage.calls <= whole.usage.calls


async def test_a_run_killed_at_its_final_test_has_looked_once_and_forgets_nothing(tmp_path):
    file = world.write(tmp_path, count=160)
    with pytest.raises(Killed):
        await optimized(tmp_path, file, on_event=killed_at("ship_test"))
    _, _, looks = log_of(tmp_path)
    assert len(looks) == 1
    again = await optimized(tmp_path, file)
    assert again.resumed and again.outcome.kind == "proposal" and again.proposal is not None
    assert log_of(tmp_path)[2] == looks
    assert again.outcome.evidence.alpha == looks[0]["alpha"]


async def test_other_work_in_the_workspace_is_not_charged_to_the_run(tmp_path):
    file = world.write(tmp_path, count=160)
    with pytest.raises(Killed):
        await optimized(tmp_path, file, on_event=killed_at("search_ended"), calls=400)
    with Store.open(tmp_path) as store:
        for n in range(400):
            store.put_response(ResponseRecord(f"other {n}", "m", {}, {"text": ""}, usd=1.0, tokens=1000))
    again = await optimized(tmp_path, file, calls=400)
    assert again.resumed and again.outcome.kind == "proposal" and again.usage.calls <= 400 and again.usage.usd == 0


async def test_a_log_that_no_longer_fits_is_continued_from_where_it_differs(tmp_path):
    file = world.write(tmp_path, count=160)
    with pytest.raises(Killed):
        await optimized(tmp_path, file, on_event=killed_at("chosen"), calls=400)
    run, before, _ = log_of(tmp_path)
    for start, cut in (
        ("raised", "ship_test"),
        ("again", None),
    ):  # a larger budget goes on where the first search ended
        told = []

        def on_event(event, usage, told=told, cut=cut):
            told.append(event)
            if event.kind == cut:
                raise Killed

        if cut:
            with pytest.raises(Killed):
                await optimized(tmp_path, file, on_event=on_event, calls=900)
            same = [event.replayed for event in told].index(False)
            assert 0 < same < len(before), start
        else:
            assert (await optimized(tmp_path, file, on_event=on_event, calls=900)).resumed
            assert [event.replayed for event in told] == [True] * (len(told) - 1) + [False]
        after, events, _ = log_of(tmp_path)
        assert after.run_id == run.run_id
        assert events == [(event.kind, event.payload) for event in told]


async def test_what_the_search_rests_on_names_it(tmp_path):
    """A label, the metric's code or the teacher's options changed: that is no run to resume."""
    file = world.write(tmp_path, count=160)
    text = file.read_text()
    text = text.replace("metric = exact_match", 'metric = python("metric.py:score")')
    text = text.replace(
        "optimize sorting {", 'model t = "builtin/lexical" { temperature = 0 }\noptimize sorting {\n  teacher = t'
    )
    file.write_text(text)
    metric, rows = tmp_path / "metric.py", tmp_path / "orders.jsonl"
    metric.write_text("def score(output, expected):\n    return float(output == expected)\n")

    async def started():
        with pytest.raises(Killed):
            await optimized(tmp_path, file, on_event=killed_at(1))
        with Store.open(tmp_path) as store:
            return len(store.optimizations())

    assert [await started(), await started()] == [1, 1]
    first, rest = rows.read_text().split("\n", 1)
    row = json.loads(first)
    rows.write_text(json.dumps(row | {"label": "tool" if row["label"] != "tool" else "cloth"}) + "\n" + rest)
    assert await started() == 2
    metric.write_text(metric.read_text() + "\n# stricter\n")
    assert await started() == 3
    file.write_text(file.read_text().replace("temperature = 0", "temperature = 0.5"))
    assert await started() == 4


async def test_the_budget_is_never_overrun(tmp_path):
    file = world.write(tmp_path)
    for calls in (5, 120, 700):
        result = await optimized(tmp_path, file, calls=calls, seed=calls)
        assert result.usage.calls <= calls


async def test_an_eval_that_reaches_nothing_trainable_is_refused(tmp_path):
    file = world.write(tmp_path)
    text = file.read_text()
    text = text.replace(
        '  # How to tell the labels apart\n  param instruction = """\n    Sort the order.\n    """\n', ""
    )
    text = text.replace("  demos shots { max = 3 }\n", "").replace("{{ instruction }}", "Sort.")
    file.write_text(text[: text.index("optimize sorting")])
    with pytest.raises(BugFailure, match="reaches no `param` and no `demos`"):
        await optimized(tmp_path, file)


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
async def test_the_model_line_alone_moves_it_to_a_server(tmp_path, protocol):
    """The loopback servers answer with the same offline model, so that both runs must say the same."""
    model = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-sonnet-4-5"}[protocol]
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here = await optimized(tmp_path / "here", world.write(tmp_path / "here", count=200), calls=900)
    async with LoopbackServer(protocol, api_key="sk-test-4711") as server:
        options = f'api_base = "{server.api_base}", api_key = env("KEY"), temperature = 0'
        file = world.write(tmp_path / "there", model=model, options=options, count=200)
        there = await optimized(tmp_path / "there", file, {"KEY": "sk-test-4711"}, calls=900)
        assert there.usage.calls == len(server.answered)
        assert there.usage.input_tokens > 0 and there.usage.usd > 0
    assert there.outcome.kind == here.outcome.kind
    assert [change.after for change in there.outcome.changes] == [change.after for change in here.outcome.changes]
    for kept in (tmp_path / "there" / ".adalang").rglob("*"):
        assert kept.is_dir() or b"sk-test-4711" not in kept.read_bytes()


async def test_faults_on_the_way_lose_nothing_and_change_nothing(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here = await optimized(tmp_path / "here", world.write(tmp_path / "here", count=160), calls=600)
    faults = {7: RateLimited(0.01), 30: ServerError(503), 60: Hang(), 90: CutOff(), 120: BadJson()}

    def behaviour(incoming: Incoming):
        return faults.get(incoming.number % 150) or lexical(incoming)

    async with LoopbackServer(behaviour=behaviour) as server:
        options = f'api_base = "{server.api_base}", api_key = env("KEY"), temperature = 0, retries = 6, timeout = 2'
        file = world.write(tmp_path / "there", model="openai/gpt-4o-mini", options=options, count=160)
        there = await optimized(tmp_path / "there", file, {"KEY": "k"}, calls=600)
        assert len(server.log) > len(server.answered) + 10
    # A row that was lost would be missing in the count, and one that was scored 0 for it would lower a mean.
    assert here.outcome.kind == "proposal" and found(there) == found(here)


async def test_with_too_many_failures_the_run_is_void_and_says_so(tmp_path):
    def behaviour(incoming: Incoming):
        return ServerError(500) if incoming.number % 2 else lexical(incoming)

    async with LoopbackServer(behaviour=behaviour) as server:
        options = f'api_base = "{server.api_base}", api_key = env("KEY"), retries = 0'
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options, count=200)
        result = await optimized(tmp_path, file, {"KEY": "k"})
    assert result.outcome.kind == "void"
    assert "got no answer" in result.outcome.reason
    assert result.proposal is None


async def test_a_session_has_one_gateway_and_each_runtime_its_own_budget(tmp_path):
    file = world.write(tmp_path, count=60)
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        program = session.load(file)
        tight, free = session.runtime(program, budget=Budget(calls=3)), session.runtime(program)
        assert tight.gateway is free.gateway
        with pytest.raises(BudgetExceeded):
            await session.evaluation(program, "sorting", budget=tight.budget)
        assert (await session.evaluation(program, "sorting")).score is not None


async def test_two_processes_never_run_the_same_search_at_once(tmp_path):
    file = world.write(tmp_path, count=120)
    settings = load_settings(tmp_path, {})
    async with Session(tmp_path, settings) as session:
        program = session.load(file)
        plan = session.optimize_plan(program, "sorting")
        first = asyncio.create_task(session.optimization(program, plan))
        await asyncio.sleep(0.05)
        with pytest.raises(BugFailure, match="is running already"):
            async with Session(tmp_path, settings) as other:
                await other.optimization(program, plan)
        await first


async def test_after_kill_9_no_answered_call_is_paid_twice(tmp_path):
    async with LoopbackServer(latency=0.005) as server:
        options = f'api_base = "{server.api_base}", api_key = env("KEY"), temperature = 0'
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options, count=200)
        environment = {**os.environ, "KEY": "k"}
        command = [sys.executable, "-m", "adalang", "optimize", str(file), "--yes", "--json", "--budget-calls", "900"]
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        while len(server.answered) < 150:
            assert process.returncode is None, "it ended before it could be killed"
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        sent = len(server.log)
        with Store.open(tmp_path) as store:
            paid = {key_of(row["request"]) for row in store.export(["responses"])}
            (run,) = store.optimizations()
            assert run.status == "running"
        assert len(paid) >= 100

        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        assert b'"resumed": true' in out
        resumed = json.loads(out)
        bought_again = {wire_key(incoming) for incoming in server.log[sent:]} & paid
        assert not bought_again
        assert len(server.log) > sent
    run, _, looks = log_of(tmp_path)
    assert run.status == "finished" and len(looks) == 1

    (tmp_path / "whole").mkdir()
    whole = await optimized(tmp_path / "whole", world.write(tmp_path / "whole", count=200), calls=900)
    assert resumed["outcome"] == whole.outcome.kind == "proposal"
    with Store.open(tmp_path) as store:
        (proposal,) = store.proposals()
    assert proposal.changes == whole.proposal.changes
    assert proposal.evidence.p == whole.proposal.evidence.p


def key_of(request):
    """What the store says was asked: each message's role and text."""
    return tuple((message["role"], message["content"]) for message in request["messages"])


def wire_key(incoming: Incoming):
    return tuple((message.role, message.text) for message in incoming.messages)
