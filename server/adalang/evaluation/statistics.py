"""What scores prove: intervals, paired tests and the ship test's ledger, in plain Python.

The unit is always the row: repeated runs of a row are averaged first, so that `n` counts examples and not
calls. All randomness is seeded by the caller; the same input gives the same answer on every machine.

Intervals are two-sided, tests are one-sided: a proposal is shipped when its gain is unlikely to be luck.
"""

import math
import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist, fmean

_NORMAL = NormalDist()
_SAME = 1e-9  # scores closer than this are equal
_GRID = 1_000  # differences that are multiples of 1/q, q up to this, are tested exactly
_EXACT_BITS = 5_000_000  # and as long as their distribution fits in an integer of this size
_ENUMERATED = 12  # so many other differences are tested exactly too, by all 2^12 signs
_FLIPS = 10_000
_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean score over `n` rows with its confidence interval, both in [0, 1]; n = 0 gives 0 in [0, 1]."""

    n: int
    mean: float
    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions on the same `n` rows.

    `difference` = `after` - `before`, with `low` and `high` its confidence interval, all in [-1, 1]. `p` is
    the one-sided p-value of "after is better". `mended` and `broken` are the ids of the rows whose mean rose
    and fell, those that changed most first.
    """

    n: int
    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float
    method: str
    mended: tuple[str, ...]
    broken: tuple[str, ...]


# -- intervals ---------------------------------------------------------------------------------------------


def score_interval(
    values: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean of scores in [0, 1] with its interval; `clusters` names the row of each (None: one each).

    0/1 row means get Wilson's interval, others a bootstrap over rows. Where all rows have the same score
    strictly between, the interval is how far rare other scores could move the mean (`_constant_interval`).
    Raises `ValueError` when the lengths differ.
    """
    if clusters is None:
        means = list(values)
    else:
        grouped: dict[Hashable, list[float]] = {}
        for value, cluster in zip(values, clusters, strict=True):
            grouped.setdefault(cluster, []).append(value)
        means = [fmean(group) for group in grouped.values()]
    n = len(means)
    if n == 0:
        return Interval(0, 0.0, 0.0, 1.0, "no data")
    mean = fmean(means)
    if _is_binary(means):
        low, high = wilson(round(sum(means)), n, confidence=confidence)
        return Interval(n, mean, low, high, "Wilson")
    if _is_constant(means):
        low, high = _constant_interval(mean, n, 0.0, 1.0, confidence)
        return Interval(n, mean, low, high, "constant")
    low, high = bootstrap_interval(means, confidence=confidence, seed=seed)
    return Interval(n, mean, max(0.0, low), min(1.0, high), "bootstrap")


def wilson(successes: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share, for n >= 1."""
    z = _NORMAL.inv_cdf((1 + confidence) / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the bound is 0 or 1 exactly; the difference of floats is not.
    return (0.0 if successes == 0 else centre - half, 1.0 if successes == n else centre + half)


def bootstrap_interval(
    values: Sequence[float], *, confidence: float = 0.95, seed: int = 0, draws: int = _DRAWS
) -> tuple[float, float]:
    """The BCa bootstrap interval of the mean of n >= 2 values that are not all equal.

    Bias-corrected and accelerated (Efron 1987), with levels expanded to Student's t (Hesterberg 2015) since
    the plain bootstrap is too narrow for small samples.
    """
    n = len(values)
    rng = random.Random(seed)
    means = sorted(math.fsum(rng.choices(values, k=n)) / n for _ in range(draws))
    mean = math.fsum(values) / n
    below = sum(one < mean - _SAME for one in means) + sum(abs(one - mean) <= _SAME for one in means) / 2
    bias = _NORMAL.inv_cdf(min(max(below / draws, 1 / draws), 1 - 1 / draws))
    deviations = [value - mean for value in values]
    spread = math.fsum(d * d for d in deviations)
    acceleration = math.fsum(d**3 for d in deviations) / (6 * spread**1.5)
    z = _student_quantile((1 + confidence) / 2, n - 1) * math.sqrt(n / (n - 1))
    low, high = (_NORMAL.cdf(bias + (bias + side) / max(1 - acceleration * (bias + side), 0.1)) for side in (-z, z))
    return _quantile(means, low), _quantile(means, high)


def _constant_interval(value: float, n: int, least: float, most: float, confidence: float) -> tuple[float, float]:
    """Where the mean can be when n rows all scored `value`, but a share u unseen scores `least` or `most`.

    u = 1 - (alpha/2)^(1/n) is the exact (Clopper-Pearson) bound of a share never seen in n rows.
    """
    unseen = 1 - ((1 - confidence) / 2) ** (1 / n)
    return value - unseen * (value - least), value + unseen * (most - value)


def _quantile(ordered: Sequence[float], level: float) -> float:
    place = level * (len(ordered) - 1)
    lower = math.floor(place)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (place - lower) * (ordered[upper] - ordered[lower])


def _student_quantile(level: float, freedom: int) -> float:
    """Student's t expanded around the normal quantile (Abramowitz & Stegun 26.7.5), capped at 12.7."""
    z = _NORMAL.inv_cdf(level)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return min(z + (first + (second + third / freedom) / freedom) / freedom, 12.7)


def _is_binary(values: Iterable[float]) -> bool:
    return all(value in (0.0, 1.0) for value in values)


def _is_constant(values: Sequence[float]) -> bool:
    return max(values) - min(values) <= _SAME


# -- paired tests ------------------------------------------------------------------------------------------


def compare(
    before: Mapping[str, float],
    after: Mapping[str, float],
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare two versions by their row means (row id to mean score in [0, 1]).

    Only rows that both have count (the others failed technically on one side). 0/1 means get McNemar's exact
    test and Bonett and Price's interval; others are tested by flipping signs, with a paired bootstrap for the
    interval. With no rows, p is 1 and the interval [-1, 1]; where all differences are equal, the interval is
    how far unseen other ones could move it (`_constant_interval`).
    """
    rows = [row for row in before if row in after]
    differences = [after[row] - before[row] for row in rows]
    n = len(rows)
    if n == 0:
        return Comparison(0, 0.0, 0.0, 0.0, -1.0, 1.0, 1.0, "no data", (), ())
    difference = fmean(differences)
    changed = sorted(
        ((change, row) for change, row in zip(differences, rows, strict=True) if abs(change) > _SAME),
        key=lambda pair: -abs(pair[0]),
    )
    mended = tuple(row for change, row in changed if change > 0)
    broken = tuple(row for change, row in changed if change < 0)
    if _is_binary(before[row] for row in rows) and _is_binary(after[row] for row in rows):
        p, method = mcnemar(len(mended), len(broken)), "McNemar exact"
        low, high = paired_share_interval(len(mended), len(broken), n, confidence=confidence)
    else:
        p, method = sign_flip(differences, seed=seed)
        if _is_constant(differences):
            low, high = _constant_interval(difference, n, -1.0, 1.0, confidence)
        else:
            low, high = bootstrap_interval(differences, confidence=confidence, seed=seed)
    return Comparison(
        n=n,
        before=fmean(before[row] for row in rows),
        after=fmean(after[row] for row in rows),
        difference=difference,
        low=max(-1.0, low),
        high=min(1.0, high),
        p=p,
        method=method,
        mended=mended,
        broken=broken,
    )


def mcnemar(mended: int, broken: int) -> float:
    """One-sided exact McNemar test: the chance that luck mends so many of the rows that changed."""
    changed = mended + broken
    ways = term = math.comb(changed, mended)
    for count in range(mended, changed):
        term = term * (changed - count) // (count + 1)
        ways += term
    return ways / (1 << changed)


def paired_share_interval(mended: int, broken: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Bonett and Price's (2012) interval of the difference of two paired shares, within [-1, 1], for n >= 1.

    It adds one mended and one broken row to the data, and so keeps its coverage where a bootstrap loses it:
    when few rows changed.
    """
    z = _NORMAL.inv_cdf((1 + confidence) / 2)
    up, down = (mended + 1) / (n + 2), (broken + 1) / (n + 2)
    half = z * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    return max(-1.0, up - down - half), min(1.0, up - down + half)


def sign_flip(differences: Sequence[float], *, seed: int = 0, flips: int = _FLIPS) -> tuple[float, str]:
    """(one-sided p, method) of the sign-flip permutation test of a mean difference above 0.

    Exact where differences are multiples of a common fraction, as means of a few repeats are, or where no
    more than 12 differ from 0; else from `flips` random flips, counting the observed one (p is never 0).
    """
    changes = [change for change in differences if abs(change) > _SAME]
    if not changes:
        return 1.0, "sign flip exact"
    units = _on_grid(changes)
    if units is not None:
        return _sign_flip_on_grid(units), "sign flip exact"
    if len(changes) <= _ENUMERATED:
        return _sign_flip_enumerated(changes), "sign flip exact"
    return _sign_flip_sampled(changes, seed, flips), f"sign flip {flips}"


def _on_grid(changes: Sequence[float]) -> list[int] | None:
    """The changes as whole multiples of one small fraction, or None when there is none or it is too fine."""
    fractions = [Fraction(change).limit_denominator(_GRID) for change in changes]
    if any(abs(fraction - Fraction(change)) > _SAME for fraction, change in zip(fractions, changes, strict=True)):
        return None
    unit = math.lcm(*(fraction.denominator for fraction in fractions))
    units = [int(fraction * unit) for fraction in fractions]
    return units if sum(map(abs, units)) * len(units) <= _EXACT_BITS else None


def _sign_flip_on_grid(units: Sequence[int]) -> float:
    """Exact p: the share of all 2^m choices of signs whose positive part is at least the one observed.

    The counts for every possible sum stand side by side in one big integer, `width` bits each, so that
    adding a difference to all of them is one shift and one addition.
    """
    width = len(units) + 1
    counts = 1
    for unit in units:
        counts += counts << (abs(unit) * width)
    observed = sum(unit for unit in units if unit > 0)
    tail = counts >> (observed * width)
    # The sum of an integer's digits is its remainder by the base less one; it fits, being at most 2^m.
    return (tail % ((1 << width) - 1)) / (1 << len(units))


def _sign_flip_enumerated(changes: Sequence[float]) -> float:
    sums = [0.0]
    for change in changes:
        sums = [total + side for total in sums for side in (change, -change)]
    least = math.fsum(changes) - _SAME
    return sum(total >= least for total in sums) / len(sums)


def _sign_flip_sampled(changes: Sequence[float], seed: int, flips: int) -> float:
    """Eight signs at a time: for each byte of random bits a table has the sum of what it leaves positive."""
    rng = random.Random(seed)
    sizes = [abs(change) for change in changes]
    tables: list[list[float]] = []
    for start in range(0, len(sizes), 8):
        table = [0.0]
        for size in sizes[start : start + 8]:
            table += [total + size for total in table]
        tables.append(table * (256 // len(table)))
    least = math.fsum(change for change in changes if change > 0) - _SAME
    reached = 0
    for _ in range(flips):
        signs = rng.randbytes(len(tables))
        reached += sum([table[byte] for table, byte in zip(tables, signs, strict=True)]) >= least
    return (reached + 1) / (flips + 1)


# -- many tests on one hold-out ----------------------------------------------------------------------------


def ship_alpha(k: int) -> float:
    """The level of the k-th test (k >= 1) on the same hold-out; over all k they sum to 0.05."""
    if k < 1:
        raise ValueError(f"tests are counted from 1, not {k}")
    return 0.05 * 6 / (math.pi**2 * k**2)
