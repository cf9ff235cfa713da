"""What may be said of a gain that is told because it passed a test.

Of what passes by a hair, luck has raised the most: among weak changes the few that pass look twice as good as they are, and an
interval that is right for all tests is then wrong for those that anybody hears of. So its low end is found anew among the tests
that pass: it is the least gain with which at least one in twenty of them would come out as high as this one did
(conditional inference; Zhong and Prentice 2008). Where the evidence is strong this changes nothing. It never falls below 0: that
there is a gain at all is what the test has shown, at its own level.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

from adalang.evaluation.statistics import Comparison

_MISSED = 0.05
_CLEAR = 1e-6  # p from which on both ends agree with those of a plain interval
_NORMAL = NormalDist()
_STEPS = 60


def claim(comparison: Comparison, alpha: float) -> Comparison:
    """The comparison with the interval that may be told of it where its p is at most `alpha`; else, and where the evidence is strong,
    as it is."""
    if comparison.p > alpha or comparison.p <= _CLEAR:
        return comparison
    passed, seen = -_NORMAL.inv_cdf(alpha), -_NORMAL.inv_cdf(comparison.p)
    least = comparison.difference * _least(passed, seen) / seen
    return replace(comparison, low=max(0.0, min(comparison.low, least)))


def _least(passed: float, seen: float) -> float:
    """The mean, 0 or more, of a normal variable with a standard deviation of 1: of its values above `passed` one in twenty is above
    `seen`."""
    low, high = 0.0, seen
    for _ in range(_STEPS):
        middle = (low + high) / 2
        above = _NORMAL.cdf(middle - seen) / _NORMAL.cdf(middle - passed)
        low, high = (middle, high) if above < _MISSED else (low, middle)
    return low
