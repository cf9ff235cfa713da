"""How anything is bought from a provider: paid out of the budget, within the provider's limits, again after transport failures."""

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
Ask = Callable[[], Awaitable[tuple[Bought, Usage, list[ResponseRecord]]]]
"""Sends one request: what it brings, what that did cost, and the records that keep it."""

# Too many requests for this customer, and for the provider as a whole.
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

    async def buy(self, model: ModelSpec, most: Usage, budget: Budget, ask: Ask[Bought]) -> tuple[Bought, Usage]:
        """What ``ask`` brings, with all that it cost, failed attempts included; its records are in the store by then.

        ``most`` is what one attempt may cost. Raises a Failure, and BudgetExceeded before anything is sent.
        """
        lost = Usage()
        attempt = 0
        while True:
            budget.check(most)
            try:
                found, cost = await self.once(model, most.tokens, budget, lambda: (most, ask))
            except TransportFailure as failure:
                lost += failure.usage
                pause = self.pause(model, failure, attempt)
                if pause is None:
                    failure.usage = lost
                    raise
                await asyncio.sleep(pause)
                attempt += 1
            except Failure as failure:
                failure.usage += lost
                raise
            else:
                return found, cost + lost

    def pause(self, model: ModelSpec, failure: TransportFailure, attempt: int) -> float | None:
        """The seconds until a request is sent again, ``attempt`` counted from 0; ``None`` when it is not.

        A rate limit is a request to wait, and gets more patience than a failure.
        """
        allowed = model.retries * (_RATE_LIMIT_PATIENCE if failure.status == 429 else 1)
        seconds = max(failure.retry_after or 0.0, self._backoff(attempt))
        return seconds if attempt < allowed and seconds <= _LONGEST_PAUSE else None

    async def once(
        self, model: ModelSpec, tokens: int, budget: Budget, offer: Callable[[], tuple[Usage, Ask[Bought]]]
    ) -> tuple[Bought, Usage]:
        """What one request brings, and what it cost; it is paid out of the budget, and its records are in the store by then.

        ``tokens`` are what it likely takes of those per minute. ``offer`` says, once it is the request's turn, what it may cost
        at most and how it is sent. From the step in which an answer is there to the one that keeps it nothing else can
        happen: there is no task between them, so that a cancellation comes either before the answer or after it is on its
        way to the disk.
        """
        limiter = self._limiter(model)
        async with limiter.slot(tokens) as slot:
            most, ask = offer()
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
                    cost = replace(most, exact=False) if failure.maybe_paid else Usage()
                    cost = replace(cost, seconds=time.monotonic() - began)
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
        limiter.succeeded(slot.started, cost.seconds, cost.output_tokens)
        await asyncio.gather(*kept)
        return found, cost
