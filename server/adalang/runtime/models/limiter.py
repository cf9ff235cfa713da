"""How many calls one provider gets at a time: half as many after a 429, then slowly more again (AIMD)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Limiter:
    """Slots for concurrent calls to one server, `most` of them while it does not complain."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = most
        self._slots = asyncio.Semaphore(most)
        self._owed = 0
        self._successes = 0
        self._last_cut = float("-inf")
        self._closed_until = float("-inf")

    @property
    def limit(self) -> int:
        """How many calls may run at this moment."""
        return self._limit

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Wait for a slot and for the end of a pause that the server asked for; yields the time of it."""
        await self._slots.acquire()
        try:
            while (pause := self._closed_until - time.monotonic()) > 0:  # noqa: ASYNC110 (a time, not an event)
                await asyncio.sleep(pause)
            yield time.monotonic()
        finally:
            self._give_back()

    def throttled(self, started: float, retry_after: float) -> None:
        """A call that began at `started` got a 429: halve the slots; start none for `retry_after` seconds.

        Calls that began before the last cut do not cut again: one burst is one complaint.
        """
        now = time.monotonic()
        self._closed_until = max(self._closed_until, now + retry_after)
        if started < self._last_cut:
            return
        self._last_cut = now
        self._successes = 0
        smaller = max(1, self._limit // 2)
        self._owed += self._limit - smaller
        self._limit = smaller

    def succeeded(self) -> None:
        """A call was answered: after as many successes as there are slots, there is one slot more."""
        self._successes += 1
        if self._limit < self._most and self._successes >= self._limit:
            self._successes = 0
            self._limit += 1
            self._give_back()

    def _give_back(self) -> None:
        if self._owed:
            self._owed -= 1
        else:
            self._slots.release()
