"""What is told of a gain because it passed a test holds among the tests that pass."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.evaluation.statistics import compare, ship_alpha
from adalang.optimizer.claim import claim

ALPHA = ship_alpha(1)


def scores(mended: int, broken: int, right: int, wrong: int = 0):
    """Scores before and after of rows that were mended, broken, right both times, and wrong both times."""
    pairs = [(0.0, 1.0)] * mended + [(1.0, 0.0)] * broken + [(1.0, 1.0)] * right + [(0.0, 0.0)] * wrong
    return ({str(at): one[side] for at, one in enumerate(pairs)} for side in (0, 1))


def test_strong_evidence_is_told_as_it_is():
    found = compare(*scores(30, 2, 28), confidence=1 - ALPHA)
    assert claim(found, ALPHA) == found and found.low > 0


def test_what_passes_by_a_hair_is_told_as_more_than_nothing():
    found = compare(*scores(9, 1, 50), confidence=1 - ALPHA)
    told = claim(found, ALPHA)
    assert found.p <= ALPHA and told.low == 0 < found.low and told.high == found.high


def test_what_did_not_pass_is_left_alone():
    found = compare(*scores(5, 5, 50), confidence=1 - ALPHA)
    assert claim(found, ALPHA) is found and found.low < 0


def test_a_gain_on_very_many_rows_has_a_claim_too():
    found = compare(*scores(3000, 0, 10), confidence=1 - ALPHA)
    assert found.p == 0 and claim(found, ALPHA).low == found.low


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(1, 5))
def test_it_only_ever_says_less(mended, broken, right, looks):
    alpha = ship_alpha(looks)
    found = compare(*scores(mended, broken, right, 1), confidence=1 - alpha)
    told = claim(found, alpha)
    assert told.high == found.high
    if found.p <= alpha:
        assert 0 <= told.low <= max(found.low, 0.0) and told.low < told.high


@pytest.mark.parametrize("gain", [0.0, 0.05, 0.2])
def test_among_the_tests_that_pass_claims_hold(gain):
    """Weak changes pass seldom, and then because luck was with them: a plain interval would often miss what they are worth."""
    rng = random.Random(7)
    plain, held = [], []
    for _ in range(12_000 if gain == 0 else 4000):
        before, after = {}, {}
        for row in range(60):
            rate = 0.05 + 0.5 * rng.random()
            better = rate + (2 * gain if rng.random() < 0.5 else 0.0)
            before[str(row)], after[str(row)] = float(rng.random() < rate), float(rng.random() < better)
        found = compare(before, after, confidence=1 - ALPHA)
        if found.p <= ALPHA:
            told = claim(found, ALPHA)
            plain.append(found.low <= gain <= found.high)
            held.append(told.low <= gain <= told.high)
    assert sum(held) / len(held) >= 0.93
    assert gain > 0.1 or sum(plain) / len(plain) < 0.9
