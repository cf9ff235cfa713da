"""How far a search has come, and how long the rest takes if it goes on at the same pace. An estimate, and told as one."""

from __future__ import annotations

import time
from collections.abc import Callable

from adalang.optimizer.estimate import Estimate
from adalang.optimizer.events import RunEvent
from adalang.report.rounds import work
from adalang.runtime.models.budget import Budget

_LEAST_CALLS, _LEAST_SECONDS = 20, 3.0


class Pace:
    """Follows a run by its events and its budget. Calls here are answers, from the provider or from the cache.

    What a resumed run goes through again counts as done, at no pace at all.
    """

    def __init__(self, estimate: Estimate, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self.expected = max(1, estimate.calls if budget.calls is None else min(estimate.calls, budget.calls))
        self._reserve = estimate.reserve
        self._clock = clock
        self._begin(0)

    def tell(self, event: RunEvent) -> None:
        """The next event of the run."""
        if event.replayed:
            self._begin(work(event.spent))
        if event.kind == "chosen":  # what is left is known now
            self.expected = self.done + self._reserve
        if event.kind == "finished":
            self.expected = max(1, self.done)

    @property
    def done(self) -> int:
        """Calls that are done."""
        return self._before + self._new

    @property
    def share(self) -> float:
        """How much of what is expected is done, 0 to 1."""
        return min(1.0, self.done / self.expected)

    @property
    def left(self) -> float | None:
        """Seconds that the rest takes, at most about: most searches end before they have made all expected calls. None while it
        is too early to tell, and when more is done than was expected."""
        seconds = self._clock() - self._since
        rest = self.expected - self.done
        if self._new < _LEAST_CALLS or seconds < _LEAST_SECONDS or rest <= 0:
            return None
        left = rest * seconds / self._new
        limit = self.budget.remaining_seconds
        return left if limit is None else min(left, limit)

    @property
    def _new(self) -> int:
        return work(self.budget.spent) - self._offset

    def _begin(self, before: int) -> None:
        """From here on calls are new; `before` had been done."""
        self._before, self._offset, self._since = before, work(self.budget.spent), self._clock()
