"""Operators, the sampler and the estimate."""

import random

import pytest

from adalang.optimizer.estimate import estimate, ship_power
from adalang.optimizer.sampler import Sampler
from adalang.optimizer.settings import Settings
from tests.optimizer.world import World, row


def test_batches_hold_recent_failures_new_rows_and_what_must_not_break():
    rows = [row(nth) for nth in range(100)]
    sampler = Sampler(rows, random.Random(1))
    assert len({one.id for one in sampler.batch(20)}) == 20
    for candidate in ("a", "b", "c"):
        sampler.saw(candidate, {one.id: float(nth >= 30) for nth, one in enumerate(rows[:60])})
    assert sampler.anchors() == {one.id for one in rows[30:60]}
    batch = [int(one.id) for one in sampler.batch(20)]
    assert len(set(batch)) == 20
    assert sum(nth < 30 for nth in batch) == 12
    assert sum(30 <= nth < 60 for nth in batch) == 3
    assert sum(nth >= 60 for nth in batch) == 5


def test_a_row_that_ever_failed_is_no_anchor():
    sampler = Sampler([row(1)], random.Random(1))
    for candidate, score in (("a", 1.0), ("b", 0.0), ("c", 1.0), ("d", 1.0)):
        sampler.saw(candidate, {"1": score})
    assert not sampler.anchors()


def test_the_estimate_makes_no_call_and_tells_what_the_test_can_show():
    world = World()
    found = estimate(world, Settings())
    assert not world.paid
    assert found.reserve == 120 and found.calls == found.task_calls + found.teacher_calls
    assert "With 60 hold-out rows a gain of 5 points will be confirmed 1 time in 5." in found.lines()


@pytest.mark.parametrize(
    ("rows", "gain", "chance"),
    [(60, 0.05, 0.21), (60, 0.08, 0.38), (100, 0.05, 0.34), (100, 0.12, 0.78), (200, 0.08, 0.88), (200, 0.12, 0.97)],
)
def test_power_is_near_what_simulations_of_the_exact_test_gave(rows, gain, chance):
    assert ship_power(gain, rows) == pytest.approx(chance, abs=0.06)
