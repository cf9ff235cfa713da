"""Time is kept for the final test as calls and money are. The clock is the world's own: no test waits."""

from __future__ import annotations

import pytest

from adalang.optimizer.busy import Busy
from adalang.optimizer.loop import optimise
from adalang.optimizer.runs import Runs
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Remaining
from adalang.runtime.failures import BudgetExceeded
from adalang.runtime.models.types import Usage
from tests.optimizer.test_trials import OLD, told
from tests.optimizer.world import World


class Clocked(World):
    """Each bought run takes a second, one after the other, and a teacher's call five, of `seconds` in all."""

    def __init__(self, *args, seconds: float, **more) -> None:
        super().__init__(*args, **more)
        self.left = seconds

    async def _pay(self, key):
        paid = await super()._pay(key)
        self.left -= paid * (5 if key[0] == "teacher" else 1)
        if self.left < 0:
            raise BudgetExceeded("seconds", Usage(), 0)
        return paid

    def remaining(self):
        return Remaining(seconds=max(0.0, self.left))


def kindly(text):
    return [f"rule red | be kind {len(text)}"]


@pytest.mark.parametrize("seconds", [420, 600, 900])
async def test_the_search_ends_early_enough_for_the_final_test(seconds):
    world, events = Clocked(seconds=seconds, luck=0.1, advice=kindly), []
    outcome = await optimise(world, Settings(), events.append)
    assert len(told(events, "ship_test")) == len(told(events, "chosen")) == 1, outcome.reason
    assert outcome.evidence.holdout_n == 60 and world.left >= 0


async def test_time_for_the_test_alone_is_told_as_such():
    outcome = await optimise(Clocked(seconds=240, luck=0.1), Settings(), lambda event: None)
    assert outcome.kind == "nothing" and "no round of search" in outcome.reason


async def test_a_search_that_ends_for_want_of_time_says_so():
    events = []
    await optimise(Clocked(seconds=300, advice=lambda text: [f"be kind {len(text)}"]), Settings(), events.append)
    (ended,) = told(events, "search_ended")
    assert ended["code"] == "reserve" and "kept for the final test" in ended["reason"]


async def test_without_a_limit_of_time_nothing_is_reckoned():
    runs = Runs(World())
    await runs.rows(OLD, World().rows("val"))
    assert runs.busy.needed(1000) == 0


def test_the_pace_is_that_of_the_newest_large_stretch_and_cached_runs_do_not_count():
    now = 100.0
    busy = Busy(lambda: now)

    def stretch(runs: int, seconds: float, bought: int) -> None:
        nonlocal now
        with busy.run():
            for _ in range(runs - 1):
                with busy.run():
                    pass
            for _ in range(bought):
                busy.buy()
            now -= seconds

    assert busy.needed(10) == 0
    stretch(30, 0.0, 0)
    assert busy.needed(10) == 0
    stretch(20, 10.0, 20)
    assert busy.needed(10) == pytest.approx(7.5)
    stretch(4, 8.0, 4)
    assert busy.needed(10) == pytest.approx(7.5), "a few at once say little of many"
    stretch(12, 12.0, 12)
    assert busy.needed(10) == pytest.approx(15.0)
