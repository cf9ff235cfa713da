"""How far a search has come: pace, the time that is left, and the editor's progress."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adalang.config import load_settings
from adalang.engine.answering import answer
from adalang.engine.client import EngineClient
from adalang.engine.logs import event_line, kept_events, state_of
from adalang.engine.narrate import trying, why
from adalang.engine.pace import Pace
from adalang.engine.protocol import OptimizeRequest, Progress, SearchProgress, about, spent_of, to_json
from adalang.engine.session import Session
from adalang.optimizer.estimate import Estimate, Part
from adalang.optimizer.events import RunEvent
from adalang.optimizer.vocabulary import problems
from adalang.report.story import Story
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.types import Usage
from adalang.store import Store
from tests.engine import world
from tests.engine.test_optimization import Killed, killed_at, optimized
from tests.report.told import TWO_PROMPTS

PARTS = [Part("search", "all of it", (0, 900), (0, 100))]
ESTIMATE = Estimate(PARTS, 1.0, rounds=40, per_round=20, reserve=100, train=100, val=100, holdout=50, power=())


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def event(kind: str, *, replayed: bool = False, calls: int = 0) -> RunEvent:
    return RunEvent(1, kind, {}, Usage(calls=calls), replayed)


# ---- pace


def test_time_left_follows_the_pace_and_is_not_told_too_early():
    clock, budget = Clock(), Budget()
    pace = Pace(ESTIMATE, budget, clock)
    assert pace.left is None
    budget.record(Usage(calls=50, cached_calls=50))
    assert pace.left is None, "no time has gone by"
    clock.now += 10
    assert (pace.done, pace.expected, pace.left) == (100, 1000, 90.0)
    budget.record(Usage(calls=1000))
    assert pace.left is None, "more is done than was expected: nobody knows"


def test_what_is_gone_through_again_counts_as_done_and_not_as_pace():
    clock, budget = Clock(), Budget()
    budget.record(Usage(calls=400))
    pace = Pace(ESTIMATE, budget, clock)
    budget.record(Usage(cached_calls=400))
    pace.tell(event("round", replayed=True, calls=400))
    clock.now += 10
    assert (pace.done, pace.left) == (400, None)
    budget.record(Usage(calls=100))
    assert (pace.done, pace.left) == (500, 50.0)


def test_in_the_final_test_what_is_left_is_known():
    clock, budget = Clock(), Budget()
    pace = Pace(ESTIMATE, budget, clock)
    budget.record(Usage(calls=200))
    clock.now += 20
    pace.tell(event("chosen"))
    assert (pace.expected, pace.left) == (300, 10.0)
    budget.record(Usage(calls=100))
    pace.tell(event("finished"))
    assert pace.share == 1.0


def test_the_budget_bounds_what_is_expected():
    clock = Clock()
    assert Pace(ESTIMATE, Budget(calls=400), clock).expected == 400
    budget = Budget(seconds=30)
    pace = Pace(ESTIMATE, budget, clock)
    budget.record(Usage(calls=20))
    clock.now += 100
    assert pace.left is not None and pace.left <= 30


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "about 5 s"),
        (31, "about 35 s"),
        (56, "about 1 min"),
        (200, "about 4 min"),
        (3300, "about 1 h"),
        (5500, "about 2 h"),
        (5300, "about 1.5 h"),
    ],
)
def test_times_are_no_more_exact_than_they_are_known(seconds, told):
    assert about(seconds) == told


def test_money_and_bounds_are_told_where_there_are_any():
    assert spent_of(263, 0.0, 400, 5.0) == "263 of 400 calls"
    assert spent_of(263, 0.1234567, 400, 5.0) == "263 of 400 calls, $0.1235 of $5"
    assert spent_of(263, 0.5, None, None) == "263 calls, $0.5"


# ---- what is being tried


def test_what_is_tried_and_why_is_told_at_each_event():
    story, seen = Story(), []
    for one in TWO_PROMPTS:
        story.tell(one)
        seen.append((one.kind, trying(story), why(story)))
    assert seen[0] == ("started", "looking at what the file's text does", "")
    assert seen[1][1] == "round 1, edit_text: looking at what went wrong (2 of 4 rows fail)"
    blame = "extract.rules has 75% of the blame for 2 failing rows"
    assert seen[2][1:] == ("round 1, edit_text: asking for changes of extract.rules (2 of 4 rows fail)", blame)
    together = next(one for one in seen if one[0] == "joined")
    assert together[1:] == (
        "round 1, extract.rules: 3 changes, first: Say that dates are kept.",
        f"{blame}: Dates are skipped.",
    )
    assert seen[-1][1] == "choosing among what was found, leaving out what does not carry its weight"


# ---- the editor's progress


def test_progress_of_a_search_goes_over_the_wire_and_is_told_in_one_line():
    search = SearchProgress(start=0.333, budget_calls=400, budget_usd=5.0, left=200.0)
    found = Progress(263, 800, 0.58, 263, 0.12, "round 4, a.b: Say so.", search)
    assert Progress.from_json(to_json(found)) == found
    assert found.told("Optimizing") == (
        "33% -> 58% in the search, 263 of 400 calls, $0.12 of $5, at most about 4 min left: round 4, a.b: Say so."
    )
    final = replace(found, search=replace(search, final_test=True, left=20.0), message="final test")
    assert final.told("").endswith("$0.12 of $5, about 20 s left: final test")
    plain = Progress(3, 20, 0.5, 2, 0.0, "routing")
    assert Progress.from_json(to_json(plain)) == plain and plain.told("") == "3/20, 50% so far, 2 calls: routing"


async def test_an_optimization_tells_the_editor_score_budget_and_what_it_tries(tmp_path):
    file = world.write(tmp_path, count=160)
    seen: list[Progress] = []
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        result = await answer(session, OptimizeRequest(str(file), "sorting", budget_calls=400), seen.append)
    assert result["outcome"] in ("proposal", "hint")
    assert all(one.search is not None and one.search.budget_calls == 400 and one.done <= one.total for one in seen)
    told = [one.told("") for one in seen]
    assert any("in the search, " in line and " of 400 calls" in line for line in told)
    assert any("classify.instruction: 4 changes, first: Say that" in line for line in told)
    assert any(line.endswith(": final test on untouched rows") for line in told)
    assert told[-1].endswith(": done") and seen[-1].done == seen[-1].total
    assert [one.done for one in seen] == sorted(one.done for one in seen)


async def test_the_worker_tells_it_to_the_server(tmp_path):
    file = world.write(tmp_path, count=160)
    client, seen = EngineClient(tmp_path), []
    try:
        await client.call(OptimizeRequest(str(file), "sorting", budget_calls=200), seen.append)
    finally:
        await client.close()
    assert seen and all(isinstance(one.search, SearchProgress) for one in seen)
    assert any("of the blame for" in one.message for one in seen)


# ---- logs


async def test_real_runs_keep_to_the_vocabulary_and_their_lines_are_the_same_later(tmp_path):
    for count, calls in ((160, 400), (45, 300), (12, 200), (160, 60)):
        folder = tmp_path / f"{count}-{calls}"
        folder.mkdir()
        lines: list[str] = []
        await optimized(
            folder,
            world.write(folder, count=count),
            on_event=lambda event, usage, lines=lines: lines.append(event_line(event)),
            calls=calls,
        )
        with Store.open(folder) as store:
            record = store.optimization()
            assert record is not None and state_of(store, record) == "finished"
            events = kept_events(store, record.run_id)
        assert [problem for event in events for problem in problems(event.kind, event.payload)] == []
        assert [event_line(event) for event in events] == lines
        assert [event.time for event in events] == sorted(event.time for event in events) and events[0].time > 1e9


async def test_a_run_is_running_while_a_process_works_on_it(tmp_path):
    file, states = world.write(tmp_path, count=160), set()

    def look(event, usage):
        with Store.open(tmp_path) as store:
            record = store.optimization()
            assert record is not None
            states.add(state_of(store, record))

    await optimized(tmp_path, file, on_event=look, calls=100)
    assert states == {"running"}


async def test_after_a_resume_the_lines_are_the_whole_log_with_its_first_times(tmp_path):
    file = world.write(tmp_path, count=160)
    with pytest.raises(Killed):
        await optimized(tmp_path, file, on_event=killed_at("search_ended"), calls=400)
    with Store.open(tmp_path) as store:
        record = store.optimization()
        assert record is not None and state_of(store, record) == "cut off"
        before = [event_line(event) for event in kept_events(store, record.run_id)]
    lines: list[str] = []
    await optimized(tmp_path, file, on_event=lambda event, usage: lines.append(event_line(event)), calls=400)
    assert lines[: len(before)] == before and len(lines) > len(before)
    with Store.open(tmp_path) as store:
        assert [event_line(event) for event in kept_events(store, record.run_id)] == lines
