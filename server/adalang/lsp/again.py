"""Background work that is asked for often, and need not be done as often."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

Keep = Callable[[Coroutine[Any, Any, Any]], None]


class Again:
    """``work``, one at a time, started by ``keep``: what asks for it while it is done has it done once more afterwards."""

    def __init__(self, keep: Keep, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self._keep, self._work = keep, work
        self._is_busy = False
        self._is_wanted = False

    def ask(self) -> None:
        self._is_wanted = True
        if not self._is_busy:
            self._is_busy = True
            self._keep(self._run())

    async def _run(self) -> None:
        try:
            while self._is_wanted:
                self._is_wanted = False
                await self._work()
        finally:
            self._is_busy = False
