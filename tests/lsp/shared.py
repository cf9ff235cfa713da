"""One server for many tests: a start costs more than most of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.lsp.wire import Wire


class Shared:
    """A server that the next test takes over when this one has come to its end, and a new one otherwise."""

    def __init__(self, start: Callable[[Wire], object]) -> None:
        self._start = start
        self._idle: Wire | None = None

    @contextmanager
    def use(self) -> Iterator[Wire]:
        wire, self._idle = self._idle, None
        if wire is None or wire.process.poll() is not None:
            wire = Wire()
            self._start(wire)
        healthy = False
        try:
            yield wire
            healthy = not wire.hangs
        finally:
            if healthy:
                self._idle = wire
            else:
                wire.__exit__()

    def close(self) -> None:
        if self._idle is not None:
            self._idle.__exit__()
