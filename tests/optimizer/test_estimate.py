"""What is said before the first call: what it should take, and what will really be tested."""

import re

import pytest

from adalang.optimizer.estimate import estimate
from adalang.optimizer.loop import optimise
from adalang.optimizer.settings import Settings
from adalang.store.records import HoldoutLook
from tests.optimizer.world import World


def test_the_estimate_makes_no_call_and_tells_what_the_test_can_show():
    world = World()
    found = estimate(world, Settings())
    assert not world.paid
    assert found.reserve == 120 and found.calls == found.task_calls + found.teacher_calls
    assert "With 60 hold-out rows a gain of 5 points will be confirmed 1 time in 10." in found.lines()


def test_with_few_rows_the_estimate_promises_no_final_test():
    halves = estimate(World(16, 12, 12), Settings())
    assert halves.mode == "crossfit" and not halves.power
    assert [part.name for part in halves.parts][-1] == "judging of the halves" and halves.reserve == 48
    assert not any("hold-out" in line for line in halves.lines())
    assert re.match(
        r"There will be no final test: each half .* a hint with an interval; \d+ more rows", halves.lines()[-1]
    )

    few = estimate(World(6, 5, 5), Settings())
    assert few.mode == "hints" and few.reserve == 0 and few.calls < halves.calls
    assert "a suggestion without a figure" in few.lines()[-1]
    assert not {"choice", "final test"} & {part.name for part in few.parts}
    assert "final test" not in few.fits(10)


def test_rows_enough_but_none_kept_apart_are_told_as_such():
    told = estimate(World(200, 200, 0), Settings()).lines()[-1]
    assert told.endswith("with some of the rows as `test` a gain could be confirmed.")


def test_a_hold_out_that_is_used_up_is_told_before_and_nothing_is_promised():
    world = World()
    world.looked = [HoldoutLook("holdout", "e", f"other {nth}", "c", 0.5, 0.01) for nth in range(5)]
    found = estimate(world, Settings())
    (line,) = found.lines()
    assert line.startswith("No call will be made: these 60 hold-out rows") and found.calls == 0 and not found.fits(10)


@pytest.mark.parametrize("rows", [(6, 5, 5), (16, 12, 12), (0, 12, 12), (60, 60, 60)])
async def test_what_is_estimated_is_what_is_made(rows):
    world = World(*rows, luck=0.1)
    found, events = estimate(world, Settings()), []
    outcome = await optimise(world, Settings(), events.append)
    assert found.least <= outcome.usage.calls + 40 and outcome.usage.calls <= found.calls
    assert ("ship_test" in [event.kind for event in events]) == (found.mode == "full")
