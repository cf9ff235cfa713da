"""Which process runs a call of a Python function. A tool's file has one that stays warm, and more as long as calls overlap; a
metric's has one, which all its calls share."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adalang.runtime.failures import BugFailure
from adalang.runtime.tools.python_process import PythonProcess
from adalang.runtime.tools.source import SECONDS

_MOST = 8
"""Processes of one file: further calls wait for one of them."""
_SPARE_SECONDS = 3.0
"""How long a process that is not needed waits for the next burst of calls, if it is not the file's only one."""

Key = tuple[Path, int, frozenset[tuple[str, str]]]


@dataclass(eq=False)
class _File:
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST))
    idle: list[tuple[PythonProcess, float]] = field(default_factory=list)
    """Those without a call, and since when; the one used last stands last."""
    tidying: asyncio.TimerHandle | None = None

    def rest(self, process: PythonProcess) -> None:
        """A process has nothing to do any more."""
        self.idle.append((process, time.monotonic()))
        if len(self.idle) > 1 and self.tidying is None:
            self.tidying = asyncio.get_running_loop().call_later(_SPARE_SECONDS, self._tidy)

    def warm(self) -> PythonProcess | None:
        """The process that was used last, as long as its files have not changed."""
        while self.idle:
            process, _ = self.idle.pop()
            if process.alive and process.current:
                return process
            process.kill()
        return None

    def close(self) -> None:
        if self.tidying is not None:
            self.tidying.cancel()

    def _tidy(self) -> None:
        """End those that were not needed for a while, but for the one used last."""
        self.tidying, now = None, time.monotonic()
        while len(self.idle) > 1 and now - self.idle[0][1] >= _SPARE_SECONDS:
            self.idle.pop(0)[0].kill()
        if len(self.idle) > 1:
            wait = self.idle[0][1] + _SPARE_SECONDS - now
            self.tidying = asyncio.get_running_loop().call_later(wait, self._tidy)


class PythonTools:
    """Runs functions of Python files in processes of their own. Belongs to one event loop."""

    def __init__(self) -> None:
        self._files: dict[Key, _File] = {}
        self._shared: dict[Path, PythonProcess] = {}
        self._borrowed: Counter[PythonProcess] = Counter()
        self._all: set[PythonProcess] = set()
        self._starts: set[asyncio.Task[PythonProcess]] = set()
        self._starting = asyncio.Lock()
        self._closed = False

    async def call(
        self,
        file: Path,
        function: str,
        inputs: Mapping[str, Any],
        sending: Callable[[], None],
        *,
        environment: Mapping[str, str],
        seconds: float,
        memory: int,
    ) -> Any:
        """See :meth:`PythonProcess.imported` and :meth:`PythonProcess.call`. Neither waiting for a free process nor the import takes time
        of the call's."""
        known = self._files.setdefault((file, memory, frozenset(environment.items())), _File())
        async with known.places:
            self._still_open()
            process = known.warm() or await self._started(file, environment, memory, seconds)
            try:
                sending()
                return await process.call(function, inputs, seconds)
            finally:
                if process.alive:
                    known.rest(process)
                self._all = {one for one in self._all if not one.gone}

    async def borrow(self, file: Path, environment: Mapping[str, str]) -> PythonProcess:
        """A process of the file as it is now, for many calls at once and as much memory as they take. It stays the same however
        the file changes, until :meth:`give_back`. Raises as :meth:`PythonProcess.imported`.
        """
        async with self._starting:
            self._still_open()
            process = self._shared.get(file)
            if process is None or not process.alive or not process.current:
                if process is not None:
                    self._let_go(process)
                process = self._shared[file] = await self._started(file, environment, 0, SECONDS)
            self._borrowed[process] += 1
            return process

    def give_back(self, process: PythonProcess) -> None:
        """One that has become old, and that nobody has borrowed any more, ends."""
        self._borrowed[process] -= 1
        if process not in self._shared.values():
            self._let_go(process)

    async def aclose(self) -> None:
        """End all processes, those at work too, and those that are being started; none begins any more."""
        self._closed = True
        for one in self._files.values():
            one.close()
        while self._starts:
            await asyncio.wait(self._starts)
        ending, self._all, self._files, self._shared = self._all, set(), {}, {}
        await asyncio.gather(*(one.ended() for one in ending))

    def _still_open(self) -> None:
        if self._closed:
            raise BugFailure("its session has ended")

    async def _started(self, file: Path, environment: Mapping[str, str], memory: int, seconds: float) -> PythonProcess:
        start = asyncio.create_task(self._start(file, environment, memory))
        self._starts.add(start)
        start.add_done_callback(self._starts.discard)
        try:
            process = await start
        except asyncio.CancelledError:
            if start.done() and not start.cancelled() and start.exception() is None:
                start.result().kill()  # it was there just now
            raise
        await process.imported(seconds)
        return process

    async def _start(self, file: Path, environment: Mapping[str, str], memory: int) -> PythonProcess:
        process = await PythonProcess.start(file, environment, memory)
        self._all.add(process)
        return process

    def _let_go(self, process: PythonProcess) -> None:
        if not self._borrowed[process]:
            del self._borrowed[process]
            process.kill()
