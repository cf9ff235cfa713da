"""Writes answers down: all that arrive in one turn of the event loop in one commit, and before anyone sees them."""

from __future__ import annotations

import asyncio

from adalang.store import Store
from adalang.store.records import ResponseRecord


class Keeper:
    """Keeps answers in the store; for one event loop.

    A commit takes as long for many rows as for one. None waits for more to come: what has arrived by the end of the
    loop's turn is committed then, so an answer is safe sooner than if those that came with it were before it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._arrived: list[tuple[ResponseRecord, asyncio.Future[None]]] = []

    def keep(self, record: ResponseRecord) -> asyncio.Future[None]:
        """Keep an answer; it is safe from the death of this process when the future is done.

        The future has a StoreError if it could not be written. Whoever awaits it may be cancelled: the answer is kept.
        """
        loop = asyncio.get_running_loop()
        if not self._arrived:
            loop.call_soon(self.commit)
        done: asyncio.Future[None] = loop.create_future()
        self._arrived.append((record, done))
        return done

    def commit(self) -> None:
        """Commit what has arrived, now."""
        arrived, self._arrived = self._arrived, []
        if not arrived:
            return
        try:
            self._store.put_responses([record for record, _ in arrived])
        except Exception as error:
            for _, done in arrived:
                if not done.done():
                    done.set_exception(error)
        else:
            for _, done in arrived:
                if not done.done():
                    done.set_result(None)
