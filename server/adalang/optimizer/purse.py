"""What may still be spent, with the final test kept paid for."""

from __future__ import annotations

from dataclasses import dataclass, field

from adalang.optimizer.events import EventLog
from adalang.optimizer.runs import Runs
from adalang.optimizer.task import CountingTask, Remaining
from adalang.runtime.models.types import Usage

_LITTLE = 1e-9
_NO_LIMIT = 1_000_000


@dataclass(slots=True)
class Purse:
    """Counts what was begun against the whole budget; `reserve` are the runs kept for the final test.

    What was used so far is reckoned by what was begun, at the price of bought answers, so that a resumed run, whose first part is
    free, decides alike. Where more than that was spent (on retries, say), what was spent counts. Of time what is left now counts, and
    what is to come is reckoned at the pace of this process: the one thing that hangs on the clock.
    """

    task: CountingTask
    runs: Runs
    log: EventLog
    reserve: int = 0
    _left: Remaining = field(init=False)
    _before: Usage = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._before = self.task.remaining(), self.task.spent()

    @property
    def spent_before(self) -> Usage:
        """What earlier processes of this run have spent."""
        return self._before

    def price(self, runs: int, asked: int) -> float:
        """What runs and calls of the teacher cost, in calls of the target's models."""
        return self.runs.price(runs).calls + asked * self.task.info.teacher_price

    def used(self) -> Usage:
        """Calls, tokens and USD that were used so far."""
        begun, spent = self.runs.price(self.runs.begun), self.log.spent
        calls = max(begun.calls + self.task.asked, spent.calls)
        return Usage(calls, 0, max(begun.tokens, spent.tokens), 0, max(begun.usd, spent.usd))

    def affords(self, runs: int) -> bool:
        """Whether so many runs more can be made with the reserve still untouched."""
        left, before = self._left, self._before
        total = self.used() + self.runs.price(runs + self.reserve)
        seconds = self.task.remaining().seconds
        return (
            (left.calls is None or total.calls <= left.calls + before.calls)
            and (left.tokens is None or total.tokens <= left.tokens + before.tokens)
            and (left.usd is None or total.usd <= left.usd + before.usd + _LITTLE)
            and (seconds is None or seconds > self.runs.busy.needed(runs + self.reserve))
        )

    def spare(self) -> int:
        """Runs that can be made without touching the reserve; a large number where there is no limit."""
        low, high = 0, _NO_LIMIT
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.affords(middle) else (low, middle - 1)
        return low
