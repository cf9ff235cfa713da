"""Budgets: bounds on calls, tokens, money and time that no number of concurrent tasks can overrun.

A call first reserves the most that it could cost and settles for what it did cost. A reservation that does
not fit next to the reservations of running calls waits for them, for most settle for less; it fails only
when it would not fit even alone. So no bound is passed as long as no call costs more than it reserved; the gateway sees
to that by asking for no longer an answer than was reserved.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from types import TracebackType

from adalang.runtime.failures import BudgetExceeded, BudgetLimit
from adalang.runtime.models.types import Usage

_ROUNDING = 1e-12


class Budget:
    """An allowance, optionally inside another: what a child spends, its parent spends too.

    `calls` and `tokens` (input and output together) are counts, `usd` is money, `seconds` is wall time from
    the construction of the budget, of which `elapsed` are gone already. None means no bound. `account` is the run in whose
    name the store keeps what is paid, so that a process that goes on with it knows; empty: nobody asks later.
    """

    def __init__(
        self,
        calls: int | None = None,
        tokens: int | None = None,
        usd: float | None = None,
        seconds: float | None = None,
        parent: Budget | None = None,
        *,
        elapsed: float = 0.0,
        account: str = "",
    ) -> None:
        self.calls = calls
        self.tokens = tokens
        self.usd = usd
        self.seconds = seconds
        self.parent = parent
        self.account: str = account or (parent.account if parent is not None else "")
        self._started = time.monotonic() - elapsed
        self._spent = Usage()
        self._running = 0
        self._held = Usage()
        self._waiting: set[asyncio.Future[None]] = parent._waiting if parent is not None else set()

    @property
    def spent(self) -> Usage:
        """What was paid out of this budget, its children included."""
        return self._spent

    @property
    def reserved(self) -> Usage:
        """What the running calls have set aside; it is theirs until they settle for what they did cost."""
        return self._held

    @property
    def remaining_calls(self) -> int | None:
        """Calls that can still be reserved here and in every parent; None without a bound."""
        left = [b.calls - b._spent.calls - b._held.calls for b in self._chain() if b.calls is not None]
        return max(0, min(left)) if left else None

    @property
    def remaining_usd(self) -> float | None:
        """Money that can still be reserved here and in every parent; None without a bound."""
        left = [b.usd - b._spent.usd - b._held.usd for b in self._chain() if b.usd is not None]
        return max(0.0, min(left)) if left else None

    @property
    def remaining_seconds(self) -> float | None:
        """Wall time left here and in every parent; None without a bound."""
        now = time.monotonic()
        left = [b._started + b.seconds - now for b in self._chain() if b.seconds is not None]
        return max(0.0, min(left)) if left else None

    @property
    def remaining_tokens(self) -> int | None:
        """Tokens that can still be reserved here and in every parent; None without a bound."""
        left = [b.tokens - b._spent.tokens - b._held.tokens for b in self._chain() if b.tokens is not None]
        return max(0, min(left)) if left else None

    def longest_output(self, sent: int, rates: tuple[float, float] | None) -> float | None:
        """Tokens that an answer to `sent` tokens may have if no other call runs; None where its length is not bounded.

        `rates` are USD per token sent and received; without them money bounds no length.
        """
        left: list[float] = [b.tokens - b._spent.tokens - sent for b in self._chain() if b.tokens is not None]
        if rates is not None and rates[1] > 0:
            left += [(b.usd - b._spent.usd - sent * rates[0]) / rates[1] for b in self._chain() if b.usd is not None]
        return min(left) if left else None

    def check(self, estimate: Usage) -> None:
        """Raise BudgetExceeded if `estimate` could not fit even if the running calls cost nothing."""
        for budget in self._chain():
            limit = budget._fits(estimate, Usage())
            if limit is not None:
                raise BudgetExceeded(limit, budget._spent, float(getattr(budget, limit)))

    async def reserve(self, estimate: Usage) -> Reservation:
        """Set `estimate` aside, waiting for running calls to settle where that could make room.

        Raises BudgetExceeded when the estimate cannot fit, whatever the running calls turn out to cost.
        """
        while True:
            self.check(estimate)
            if all(budget._fits(estimate, budget._held) is None for budget in self._chain()):
                return Reservation(self, estimate)
            await self._wait_for_settlement()

    def time_is_up(self) -> BudgetExceeded:
        """The error for a call that was stopped because the time ran out."""
        return next(
            BudgetExceeded("seconds", budget._spent, budget.seconds)
            for budget in sorted(self._chain(), key=lambda b: b._deadline())
            if budget.seconds is not None
        )

    def record(self, usage: Usage) -> None:
        """Add what was spent without a reservation: cached calls, or what a resumed run spent before."""
        for budget in self._chain():
            budget._spent += usage

    def _fits(self, estimate: Usage, reserved: Usage) -> BudgetLimit | None:
        """The first bound that spent + reserved + estimate would break, if any."""
        parts = self._spent, reserved, estimate
        if self.calls is not None and sum(part.calls for part in parts) > self.calls:
            return "calls"
        if self.tokens is not None and sum(part.tokens for part in parts) > self.tokens:
            return "tokens"
        if self.usd is not None and sum(part.usd for part in parts) > self.usd + _ROUNDING:
            return "usd"
        if self.seconds is not None and time.monotonic() >= self._deadline():
            return "seconds"
        return None

    async def _wait_for_settlement(self) -> None:
        settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(settled)
        try:
            async with asyncio.timeout(self.remaining_seconds):
                await settled
        except TimeoutError:
            raise self.time_is_up() from None
        finally:
            self._waiting.discard(settled)

    def _settle(self, reservation: Reservation, actual: Usage) -> None:
        for budget in self._chain():
            budget._release(reservation.estimate)
            budget._spent += actual
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _hold(self, estimate: Usage) -> None:
        self._running += 1
        self._held += estimate

    def _release(self, estimate: Usage) -> None:
        """Take an estimate back out. With none left nothing is reserved, whatever adding and subtracting has lost."""
        self._running -= 1
        self._held = self._held - estimate if self._running else Usage()

    def _deadline(self) -> float:
        return self._started + self.seconds if self.seconds is not None else float("inf")

    def _chain(self) -> Iterator[Budget]:
        budget: Budget | None = self
        while budget is not None:
            yield budget
            budget = budget.parent


class Reservation:
    """Room for one call. As a context manager it gives back, on leaving, whatever was not settled."""

    def __init__(self, budget: Budget, estimate: Usage) -> None:
        self.estimate = estimate
        self._budget = budget
        self._open = True
        for holder in budget._chain():
            holder._hold(estimate)

    def settle(self, actual: Usage) -> None:
        """Replace the estimate by what the call did cost. Only the first settlement counts."""
        if self._open:
            self._open = False
            self._budget._settle(self, actual)

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.settle(Usage())
