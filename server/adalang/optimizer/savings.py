"""The same score for less: the two things that have to be shown before it may be said."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

from adalang.evaluation.results import RowResult
from adalang.optimizer.objective import Price, mean_price

MARGIN = 0.05
"""How much lower a score may be and still count as the same, unless the settings say otherwise."""

WORTH = 0.95
"""The largest share of the price at which something is worth being called cheaper."""

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as much a run takes as before, with its interval, over the same rows."""

    value: float
    low: float
    high: float
    unit: str


def no_worse(differences: Sequence[float], margin: float) -> float:
    """The p-value of "the mean difference lies above -margin", for row differences in [-1, 1].

    The larger of two, so that neither noise nor rare rows deceive: twice the tail of the normal test with one mended and one broken
    row added (Bonett and Price 2012; it stays below alpha just when the interval of confidence 1 - alpha lies above -margin),
    and the chance that so small a net loss is seen where rows break at the rate of the margin.
    """
    n = len(differences)
    if not n:
        return 1.0
    mean = math.fsum(differences) / (n + 2)
    square = (math.fsum(one * one for one in differences) + 2) / (n + 2)
    error = math.sqrt(max(square - mean * mean, 1e-12) / (n + 2))
    noisy = 2 * (1 - _NORMAL.cdf((mean + margin) / error))
    return min(1.0, max(noisy, rare(n, max(0, math.ceil(-math.fsum(differences) - 1e-9)), margin)))


def rare(n: int, lost: int, margin: float) -> float:
    """The chance of at most so many broken rows of n where each breaks with the chance `margin`."""
    return math.fsum(math.comb(n, k) * margin**k * (1 - margin) ** (n - k) for k in range(min(lost, n) + 1))


def least_rows(margin: float, alpha: float) -> int:
    """The smallest hold-out on which "no worse" can be shown at all: when not a single row changes."""
    n = 1
    while no_worse([0.0] * n, margin) > alpha:
        n += 1
    return n


def cost_ratio(
    before: Sequence[Sequence[RowResult]], after: Sequence[Sequence[RowResult]], confidence: float
) -> Ratio | None:
    """Of what runs cost: in USD where both sides have a price, else in tokens. None where neither is known."""
    priced = mean_price(before).usd > 0 and mean_price(after).usd > 0
    return _ratio(before, after, confidence, "USD" if priced else "tokens", lambda p: p.usd if priced else p.tokens)


def latency_ratio(
    before: Sequence[Sequence[RowResult]], after: Sequence[Sequence[RowResult]], confidence: float
) -> Ratio | None:
    """Of the seconds that runs waited for answers."""
    return _ratio(before, after, confidence, "seconds", lambda price: price.seconds)


def _ratio(
    before: Sequence[Sequence[RowResult]],
    after: Sequence[Sequence[RowResult]],
    confidence: float,
    unit: str,
    amount: Callable[[Price], float],
) -> Ratio | None:
    """The ratio of means over rows that both sides answered; its interval by the delta method on the log."""
    pairs = [
        (amount(mean_price([old])), amount(mean_price([new])))
        for old, new in zip(before, after, strict=True)
        if _answered(old) and _answered(new)
    ]
    n = len(pairs)
    old_mean, new_mean = (fmean(pair[side] for pair in pairs) if n else 0.0 for side in (0, 1))
    if n < 2 or old_mean <= 0 or new_mean <= 0:
        return None
    value = new_mean / old_mean
    spread = math.fsum((new / new_mean - old / old_mean) ** 2 for old, new in pairs) / (n - 1)
    reach = math.exp(_NORMAL.inv_cdf((1 + confidence) / 2) * math.sqrt(spread / n))
    return Ratio(value, value / reach, value * reach, unit)


def _answered(results: Sequence[RowResult]) -> bool:
    return any(result.score is not None for result in results)
