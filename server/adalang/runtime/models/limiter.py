"""How many calls one model gets at a time, and in a minute: as many as its provider bears.

AIMD: half as many at a time after a 429, three quarters when answers become slow, then slowly more again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from statistics import median_low
from types import TracebackType

_MINUTE = 60.0
_FEWEST_TO_JUDGE = 8
_SLOW = 2.0
_WORTH_A_CUT = 0.1
"""Seconds. Answers that come a little later than the quickest ones are not waiting for each other."""
_FORGETTING = 1.05
_BEFORE_THE_FIRST_TOKEN = 32
"""Reading the prompt takes about as long as writing so many tokens."""


class Slots:
    """Room for `limit` holders at a time; who waits longest comes first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for room and take it."""
        if self.taken < self.limit and not self._waiting:
            self.taken += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had come
                self.give_back()
            raise

    def give_back(self) -> None:
        self.taken -= 1
        self._hand_out()

    def resize(self, limit: int) -> None:
        """Make room for more or fewer; nobody who has a slot loses it."""
        self.limit = limit
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self.taken < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self.taken += 1
                turn.set_result(None)


class Allowance:
    """At most `most` units in any 60 seconds. What is more than that by itself goes alone."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._used: deque[_Use] = deque()
        self._sum = 0

    def wait(self, units: int) -> float:
        """Seconds until `units` more are allowed; 0.0 if they are now."""
        now = time.monotonic()
        while self._used and self._used[0].at <= now - _MINUTE:
            self._sum -= self._used.popleft().units
        excess, until = self._sum + units - self.most, now
        for use in self._used:
            if excess <= 0:
                break
            excess -= use.units
            until = use.at + _MINUTE
        return until - now

    def use(self, units: int) -> _Use:
        use = _Use(time.monotonic(), units)
        self._used.append(use)
        self._sum += units
        return use

    def correct(self, use: _Use, units: int) -> None:
        """What was taken for `use.units` beforehand were `units`."""
        if self._used and use.at >= self._used[0].at:
            self._sum += units - use.units
            use.units = units


class _Use:
    __slots__ = ("at", "units")

    def __init__(self, at: float, units: int) -> None:
        self.at, self.units = at, units


class Limiter:
    """Slots for the concurrent calls of one model, as many as `server` has while nothing speaks against it.

    `rpm` and `tpm` bound requests and tokens (sent and received) in any 60 seconds; None does not.
    """

    def __init__(self, server: Slots, rpm: int | None = None, tpm: int | None = None) -> None:
        self._server = server
        self._slots = Slots(server.limit)
        self._requests = Allowance(rpm) if rpm is not None else None
        self._tokens = Allowance(tpm) if tpm is not None else None
        self._successes = 0
        self._last_cut = float("-inf")
        self._closed_until = float("-inf")
        self._paces: list[tuple[float, float]] = []
        self._quickest = float("inf")

    @property
    def limit(self) -> int:
        """How many calls may run at this moment."""
        return self._slots.limit

    def slot(self, tokens: int = 0) -> Slot:
        """A slot as a context manager: waits for it, for the end of a pause that the server asked for, and for the
        minute's allowance. `tokens` are the most that the call can use."""
        return Slot(self, tokens)

    def throttled(self, started: float, retry_after: float) -> None:
        """A call that began at `started` got a 429: halve the slots; start none for `retry_after` seconds.

        Calls that began before the last cut do not cut again: one burst is one complaint.
        """
        self._closed_until = max(self._closed_until, time.monotonic() + retry_after)
        if started >= self._last_cut:
            self._cut(self.limit // 2)

    def succeeded(self, started: float, seconds: float = 0.0, output_tokens: int = 0) -> None:
        """A call that began at `started` was answered after `seconds`.

        After as many successes as there are slots there is one more, unless the answers have become slow: by half
        of them the server took more than twice as long for a token as it did at its best.
        """
        self._successes += 1
        if started >= self._last_cut:
            self._paces.append((seconds / (_BEFORE_THE_FIRST_TOKEN + output_tokens), seconds))
        if self._successes < self.limit:
            return
        self._successes = 0
        if self._is_slow():
            self._cut(self.limit * 3 // 4)
        elif self.limit < self._server.limit:
            self._slots.resize(self.limit + 1)

    def _is_slow(self) -> bool:
        if len(self._paces) < _FEWEST_TO_JUDGE:
            return False
        pace, seconds = median_low(self._paces)
        self._paces.clear()
        # A model's best is forgotten by and by: it may have become slower for good.
        self._quickest = min(pace, self._quickest * _FORGETTING)
        return pace > _SLOW * self._quickest and seconds * (1 - self._quickest / pace) > _WORTH_A_CUT

    def _cut(self, limit: int) -> None:
        self._last_cut = time.monotonic()
        self._successes = 0
        self._paces.clear()
        self._slots.resize(max(1, limit))

    async def _enter(self, tokens: int) -> tuple[float, _Use | None]:
        """Take a slot of the model and one of the server; the time of it, and what was taken of the tokens."""
        await self._slots.take()
        try:
            while True:
                while (pause := self._pause(tokens)) > 0:  # noqa: ASYNC110 (a time, not an event)
                    await asyncio.sleep(pause)
                await self._server.take()
                # While it waited for the server, another call may have been told to pause.
                if self._pause(tokens) <= 0:
                    break
                self._server.give_back()
        except BaseException:
            self._slots.give_back()
            raise
        if self._requests is not None:
            self._requests.use(1)
        return time.monotonic(), self._tokens.use(tokens) if self._tokens is not None else None

    def _pause(self, tokens: int) -> float:
        pause = self._closed_until - time.monotonic()
        if self._requests is not None:
            pause = max(pause, self._requests.wait(1))
        if self._tokens is not None:
            pause = max(pause, self._tokens.wait(tokens))
        return pause

    def _leave(self, use: _Use | None, tokens: int | None) -> None:
        if use is not None and tokens is not None and self._tokens is not None:
            self._tokens.correct(use, tokens)
        self._server.give_back()
        self._slots.give_back()


class Slot:
    """One call's place; `started` is when it was given. `tokens` may be set to what the call did use."""

    __slots__ = ("_limiter", "_most", "_use", "started", "tokens")

    def __init__(self, limiter: Limiter, most: int) -> None:
        self._limiter, self._most = limiter, most
        self._use: _Use | None = None
        self.started = 0.0
        self.tokens: int | None = None

    async def __aenter__(self) -> Slot:
        self.started, self._use = await self._limiter._enter(self._most)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limiter._leave(self._use, self.tokens)
