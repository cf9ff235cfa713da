"""Whether another point of score is worth its price, by what the last rounds brought for what they took."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from adalang.optimizer.archive import Entry
from adalang.optimizer.settings import PointPrice
from adalang.optimizer.state import Search

_ROUNDS = 3
"""Rounds that are looked back on: one alone may have no luck."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """The state after a round: points gained since the search began, and what had been used by then."""

    points: float
    calls: float
    usd: float


@dataclass(slots=True)
class Lately:
    """The marks of the last rounds, and of where they began."""

    _marks: deque[_Mark] = field(default_factory=lambda: deque(maxlen=_ROUNDS + 1))

    def begin(self, search: Search) -> None:
        """The search begins: what was used so far is no round's."""
        self._mark(search, 0.0)

    def round_over(self, search: Search, before: Entry) -> None:
        """A round is over at whose start `before` was the champion."""
        self._mark(search, self._marks[-1].points + 100 * search.champion.gain_over(before))

    def too_dear(self, point: PointPrice) -> str:
        """The bound that the next point would pass, in words; "" while it is worth its price."""
        if len(self._marks) <= _ROUNDS:
            return ""
        first, last = self._marks[0], self._marks[-1]
        points = last.points - first.points
        if point.calls is not None and _passed(last.calls - first.calls, points, point.calls):
            return f"{point.calls:g} calls"
        if point.usd is not None and _passed(last.usd - first.usd, points, point.usd):
            return f"${point.usd:g}"
        return ""

    def _mark(self, search: Search, points: float) -> None:
        used = search.purse.used()
        self._marks.append(_Mark(points, used.calls, used.usd))


def _passed(used: float, points: float, bound: float) -> bool:
    """Whether a whole point's price was used up, and for less than that price buys."""
    return used >= bound and points * bound < used
