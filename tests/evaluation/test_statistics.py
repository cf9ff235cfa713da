"""Statistics: textbook values, degenerate cases, and calibration measured by simulation with fixed seeds."""

import itertools
import math
import operator
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.evaluation.statistics import (
    bootstrap_interval,
    compare,
    mcnemar,
    paired_share_interval,
    score_interval,
    ship_alpha,
    sign_flip,
    wilson,
)


def named(values: list[float]) -> dict[str, float]:
    return {f"r{place}": value for place, value in enumerate(values)}


# -- known values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mended", "broken", "p"),
    [(8, 1, 10 / 512), (5, 0, 1 / 32), (1, 5, 63 / 64), (0, 0, 1.0), (10, 10, 0.588099), (40, 20, 0.006745)],
)
def test_mcnemar_is_the_binomial_tail(mended: int, broken: int, p: float) -> None:
    assert mcnemar(mended, broken) == pytest.approx(p, abs=1e-6)


def test_wilson_against_published_values() -> None:
    assert wilson(8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, table I
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(20, 20)[1] == 1.0


def test_paired_interval_against_published_values() -> None:
    # Bonett and Price 2012: (b + 1, c + 1) over n + 2; here 12 mended and 2 broken of 50.
    up, down = 13 / 52, 3 / 52
    half = 1.959964 * math.sqrt((up + down - (up - down) ** 2) / 52)
    assert paired_share_interval(12, 2, 50) == pytest.approx((up - down - half, up - down + half), abs=1e-6)


def test_ship_levels_fall_and_never_spend_more_than_five_percent() -> None:
    assert ship_alpha(1) == pytest.approx(0.030396, abs=1e-6)
    assert ship_alpha(5) == pytest.approx(ship_alpha(1) / 25)
    assert 0.0499 < sum(map(ship_alpha, range(1, 1_000))) < 0.05
    with pytest.raises(ValueError, match="counted from 1"):
        ship_alpha(0)


def test_repeats_of_a_row_are_one_example() -> None:
    runs = [("a", 1.0), ("a", 0.0), ("b", 1.0), ("b", 1.0), ("c", 0.0)]
    interval = score_interval([score for _, score in runs], [row for row, _ in runs])
    assert (interval.n, interval.mean, interval.method) == (3, 0.5, "bootstrap")


# -- degenerate cases --------------------------------------------------------------------------------------


def test_no_rows_prove_nothing() -> None:
    assert score_interval([]).n == 0
    assert (score_interval([]).low, score_interval([]).high) == (0.0, 1.0)
    nothing = compare({"a": 1.0}, {"b": 1.0})
    assert (nothing.n, nothing.p, nothing.low, nothing.high) == (0, 1.0, -1.0, 1.0)


@pytest.mark.parametrize("values", [[0.5], [1.0], [0.5] * 30, [0.0] * 30, [0.2, 0.9]])
def test_few_or_equal_rows_never_look_certain(values: list[float]) -> None:
    interval = score_interval(values)
    assert 0.0 <= interval.low <= interval.mean <= interval.high <= 1.0
    assert interval.high - interval.low > 3 / (2 * len(values) + 6)
    same = compare(named(values), named(values))
    assert (same.difference, same.p, same.mended, same.broken) == (0.0, 1.0, (), ())
    assert same.low < 0 < same.high


def test_one_row_is_never_significant() -> None:
    one = compare({"a": 0.25}, {"a": 1.0})
    assert (one.n, one.difference, one.p, one.mended) == (1, 0.75, 0.5, ("a",))


def test_comparison_pairs_by_row_and_names_the_changed_ones() -> None:
    before = {"a": 0.0, "b": 1.0, "c": 0.5, "d": 0.5, "gone": 1.0}
    after = {"new": 0.0, "d": 0.5, "c": 0.75, "b": 0.0, "a": 1.0}
    found = compare(before, after)
    assert (found.n, found.mended, found.broken) == (4, ("a", "c"), ("b",))
    assert (found.before, found.after) == (0.5, 0.5625)
    assert found.method == "sign flip exact"
    assert compare({"a": 0.0}, {"a": 1.0}).method == "McNemar exact"


# -- the permutation test ----------------------------------------------------------------------------------


@given(st.lists(st.sampled_from([-1.0, -0.75, -1 / 3, 0.0, 0.25, 2 / 3, 1.0]), max_size=9))
def test_sign_flip_equals_enumeration(differences: list[float]) -> None:
    observed = math.fsum(differences)
    signs = list(itertools.product((1, -1), repeat=len(differences)))
    reached = sum(math.fsum(map(operator.mul, one, differences)) >= observed - 1e-9 for one in signs)
    assert sign_flip(differences)[0] == pytest.approx(reached / len(signs))


@given(st.lists(st.integers(-999, 999).filter(bool), min_size=1, max_size=9))
def test_sign_flip_of_differences_off_any_grid_equals_enumeration(changes: list[int]) -> None:
    differences = [change / 1_000 / math.pi for change in changes]
    signs = itertools.product((1, -1), repeat=len(changes))
    reached = [sum(s * c for s, c in zip(one, changes, strict=True)) >= sum(changes) for one in signs]
    assert sign_flip(differences) == (sum(reached) / len(reached), "sign flip exact")


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), max_size=200))
def test_sign_flip_of_binary_changes_is_mcnemar(differences: list[float]) -> None:
    assert sign_flip(differences)[0] == pytest.approx(mcnemar(differences.count(1.0), differences.count(-1.0)))


def test_random_flips_agree_with_the_exact_test_and_repeat_themselves() -> None:
    rng = random.Random(4)
    exact_on = [rng.choice([-0.5, -0.25, 0.25, 0.5, 0.75]) for _ in range(40)]
    jittered = [change + rng.uniform(-1e-6, 1e-6) for change in exact_on]
    exact, _ = sign_flip(exact_on)
    sampled, method = sign_flip(jittered, seed=1)
    assert method == "sign flip 10000"
    assert sampled == pytest.approx(exact, abs=0.02)
    assert sign_flip(jittered, seed=1)[0] == sampled
    assert sign_flip([0.5 + rng.uniform(0, 1e-3) for _ in range(100)])[0] == pytest.approx(1 / 10_001)


def test_ten_thousand_flips_of_two_hundred_rows_are_quick() -> None:
    rng = random.Random(0)
    before = named([rng.random() for _ in range(200)])
    after = named([rng.random() for _ in range(200)])
    start = time.process_time()
    compare(before, after)
    assert time.process_time() - start < 1.0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30), st.integers(0, 2**32 - 1))
def test_a_comparison_is_sound_and_depends_on_its_seed_alone(pairs: list[tuple[float, float]], seed: int) -> None:
    before, after = named([one for one, _ in pairs]), named([other for _, other in pairs])
    found = compare(before, after, seed=seed)
    assert found == compare(before, after, seed=seed)
    assert -1 <= found.low <= found.high <= 1
    assert 0 < found.p <= 1
    assert found.difference == pytest.approx(found.after - found.before)
    assert not set(found.mended) & set(found.broken)


# -- calibration -------------------------------------------------------------------------------------------


def simulated_difference(rng: random.Random, repeats: int, gain: float, flip: float = 0.1127) -> float:
    """After minus before of one row: a share `gain` of rows is mended; each run flips with chance `flip`."""
    passes = rng.random() < 0.5
    mended = rng.random() < gain / (1 - 2 * flip) / 0.5 and not passes

    def mean(truth: bool) -> float:
        return sum((rng.random() < flip) != truth for _ in range(repeats)) / repeats

    return mean(passes or mended) - mean(passes)


@pytest.mark.parametrize(("n", "repeats"), [(60, 1), (60, 2), (25, 4)])
def test_type_one_error_is_at_most_its_level(n: int, repeats: int) -> None:
    rng = random.Random(11)
    runs = 1_500
    false_alarms = sum(
        sign_flip([simulated_difference(rng, repeats, 0.0) for _ in range(n)])[0] <= 0.05 for _ in range(runs)
    )
    assert false_alarms / runs <= 0.06


DRAWS: dict[str, tuple[Callable[[random.Random], float], float]] = {
    "two repeats": (lambda rng: simulated_difference(rng, 2, 0.1), 0.1),
    "skewed": (lambda rng: rng.random() ** 4, 0.2),
    "near the top": (lambda rng: rng.betavariate(8, 2), 0.8),
}


@pytest.mark.parametrize("name", DRAWS)
def test_bootstrap_intervals_cover_the_truth_95_percent_of_the_time(name: str) -> None:
    draw, truth = DRAWS[name]
    rng = random.Random(5)
    runs = 400
    covered = 0
    for run in range(runs):
        low, high = bootstrap_interval([draw(rng) for _ in range(50)], seed=run, draws=400)
        covered += low <= truth <= high
    assert 0.93 <= covered / runs <= 0.97


@pytest.mark.parametrize(("up", "down"), [(0.2, 0.1), (0.06, 0.02), (0.3, 0.05)])
def test_paired_share_intervals_cover_the_truth(up: float, down: float) -> None:
    """Exactly, over all outcomes: a sum over the trinomial distribution."""
    n = 60
    covered = 0.0
    for mended in range(n + 1):
        for broken in range(n + 1 - mended):
            low, high = paired_share_interval(mended, broken, n)
            if low <= up - down <= high:
                ways = math.comb(n, mended) * math.comb(n - mended, broken)
                covered += ways * up**mended * down**broken * (1 - up - down) ** (n - mended - broken)
    assert 0.93 <= covered <= 0.985
