"""What is kept for a test is there when the test is made; nothing that the search does on its way takes from it."""

from __future__ import annotations

import pytest

from adalang.evaluation.statistics import ship_alpha
from adalang.optimizer.archive import Entry
from adalang.optimizer.cheaper import cheapen
from adalang.optimizer.ending import End
from adalang.optimizer.estimate import estimate
from adalang.optimizer.events import EventLog
from adalang.optimizer.loop import optimise
from adalang.optimizer.objective import Prefer
from adalang.optimizer.operators import all_operators
from adalang.optimizer.operators.bandit import Bandit
from adalang.optimizer.runs import Runs
from adalang.optimizer.settings import Settings
from adalang.optimizer.ship import ship_test
from adalang.optimizer.stop import Stop
from adalang.optimizer.trials import trials
from adalang.runtime.failures import BudgetExceeded
from adalang.store.records import HoldoutLook
from tests.optimizer.test_trials import OLD, begun, draft, told
from tests.optimizer.world import KINDS, World

RULES = OLD.with_value("solve.text", "\n".join(f"rule {kind}" for kind in KINDS))


async def test_to_ask_whether_the_goal_is_reached_takes_nothing_from_the_test():
    search, _ = begun(World(luck=1.0, calls=100))
    search.purse.reserve = 80
    assert await Stop().end(search, Bandit(all_operators())) == End("reserve")
    assert search.runs.begun <= 20


async def test_screens_take_nothing_from_the_test():
    search, events = begun(World(luck=0.0, calls=60))
    await search.try_on(OLD, search.train[:20])
    search.purse.reserve = 38
    known = search.sampler.known(OLD.key)
    assert (
        await trials(search, search.archive.incumbent, [draft("rule red"), draft("rule blue")], known, "edit_text") == 0
    )
    assert not told(events, "screened") and search.runs.begun == 20


async def test_nobody_is_asked_for_less_words_where_they_could_not_be_tried():
    world = World(calls=100)
    search, _ = begun(world)
    search.settings = Settings(prefer=Prefer(cost=0.1))
    search.purse.reserve = 90
    long = Entry(OLD.with_value("solve.text", "word " * 60), {})
    assert await cheapen(search, long) is long and not world.asked


async def test_what_the_final_test_has_shown_stands_though_the_guards_cannot_be_paid_for():
    class Poor(World):
        async def run(self, candidate, example, sample):
            if example in self.rows("train"):
                raise BudgetExceeded("calls", self.spent(), 1)
            return await super().run(candidate, example, sample)

    world = Poor()
    log = EventLog(lambda event: None, world.spent)
    incumbent, best = Entry(OLD, {}), Entry(RULES, {})
    verdict = await ship_test(world, Runs(world), log, incumbent, best, Settings(), world.rows("train")[:5])
    assert verdict.ok and len(world.looked) == 1


@pytest.mark.parametrize("calls", [60, 120, 130])
async def test_a_cross_fitted_search_leaves_what_its_halves_are_judged_on(calls):
    world = World(14, 12, 12, luck=0.1, noise=0.1, calls=calls, advice=lambda text: ["rule red", "be kind", "smile"])
    outcome = await optimise(world, Settings())
    assert "budget ran out" not in outcome.reason and len(world.paid) <= calls


def test_the_chance_to_confirm_a_gain_is_that_of_the_level_which_the_test_will_have():
    fresh, used = World(), World()
    used.looked = [HoldoutLook("holdout", "e", f"other {nth}", "c", 0.5, ship_alpha(nth + 1)) for nth in range(3)]
    before, after = (dict(estimate(world, Settings()).power) for world in (fresh, used))
    assert all(after[gain] < before[gain] for gain in before)
    own = World()
    own.looked = [HoldoutLook("holdout", "e", own.info.run_id, "c", 0.5, ship_alpha(1))]
    assert dict(estimate(own, Settings()).power) == before, "a resumed run says what it said at first"
