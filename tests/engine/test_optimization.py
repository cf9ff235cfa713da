"""Optimizations of a file, whole: proposal, evidence, store, resume after kill -9, HTTP of both protocols."""

import asyncio
import os
import signal
import sys

import pytest

from adalang.config import load_settings
from adalang.engine.proposals import current_edits, title, write_files
from adalang.engine.session import Session
from adalang.language.graph import build_graph
from adalang.language.program import load
from adalang.runtime.failures import BugFailure
from adalang.store import Store
from tests.engine import world
from tests.servers import Incoming, LoopbackServer, RateLimited, ServerError, lexical


async def optimized(folder, file, environment=None, **plan):
    settings = load_settings(folder, environment or {})
    async with Session(folder, settings) as session:
        program = session.load(file)
        return await session.optimization(program, session.optimize_plan(program, "sorting", **plan))


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
    assert again.usage.calls == 0
    assert again.outcome.kind in ("proposal", "hint", "nothing")
    assert first.outcome.changes == again.outcome.changes or again.outcome.kind == "nothing"


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
    here = await optimized(tmp_path / "here", world.write(tmp_path / "here", count=160))

    def behaviour(incoming: Incoming):
        if incoming.number % 25 == 7:
            return RateLimited(0.01)
        return ServerError(503) if incoming.number % 25 == 19 else lexical(incoming)

    async with LoopbackServer(behaviour=behaviour) as server:
        options = f'api_base = "{server.api_base}", api_key = env("KEY"), temperature = 0, retries = 6'
        file = world.write(tmp_path / "there", model="openai/gpt-4o-mini", options=options, count=160)
        there = await optimized(tmp_path / "there", file, {"KEY": "k"})
    assert [change.after for change in there.outcome.changes] == [change.after for change in here.outcome.changes]


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
        command = [sys.executable, "-m", "adalang", "optimize", str(file), "--yes", "--json"]
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
        bought_again = {wire_key(incoming) for incoming in server.log[sent:]} & paid
        assert not bought_again
        assert len(server.log) > sent
        with Store.open(tmp_path) as store:
            (run,) = store.optimizations()
            assert run.status == "finished"


def key_of(request):
    """What the store says was asked: each message's role and text."""
    return tuple((message["role"], message["content"]) for message in request["messages"])


def wire_key(incoming: Incoming):
    return tuple((message.role, message.text) for message in incoming.messages)
