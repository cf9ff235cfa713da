"""What is bought besides completions: paid out of the budget, within the provider's limits, again after transport failures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from adalang.runtime.failures import Failure, TransportFailure
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.keeper import Bill, Keeper
from adalang.runtime.models.limiter import Limiter
from adalang.runtime.models.types import ModelSpec, Usage
from adalang.store.records import ResponseRecord

Bought = TypeVar("Bought")
_TOO_MANY = (429, 503, 529)
_LONGEST_PAUSE = 120.0
_RATE_LIMIT_PATIENCE = 4


class Metered:
    """Buys from one gateway's providers. ``backoff`` gives the pause in seconds before a retry, by its number from 0."""

    def __init__(
        self, keeper: Keeper, limiter: Callable[[ModelSpec], Limiter], backoff: Callable[[int], float]
    ) -> None:
        self._keeper = keeper
        self._limiter = limiter
        self._backoff = backoff

    async def buy(
        self,
        model: ModelSpec,
        most: Usage,
        budget: Budget,
        ask: Callable[[], Awaitable[tuple[Bought, Usage, list[ResponseRecord]]]],
    ) -> tuple[Bought, Usage]:
        """What ``ask`` brings, with all that it cost, failed attempts included; its records are in the store by then.

        ``most`` is what one attempt may cost. Raises a Failure, and BudgetExceeded before anything is sent.
        """
        lost = Usage()
        attempt = 0
        while True:
            try:
                found, cost = await self._attempt(model, most, budget, ask)
            except TransportFailure as failure:
                lost += failure.usage
                pause = max(failure.retry_after or 0.0, self._backoff(attempt))
                allowed = model.retries * (_RATE_LIMIT_PATIENCE if failure.status == 429 else 1)
                if attempt >= allowed or pause > _LONGEST_PAUSE:
                    failure.usage = lost
                    raise
                await asyncio.sleep(pause)
                attempt += 1
            except Failure as failure:
                failure.usage += lost
                raise
            else:
                return found, cost + lost

    async def _attempt(
        self,
        model: ModelSpec,
        most: Usage,
        budget: Budget,
        ask: Callable[[], Awaitable[tuple[Bought, Usage, list[ResponseRecord]]]],
    ) -> tuple[Bought, Usage]:
        budget.check(most)
        limiter = self._limiter(model)
        async with limiter.slot(most.tokens) as slot:
            with await budget.reserve(most) as reservation:
                bill = Bill(self._keeper, budget.account, most)
                cost = Usage()
                began = time.monotonic()
                try:
                    await bill.written()
                    cost = most  # the provider may finish, and bill, what nobody waits for any more
                    found, cost, records = await ask()
                    kept = [self._keeper.keep(one) for one in records]
                except TransportFailure as failure:
                    cost = replace(most if failure.maybe_paid else Usage(), seconds=time.monotonic() - began)
                    failure.usage = cost
                    if failure.status in _TOO_MANY:
                        limiter.throttled(slot.started, failure.retry_after or 0.0)
                    raise
                except Failure:
                    cost = Usage()
                    raise
                finally:
                    reservation.settle(cost)
                    bill.settle(cost)
                    slot.tokens = cost.tokens
        limiter.succeeded(slot.started, cost.seconds, 0)
        await asyncio.gather(*kept)
        return found, cost
