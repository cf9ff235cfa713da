"""Writes answers and payments down: all that come in one turn of the event loop in one commit, and before anyone acts on them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from adalang.runtime.models.types import Usage
from adalang.store import Store
from adalang.store.records import PaymentRecord, ResponseRecord


class Keeper:
    """Keeps answers, and what was paid for them, in the store; for one event loop.

    A commit takes as long for many rows as for one. None waits for more to come: what has arrived by the end of the
    loop's turn is committed then, so an answer is safe sooner than if those that came with it were before it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: list[ResponseRecord] = []
        self._payments: dict[str, PaymentRecord] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._scheduled = False

    def keep(self, record: ResponseRecord) -> asyncio.Future[None]:
        """Keep an answer; it is safe from the death of this process when the future is done.

        The future has a StoreError if it could not be written. Whoever awaits it may be cancelled: the answer is kept.
        """
        self._answers.append(record)
        return self._written()

    def pay(self, payment: PaymentRecord) -> asyncio.Future[None]:
        """Keep a payment in the commit of this turn; one of the same id is replaced."""
        self._payments[payment.id] = payment
        return self._written()

    def commit(self) -> None:
        """Commit what has arrived, now."""
        answers, self._answers = self._answers, []
        payments, self._payments = self._payments, {}
        waiting, self._waiting = self._waiting, []
        self._scheduled = False
        if not waiting:
            return
        try:
            self._store.put_responses(answers, list(payments.values()))
        except Exception as error:
            for done in waiting:
                if not done.done():
                    done.set_exception(error)
        else:
            for done in waiting:
                if not done.done():
                    done.set_result(None)

    def _written(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self.commit)
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append(done)
        return done


class Bill:
    """What one attempt costs its account: written down with its most before anything is sent, and then as it was."""

    def __init__(self, keeper: Keeper, account: str, most: Usage) -> None:
        self._keeper = keeper
        self._record = PaymentRecord(account, **_amounts(most)) if account else None

    async def written(self) -> None:
        """Wait until the most that it may cost is in the store."""
        if self._record is not None:
            await self._keeper.pay(self._record)

    def settle(self, cost: Usage) -> None:
        """Write down what it did cost, together with the answer if that came in the same turn."""
        if self._record is None:
            return
        settled = replace(self._record, **_amounts(cost), settled=time.time())
        # Nobody waits for it: if it cannot be written, the answer beside it cannot either, and that is told.
        self._keeper.pay(settled).add_done_callback(lambda done: done.cancelled() or done.exception())


def _amounts(usage: Usage) -> dict[str, Any]:
    return {
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "usd": usage.usd,
        "priced": usage.priced,
    }
