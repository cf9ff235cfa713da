"""Which rows a round draws."""

import random

from adalang.evaluation.results import RowResult
from adalang.optimizer.sampler import Sampler
from tests.optimizer.world import row


def result(nth, score):
    return RowResult(str(nth), 0, "ok", score)


def test_half_of_what_is_drawn_failed_lately_and_the_rest_was_never_seen():
    sampler = Sampler([row(nth) for nth in range(100)], random.Random(1))
    assert len({one.id for one in sampler.draw("a", 20)}) == 20
    for nth in range(60):
        sampler.saw("a", result(nth, float(nth >= 30)))
    drawn = [int(one.id) for one in sampler.draw("b", 20)]
    assert len(set(drawn)) == 20
    assert sum(nth < 30 for nth in drawn) == 10
    assert sum(nth >= 60 for nth in drawn) == 10


def test_a_candidate_never_draws_a_row_twice():
    sampler = Sampler([row(nth) for nth in range(10)], random.Random(1))
    drawn = []
    while rows := sampler.draw("a", 4):
        drawn += [one.id for one in rows]
        for one in rows:
            sampler.saw("a", result(one.id, 0.0))
    assert sorted(drawn, key=int) == [str(nth) for nth in range(10)]
    assert [one.row_id for one in sampler.known("a")] == drawn[::-1]
    assert len(sampler.draw("b", 20)) == 10


def test_anchors_are_rows_that_three_candidates_passed_and_none_ever_failed():
    sampler = Sampler([row(nth) for nth in range(3)], random.Random(1))
    for candidate, second in (("a", 1.0), ("b", 0.0), ("c", 1.0), ("d", 1.0)):
        sampler.saw(candidate, result(0, 1.0))
        sampler.saw(candidate, result(1, second))
    sampler.saw("a", result(2, 1.0))
    assert sampler.anchors() == {"0"}
