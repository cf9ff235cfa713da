"""Python tools: which process runs a call. A file has one that stays warm, and more while calls overlap."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adalang.runtime.tools.python_process import PythonProcess

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
        self._all: set[PythonProcess] = set()

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
        """See :meth:`PythonProcess.imported` and :meth:`PythonProcess.call`. Waiting for a free process takes no time of the call's."""
        known = self._files.setdefault((file, memory, frozenset(environment.items())), _File())
        async with known.places:
            process = self._warm(known)
            if process is None:
                process = await PythonProcess.start(file, environment, memory)
                self._all.add(process)
                await process.imported()
            try:
                return await process.call(function, inputs, seconds)
            finally:
                if process.alive:
                    known.idle.append(process)
                self._all = {one for one in self._all if not one.gone}

    async def aclose(self) -> None:
        """End all processes, those at work too."""
        ending, self._all, self._files = self._all, set(), {}
        await asyncio.gather(*(one.ended() for one in ending))

    def _warm(self, known: _File) -> PythonProcess | None:
        """The process that was used last, as long as its files have not changed."""
        while known.idle:
            process = known.idle.pop()
            if process.alive and process.current:
                return process
            process.kill()
        return None
