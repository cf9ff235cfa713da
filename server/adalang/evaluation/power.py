"""What a paired test can prove, told before anything is spent.

A row's *change* is its mean score after less its mean score before. A true gain of 5 points on 100 rows is, in whole rows,
5 more mended than broken; the rows that change besides, as often for worse as for better, are the noise that it has to be
seen in. Their share is the `turnover`. Answers that vary add to it, and repeats take it away again:
`turnover = disagreement / repeats`, where the disagreement is the chance that two samples of one row score differently.

Scores between 0 and 1 are told by the same formula; that is careful, for their rows change by less than a whole score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist, pvariance

DISAGREEMENT = 0.2
"""Of answers that are sampled, where nothing has been measured yet."""
STEADY_TURNOVER = 0.1
"""Of answers that do not vary: an edit that helps breaks about one row in twenty too."""

GAINS = (0.05, 0.1, 0.2)
"""The gains that a person is told about."""

_ODDS = [(1, of) for of in range(2, 21)] + [(times, of) for of in (3, 4, 5, 10) for times in range(2, of)]
_EXACT_ROWS = 1_000  # beyond it the normal distribution is as good
_NORMAL = NormalDist()


def sampling_turnover(repeats: int, disagreement: float = DISAGREEMENT) -> float:
    """The share of rows that change for no reason, with so many samples of each."""
    return disagreement / repeats


def observed_turnover(differences: Sequence[float]) -> float:
    """The turnover that a comparison has shown: the mean square of the rows' changes, less what the gain itself takes.

    One mended and one broken row are added, as the interval does, so that few rows never look still.
    """
    changes = [1.0, -1.0, *differences]
    return (math.fsum(change * change for change in changes) - abs(math.fsum(changes))) / len(changes)


def power(gain: float, rows: int, *, turnover: float = STEADY_TURNOVER, repeats: int = 1, alpha: float = 0.05) -> float:
    """The chance that the one-sided paired test at level `alpha` confirms a true `gain` (0.05: 5 points) on so many rows.

    Exact for 0/1 scores of one sample each: McNemar's test over the binomial number of rows that change. With repeats the
    rows' means take finer steps, and beyond 1,000 rows it does not matter: there it is the normal distribution with half a
    step of correction, within six points of simulations. A two-sided test at 5 % is this one at 0.025.
    """
    if gain <= 0 or rows <= 0:
        return 0.0
    gain = min(gain, 1.0)
    changing = min(1.0, gain + turnover)
    if repeats > 1 or rows > _EXACT_ROWS:
        spread = math.sqrt(max(changing - gain * gain, 1e-12) * rows)
        least = 0.5 / repeats - _NORMAL.inv_cdf(alpha) * math.sqrt(changing * rows)
        return _NORMAL.cdf((gain * rows - least) / spread)
    return _exact_power(rows, changing, (changing + gain) / 2 / changing, alpha)


def detectable_gain(
    rows: int,
    *,
    chance: float = 0.5,
    turnover: float = STEADY_TURNOVER,
    repeats: int = 1,
    alpha: float = 0.05,
) -> float | None:
    """The smallest gain in whole points that is confirmed with this chance; None where not even 100 points would be."""
    for points in range(1, 101):
        if power(points / 100, rows, turnover=turnover, repeats=repeats, alpha=alpha) >= chance:
            return points / 100
    return None


def detectable_in(differences: Sequence[float], *, alpha: float = 0.05) -> float | None:
    """The gain in whole points that the test confirms 1 time in 2 on rows that change as much as these have."""
    n = len(differences)
    if all(change in (-1.0, 0.0, 1.0) for change in differences):
        return detectable_gain(n, turnover=observed_turnover(differences), alpha=alpha)
    # The mean m is confirmed from where m sqrt(n) = z sqrt(variance + m^2) on.
    z = -_NORMAL.inv_cdf(alpha)
    if n <= z * z:
        return None
    return min(1.0, math.ceil(100 * z * math.sqrt(pvariance(differences) / (n - z * z))) / 100)


def power_lines(rows: int, *, turnover: float = STEADY_TURNOVER, repeats: int = 1, alpha: float = 0.05) -> list[str]:
    """:func:`power_line` for each of the GAINS."""
    return [
        power_line(gain, power(gain, rows, turnover=turnover, repeats=repeats, alpha=alpha), rows) for gain in GAINS
    ]


def power_line(gain: float, chance: float, rows: int, called: str = "rows") -> str:
    """`With 60 rows a gain of 5 points will be confirmed 1 time in 5.`"""
    return f"With {rows} {called} a gain of {round(100 * gain)} points will be confirmed {odds(chance)}."


def odds(chance: float) -> str:
    """A chance in words: `1 time in 5`, `almost always`."""
    if chance >= 0.95:
        return "almost always"
    if chance < 0.05:
        return "almost never"
    times, of = min(_ODDS, key=lambda odds: (round(abs(odds[0] / odds[1] - chance), 2), odds[1]))
    return f"{times} time{'s' if times > 1 else ''} in {of}"


def _exact_power(rows: int, changing: float, mending: float, alpha: float) -> float:
    """Over the number of rows that change (each with the chance `changing`), the chance that enough of them mend."""
    reach = 7 * math.sqrt(rows * changing * (1 - changing)) + 7
    least, most = max(0, math.floor(rows * changing - reach)), min(rows, math.ceil(rows * changing + reach))
    chance = math.fsum(
        _binomial(changed, rows, changing) * _at_least(_critical(changed, alpha), changed, mending)
        for changed in range(least, most + 1)
    )
    return min(chance, 1.0)


@lru_cache(maxsize=4096)
def _critical(changed: int, alpha: float) -> int:
    """The fewest mended rows of `changed` at which McNemar's exact test passes; `changed + 1` where none do."""
    allowed = int(alpha * (1 << 53)) << changed >> 53
    ways, term, mended = 0, 1, changed
    while ways + term <= allowed:
        ways += term
        term = term * mended // (changed - mended + 1)
        mended -= 1
    return mended + 1


def _binomial(count: int, of: int, share: float) -> float:
    if share in (0.0, 1.0):
        return float(count == of * share)
    ways = math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1)
    return math.exp(ways + count * math.log(share) + (of - count) * math.log1p(-share))


def _at_least(count: int, of: int, share: float) -> float:
    """The chance of `count` or more; the shorter tail is added up."""
    if 2 * count > of:
        return math.fsum(_binomial(nth, of, share) for nth in range(count, of + 1))
    return 1 - math.fsum(_binomial(nth, of, share) for nth in range(count))
