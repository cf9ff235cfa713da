"""What does not carry its weight is taken out: params, lines, examples."""

import pytest

from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.events import EventLog
from adalang.optimizer.minimise import in_groups, minimise
from adalang.optimizer.runs import Runs
from adalang.optimizer.why import Step
from adalang.runtime.models.types import Usage
from tests.optimizer.world import KINDS, TEXT, World

RULES = [f"rule {kind}" for kind in KINDS]


async def minimised(world, after, affordable=10_000):
    incumbent = Candidate({param.id: param.value for param in world.info.params})
    best = Candidate({**incumbent.values, **after})
    runs = Runs(world)
    rows = world.rows("val")
    entry = Entry(best, await runs.scores(best, rows), (Step("why", incumbent, best),), "op")
    begun = runs.begun
    log = EventLog(lambda event: None, Usage)
    found = await minimise(runs, log, entry, incumbent, rows, affordable)
    assert runs.begun - begun <= affordable
    assert found.candidate != incumbent and found.why(incumbent) == "why"
    assert set(found.scores) == {row.id for row in rows}
    return found.candidate


async def test_lines_that_do_nothing_go_and_those_that_carry_stay():
    text = "\n".join([TEXT, "be nice", *RULES, "be quick"])
    found = await minimised(World(), {"solve.text": text})
    assert found.text("solve.text") == "\n".join([TEXT, *RULES])


async def test_examples_that_do_nothing_go_one_by_one():
    demos = tuple({"question": f"{kind} {nth}", "output": kind} for kind in ("red", "green") for nth in range(3))
    found = await minimised(World(demos=8), {"solve.shots": demos})
    assert sorted(str(demo["output"]) for demo in found.demos("solve.shots")) == ["green", "red"]


async def test_a_whole_param_goes_first():
    world = World(demos=8)
    demos = tuple({"question": kind, "output": kind} for kind in KINDS)
    found = await minimised(world, {"solve.text": "\n".join([TEXT, *RULES]), "solve.shots": demos})
    assert found.text("solve.text") == TEXT or not found.demos("solve.shots")


async def test_a_long_edit_is_minimised_in_groups_of_neighbours():
    ballast = [f"be nice {nth}" for nth in range(20)]
    found = await minimised(World(), {"solve.text": "\n".join([TEXT, *ballast, *RULES])})
    left = found.text("solve.text").splitlines()
    assert set(RULES) <= set(left) and len(left) < 10


@pytest.mark.parametrize("affordable", [0, 59, 60, 130])
async def test_it_stays_within_what_it_may_spend(affordable):
    text = "\n".join([TEXT, "be nice", *RULES, "be quick"])
    await minimised(World(), {"solve.text": text}, affordable)


@pytest.mark.parametrize("count", [0, 1, 8, 9, 30])
def test_no_more_than_so_many_groups_and_nothing_is_lost(count):
    class Named:
        def __init__(self, name):
            self.name = name

        def __call__(self, candidate):
            return candidate.with_value("t", f"{candidate.text('t')} {self.name}")

    groups = in_groups([Named(nth) for nth in range(count)])
    assert len(groups) <= 8
    done = Candidate({"t": ""})
    for group in groups:
        done = group(done)
    assert done.text("t").split() == [str(nth) for nth in range(count)]
