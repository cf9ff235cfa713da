"""Power: the formula against the test itself, simulated, and against the table of the specification."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.evaluation.power import (
    DISAGREEMENT,
    detectable_gain,
    observed_turnover,
    odds,
    power,
    power_lines,
    sampling_turnover,
)
from adalang.evaluation.statistics import compare, mcnemar, sign_flip

GAINS = st.floats(0.01, 0.6)
ROWS = st.integers(1, 400)


def changes(rng, rows, gain, repeats):
    """Rows of 0/1 scores whose samples disagree with the chance DISAGREEMENT, and of which `gain` are mended for good."""
    low = (1 - math.sqrt(1 - 2 * DISAGREEMENT)) / 2
    for _ in range(rows):
        right = rng.random() < 0.5
        mended = not right and rng.random() < 2 * gain / (1 - 2 * low)
        before, after = (1 - low if good else low for good in (right, right or mended))
        yield sum((rng.random() < after) - (rng.random() < before) for _ in range(repeats)) / repeats


@pytest.mark.parametrize("repeats", [1, 2, 4])
@pytest.mark.parametrize(("rows", "gain"), [(20, 0.12), (60, 0.05), (60, 0.12), (100, 0.08), (200, 0.05)])
def test_it_is_how_often_the_test_confirms(rows, gain, repeats):
    rng = random.Random(7)
    draws = 200
    confirmed = sum(sign_flip(list(changes(rng, rows, gain, repeats)))[0] <= 0.05 for _ in range(draws)) / draws
    told = power(gain, rows, turnover=sampling_turnover(repeats), repeats=repeats)
    assert told == pytest.approx(confirmed, abs=0.06 + 2 * math.sqrt(0.25 / draws))


@pytest.mark.parametrize(
    ("rows", "repeats", "gain", "chance"),
    [
        (60, 2, 0.05, 0.21), (60, 2, 0.08, 0.38), (60, 2, 0.12, 0.56),
        (100, 2, 0.05, 0.34), (100, 2, 0.08, 0.58), (100, 2, 0.12, 0.78),
        (200, 2, 0.05, 0.57), (200, 2, 0.08, 0.88), (200, 2, 0.12, 0.97),
        (200, 4, 0.05, 0.72), (200, 4, 0.08, 0.92), (200, 4, 0.12, 0.97),
    ],
)  # fmt: skip
def test_it_agrees_with_the_table_of_the_specification(rows, repeats, gain, chance):
    assert power(gain, rows, turnover=sampling_turnover(repeats), repeats=repeats) == pytest.approx(chance, abs=0.06)


def test_with_one_sample_each_it_is_exact():
    """Against all outcomes of six rows that mend, break or stay."""
    mends, breaks = 0.4, 0.1
    chance = 0.0
    for mended in range(7):
        for broken in range(7 - mended):
            ways = math.comb(6, mended) * math.comb(6 - mended, broken)
            if mcnemar(mended, broken) <= 0.05:
                chance += ways * mends**mended * breaks**broken * (1 - mends - breaks) ** (6 - mended - broken)
    assert power(mends - breaks, 6, turnover=2 * breaks) == pytest.approx(chance, abs=1e-12)


@given(GAINS, ROWS, st.floats(0, 0.5), st.sampled_from([1, 2, 4]))
def test_it_is_a_chance(gain, rows, noise, repeats):
    assert 0 <= power(gain, rows, turnover=noise, repeats=repeats) <= 1 + 1e-12


@given(st.floats(0.08, 0.2), st.integers(60, 400))
def test_more_rows_bigger_gains_steadier_answers_and_more_repeats_show_more(gain, rows):
    told = power(gain, rows, turnover=0.1)
    # Whole rows step: a few more rows can cost a little, ten times as many never do.
    assert power(gain, 10 * rows, turnover=0.1) >= told
    assert power(2 * gain, rows, turnover=0.1) >= told
    assert power(gain, rows, turnover=0.02) >= told - 0.02
    assert power(gain, rows, turnover=sampling_turnover(4), repeats=4) >= power(
        gain, rows, turnover=sampling_turnover(2), repeats=2
    )


@given(st.floats(0.02, 0.2))
def test_beyond_a_thousand_rows_it_goes_on_smoothly(gain):
    assert power(gain, 1001, turnover=0.2) == pytest.approx(power(gain, 1000, turnover=0.2), abs=0.03)


def test_nothing_is_confirmed_without_rows_or_without_a_gain():
    assert power(0.1, 0) == power(0.0, 60) == power(-0.1, 60) == 0
    assert power(1.0, 5, turnover=0.0) == 1.0
    assert power(1.0, 4, turnover=0.0) == 0.0


@given(st.integers(5, 300), st.floats(0.02, 0.3))
def test_the_detectable_gain_is_the_smallest_one_that_is_seen(rows, noise):
    gain = detectable_gain(rows, turnover=noise)
    assert gain is not None
    assert power(gain, rows, turnover=noise) >= 0.5
    assert gain == 0.01 or power(gain - 0.01, rows, turnover=noise) < 0.5


def test_four_rows_can_show_nothing():
    assert detectable_gain(4) is None


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=60))
def test_the_observed_turnover_is_what_changed_besides_the_gain(differences):
    before = {str(nth): float(change < 0) for nth, change in enumerate(differences)}
    after = {row: before[row] + change for row, change in zip(before, differences, strict=True)}
    found = compare(before, after)
    fewer = min(len(found.mended), len(found.broken))
    assert observed_turnover(differences) == pytest.approx((2 * fewer + 2) / (len(differences) + 2))


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (0.99, "almost always"),
        (0.01, "almost never"),
        (0.5, "1 time in 2"),
        (0.21, "1 time in 5"),
        (0.68, "2 times in 3"),
    ],
)
def test_chances_in_words(chance, words):
    assert odds(chance) == words


def test_the_sentences():
    assert power_lines(60, turnover=sampling_turnover(2), repeats=2) == [
        "With 60 rows a gain of 5 points will be confirmed 1 time in 4.",
        "With 60 rows a gain of 10 points will be confirmed 1 time in 2.",
        "With 60 rows a gain of 20 points will be confirmed 9 times in 10.",
    ]
