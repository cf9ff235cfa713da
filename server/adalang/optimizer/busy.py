"""How long runs take, so that time can be kept for those that are still to come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_SLOWER = 1.5
"""How much slower than lately what is still to come may be."""


@dataclass(slots=True)
class Busy:
    """The seconds that a run has taken lately, in a stretch of time in which runs were under way without a pause.

    Many runs at once take little longer than a few, so only stretches count that had at least half as many runs as the largest.
    Only runs that were bought do: those of a cache take no time. `left` tells the seconds that are left of the budget, which is the
    clock; None where there is no such limit, and then nothing to reckon.
    """

    left: Callable[[], float | None]
    pace: float = 0.0
    _largest: int = 0
    _open: int = 0
    _bought: int = 0
    _since: float | None = None

    @contextmanager
    def run(self) -> Iterator[None]:
        """While one run is under way."""
        if not self._open:
            self._since, self._bought = self.left(), 0
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                self._stretch_over()

    def buy(self) -> None:
        """The run under way was not in the cache."""
        self._bought += 1

    def needed(self, runs: int) -> float:
        """Seconds that so many runs will take, all of them bought; 0 while none was."""
        return _SLOWER * runs * self.pace

    def _stretch_over(self) -> None:
        now = self.left()
        if self._since is None or now is None or not self._bought or 2 * self._bought < self._largest:
            return
        self._largest = max(self._largest, self._bought)
        self.pace = (self._since - now) / self._bought
