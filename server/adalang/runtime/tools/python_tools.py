"""Which process runs a call of a Python function. A tool's file has one that stays warm, and more while calls overlap; a metric's
has one, which all its calls share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adalang.runtime.tools.python_process import PythonProcess
from adalang.runtime.tools.source import SECONDS

_MOST = 8
"""Processes of one file: further calls wait for one of them."""

Key = tuple[Path, int, frozenset[tuple[str, str]]]


@dataclass(eq=False)
class _File:
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST))
    idle: list[PythonProcess] = field(default_factory=list)


class PythonTools:
    """Runs functions of Python files in processes of their own. Belongs to one event loop."""

    def __init__(self) -> None:
        self._files: dict[Key, _File] = {}
        self._shared: dict[Path, PythonProcess] = {}
        self._borrowed: Counter[PythonProcess] = Counter()
        self._all: set[PythonProcess] = set()
        self._starting = asyncio.Lock()

    async def call(
        self,
        file: Path,
        function: str,
        inputs: Mapping[str, Any],
        *,
        environment: Mapping[str, str],
        seconds: float,
        memory: int,
    ) -> Any:
        """See :meth:`PythonProcess.imported` and :meth:`PythonProcess.call`. Neither waiting for a free process nor the import takes time
        of the call's."""
        known = self._files.setdefault((file, memory, frozenset(environment.items())), _File())
        async with known.places:
            process = self._warm(known)
            if process is None:
                process = await self._started(file, environment, memory, seconds)
            try:
                return await process.call(function, inputs, seconds)
            finally:
                if process.alive:
                    known.idle.append(process)
                self._all = {one for one in self._all if not one.gone}

    async def borrow(self, file: Path, environment: Mapping[str, str]) -> PythonProcess:
        """A process of the file as it is now, for many calls at once and as much memory as they take. It stays the same however
        the file changes, until :meth:`give_back`. Raises as :meth:`PythonProcess.imported`.
        """
        async with self._starting:
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
        """End all processes, those at work too."""
        ending, self._all, self._files, self._shared = self._all, set(), {}, {}
        await asyncio.gather(*(one.ended() for one in ending))

    async def _started(self, file: Path, environment: Mapping[str, str], memory: int, seconds: float) -> PythonProcess:
        process = await PythonProcess.start(file, environment, memory)
        self._all.add(process)
        await process.imported(seconds)
        return process

    def _let_go(self, process: PythonProcess) -> None:
        if not self._borrowed[process]:
            del self._borrowed[process]
            process.kill()

    def _warm(self, known: _File) -> PythonProcess | None:
        """The process that was used last, as long as its files have not changed."""
        while known.idle:
            process = known.idle.pop()
            if process.alive and process.current:
                return process
            process.kill()
        return None
