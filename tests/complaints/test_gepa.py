"""Complaints about gepa."""

import dataclasses
import json
import re

import pytest

from adalang.optimizer.gates import copied_from, refuse_text
from adalang.optimizer.loop import optimise
from adalang.optimizer.outcome import Outcome
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Example
from adalang.runtime.failures import UnreadableFailure
from tests.complaints import complaint
from tests.complaints.runs import asks_for_hypotheses, command, hypotheses, optimized, options, with_teacher
from tests.engine import world
from tests.optimizer.world import World
from tests.servers import LoopbackServer, Reply


@complaint("gepa#46")
def test_it_says_all_the_time_what_is_spent(tmp_path):
    done = command("optimize", world.write(tmp_path, count=160), "--yes", "--budget-calls", "400", cwd=tmp_path)
    told = [int(calls) for calls in re.findall(r"\[\s*(\d+) calls\]", done.stdout)]
    assert done.returncode == 0 and len(told) >= 5 and told == sorted(told) and told[-1] > 0


@complaint("gepa#282", "gepa#281")
async def test_a_teacher_that_always_fails_ends_the_search_soon():
    task = World()
    events = []

    async def ask(messages, schema, sample):
        raise UnreadableFailure("no JSON", raw="hm")

    task.ask = ask
    outcome = await optimise(task, Settings(), events.append)
    ended = next(event for event in events if event.kind == "search_ended")
    assert outcome.kind == "nothing" and "the teacher failed 5 times in a row" in ended.payload["reason"]
    assert outcome.reason.startswith("the teacher failed 5 times in a row")
    assert sum(event.kind == "teacher_failed" for event in events) == 5


@complaint("gepa#375", "gepa#376")
async def test_the_estimate_says_what_a_budget_is_spent_on():
    task = World()
    events = []
    await optimise(task, Settings(), events.append)
    told = " ".join(events[0].payload["estimate"])
    assert re.match(r"\d+ to \d+ calls, at most \d+ of them to the teacher", told)
    assert all(part in told for part in ("learning", "screens", "duels", "final test"))


@complaint("gepa#390")
async def test_an_answer_that_was_cut_off_is_never_adopted(tmp_path):
    """It reads as JSON, but the server says that it ended at the limit of tokens."""
    whole = hypotheses("- words such as apple, pear, plum, cherry: fruit").text
    cut = with_teacher(lambda _: Reply(whole, finish_reason="length"))
    async with LoopbackServer(behaviour=cut) as server:
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options(server), count=120)
        file.write_text(file.read_text().replace("  demos shots { max = 3 }\n", ""))
        result = await optimized(tmp_path, file, calls=300)
        sent = [message.text for one in server.log if not asks_for_hypotheses(one) for message in one.messages]
    assert result.outcome.kind == "nothing"
    assert not any("words such as apple" in text for text in sent)


@complaint("gepa#261")
def test_data_is_not_copied_into_a_text():
    row = Example("1", {"text": "the long and winding road that leads to your door"}, "song")
    copied = "Answer.\nIf you see the long and winding road that leads to your door, say song."
    refused = refuse_text("Answer.", copied, tried=[], data=copied_from([row]), words=())
    assert refused is not None and "copies" in refused


@complaint("gepa#448", "gepa#452")
async def test_what_was_paid_for_stays_when_the_budget_ends(tmp_path):
    async with LoopbackServer() as server:
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options(server), count=160)
        first = await optimized(tmp_path, file, calls=220)
        sent = len(server.log)
        more = await optimized(tmp_path, file, calls=700)
        again = {_wire(incoming) for incoming in server.log[sent:]}
        assert first.usage.calls == sent and not again & {_wire(incoming) for incoming in server.log[:sent]}
    assert more.outcome.kind in ("proposal", "hint")


def _wire(incoming):
    return tuple((message.role, message.text) for message in incoming.messages)


@complaint("gepa#448")
async def test_no_bookkeeping_stands_in_a_request():
    """Row ids, scores and keys of candidates are ours; a model that sees them learns nothing good."""
    task = World()
    events = []
    await optimise(task, Settings(), events.append)
    keys = {event.payload["candidate"] for event in events if "candidate" in event.payload}
    assert task.asked and not any(key in text for key in keys for text in task.asked)
    assert not any(re.search(r'"(id|row_id|score|sample)"\s*:', text) for text in task.asked)


@complaint("gepa#438")
async def test_calls_that_wait_for_nothing_are_made_at_the_same_time(tmp_path):
    async with LoopbackServer(latency=0.01) as server:
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options(server), count=240)
        await optimized(tmp_path, file, calls=400)
        assert server.most_running >= 8


@complaint("gepa#409")
async def test_a_result_is_what_it_is_said_to_be():
    outcome = await optimise(World())
    assert isinstance(outcome, Outcome)
    assert {field.name for field in dataclasses.fields(outcome)} == {
        "kind",
        "reason",
        "changes",
        "evidence",
        "candidate",
        "rounds",
        "runs",
        "usage",
        "little_to_gain",
    }


@pytest.mark.parametrize("kind", ["proposal", "nothing"])
@complaint("gepa#409")
async def test_each_kind_of_result_has_what_belongs_to_it(kind):
    outcome = await optimise(World() if kind == "proposal" else World(advice=lambda text: ["useless words"]))
    assert outcome.kind == kind
    assert bool(outcome.changes) == bool(outcome.evidence) == bool(outcome.candidate) == (kind == "proposal")
    assert json.dumps([dataclasses.asdict(change) for change in outcome.changes])
