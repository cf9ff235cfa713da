"""What a round's drafts have to show, and what is kept of it."""

from __future__ import annotations

import random

import pytest

from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.contest import contest
from adalang.optimizer.duel import duel
from adalang.optimizer.edits import Edit
from adalang.optimizer.events import EventLog
from adalang.optimizer.join import joined, on_top
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.purse import Purse
from adalang.optimizer.race import race
from adalang.optimizer.runs import Runs
from adalang.optimizer.settings import Settings
from adalang.optimizer.state import Search
from adalang.optimizer.task import CountingTask
from adalang.optimizer.trials import trials
from tests.optimizer.world import KINDS, TEXT, World

OLD = Candidate({"solve.text": TEXT})


def begun(world):
    events = []
    task, runs, log = CountingTask(world), Runs(world), EventLog(events.append, world.spent)
    purse = Purse(task, runs, log)
    search = Search.begin(task, Settings(), log, runs, purse, OLD, world.rows("train"), world.rows("val"))
    return search, events


def draft(line, rows=(), find=""):
    edit = Edit("replace", line, find) if find else Edit("append", line)
    text = TEXT.replace(find, line) if find else f"{TEXT}\n{line}"
    return Draft(OLD.with_value("solve.text", text), Hypothesis("solve.text", "", line, rows), (edit,))


def told(events, kind):
    return [event.payload for event in events if event.kind == kind]


async def tried(search, *drafts):
    await search.try_on(OLD, search.train[:20])
    return await trials(search, search.archive.incumbent, drafts, search.sampler.known(OLD.key), "edit_text")


class Rare(World):
    """The rule helps train rows alone: what selection rows show of it is `shown`."""

    def __init__(self, shown):
        super().__init__()
        self.shown = {row.id: change for row, change in zip(self.rows("val"), shown, strict=False)}

    def score(self, candidate, example, sample):
        if "rule" not in candidate.text("solve.text") or example in self.rows("test"):
            return 0.5
        return 1.0 if example in self.rows("train") else 0.5 + self.shown.get(example.id, 0.0)


@pytest.mark.parametrize("shown", [[], [0.0, -0.01]])
async def test_a_champion_is_a_gain_though_its_duel_showed_none(shown):
    search, events = begun(Rare(shown))
    search.val = list(search.task.rows("val"))
    gain = await tried(search, draft("rule"))
    assert told(events, "raced")[-1]["accepted"] and search.champion.candidate != OLD
    assert gain > 0


async def test_what_is_in_the_archive_already_meets_nobody_and_did_not_fail():
    search, events = begun(World())
    good = draft("\n".join(f"rule {kind}" for kind in KINDS))
    assert await tried(search, good) > 0
    assert await tried(search, good) == 0
    assert len(told(events, "raced")) == 1 and not search.ledger.failed and not search.beaten


async def test_of_drafts_that_did_equally_well_none_is_left_out():
    """Both mend one of the three rows that they are shown; the first breaks more selection rows than it mends."""
    search, events = begun(World(luck=0.3))
    await search.try_on(OLD, search.train)
    known = [result for result in search.sampler.known(OLD.key) if not result.score]
    one, *_ = (result.row_id for result in known if result.expected == "red")
    others = [result.row_id for result in known if result.expected != "red"][:2]
    shown = [result for result in known if result.row_id in (one, *others)]
    drafts = [draft("rule red\nharm green\nharm blue", (one, *others)), draft("rule red", (one, *others))]
    assert await trials(search, search.archive.incumbent, drafts, shown, "edit_text") > 0
    assert [each["delta"] for each in told(events, "screened")] == [1.0, 1.0]
    assert [each["accepted"] for each in told(events, "raced")] == [False, True]
    assert search.champion.candidate == drafts[1].candidate


async def test_the_event_of_a_joined_candidate_names_what_is_in_it():
    drafts = [draft("one"), draft("Reply.", find=TEXT), draft("Say.", find=TEXT), draft("two")]
    together = joined(OLD, drafts)
    assert together.candidate.text("solve.text") == "Reply.\none\ntwo"
    search, events = begun(World())
    await tried(search, *drafts)
    [event] = told(events, "joined")
    assert event["drafts"] == [drafts[nth].candidate.key for nth in (0, 1, 3)]


async def test_a_screen_without_rows_tells_of_no_difference():
    search, events = begun(World())
    await trials(search, search.archive.incumbent, [draft("one")], [], "edit_text")
    assert told(events, "screened")[0] | {"delta": 0, "rows": 0, "passed": True} == told(events, "screened")[0]


def test_examples_go_on_top_of_a_text_that_won():
    old = Candidate({"solve.text": TEXT, "solve.shots": ()})
    shots = Draft(
        old.with_value("solve.shots", ({"question": "q", "output": "red"},)), Hypothesis("solve.shots", "", "")
    )
    base = old.with_value("solve.text", "Reply.")
    assert on_top(base, old, shots).candidate.values == {**shots.candidate.values, "solve.text": "Reply."}


async def test_a_second_rival_is_met_on_the_rows_of_its_own_duel_alone():
    world = World(luck=0.0)
    rows, runs = world.rows("val"), Runs(world)
    child, champion = (
        Entry(OLD.with_value("solve.text", "rule red\nrule blue"), {}),
        Entry(OLD.with_value("solve.text", "rule green"), {}),
    )
    for entry in (child, champion):
        entry.scores.update(await runs.values(entry.candidate, rows[20:]))
    result = await duel(runs, child, champion, rows)
    met = [row.id for row in rows[: result.rows]]
    assert result.rows <= 20 and result.delta == sum(child.scores[row] - champion.scores[row] for row in met)


async def test_no_rounding_hangs_on_which_answer_comes_first():
    """The sum of what is lost is exactly what a race allows; added up in another order it would be a little less."""
    losses = [0.1, 0.2, 0.3, 0.7, 0.6, 0.1]

    class Losing(World):
        def score(self, candidate, example, sample):
            return 0.9 - (losses[self.rows("val").index(example)] if candidate != OLD else 0.0)

    ends = set()
    for seed in range(12):
        rng = random.Random(seed)
        world = Losing(val=len(losses))
        runs = Runs(world)
        parent = await runs.values(OLD, world.rows("val"))
        world.latency = lambda rng=rng: rng.random() / 500
        result = await race(runs, OLD.with_value("solve.text", "x"), world.rows("val"), parent, floor=lambda _: -2.0)
        ends.add(result.finished)
    assert len(ends) == 1


async def test_who_cannot_be_paid_for_meets_nobody():
    search, events = begun(World(calls=10))
    assert await contest(search, Entry(draft("rule red").candidate, {}), [search.champion]) is None
    assert not told(events, "raced") and search.champion.candidate == OLD
