"""Calls ``python("file.py:function")`` metrics, in processes of their own (:mod:`adalang.runtime.tools.python_process`)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adalang.runtime.failures import BugFailure, ToolFailure, ToolUnavailable

if TYPE_CHECKING:
    from adalang.runtime.tools.host import Metric, Tools


class PythonMetrics:
    """The functions that one evaluation or optimization calls: as their files were at the first call, until :meth:`give_back`."""

    def __init__(self) -> None:
        self._functions: dict[str, Metric] = {}
        self._finding = asyncio.Lock()

    async def function(self, tools: Tools, folder: Path, written: str) -> Metric:
        """The function that ``written`` ("file.py:function") names, its file found in ``folder``.

        Raises:
            BugFailure: the file does not exist, or cannot be imported.
        """
        async with self._finding:
            known = self._functions.get(written)
            if known is None or not known.alive:
                if known is not None:
                    self._functions.pop(written).give_back()
                known = self._functions[written] = await tools.metric(folder, written)
            return known

    async def call(self, function: Metric, written: str, known: Mapping[str, Any], seconds: float) -> Any:
        """What the function gives for those of ``known`` that it names.

        Raises:
            BugFailure: it raised something or ended its process, gave what is no JSON, or took longer than ``seconds``.
        """
        try:
            return await function.call(known, seconds)
        except ToolUnavailable:
            raise BugFailure(
                f"the metric {written} did not come back within {seconds:g} seconds; where it needs more, set `metric_seconds`"
            ) from None
        except (ToolFailure, BugFailure) as failure:
            raise BugFailure(f"the metric {written} failed: {failure}") from None

    def give_back(self) -> None:
        """Let go of the functions. Their processes stay warm for the next one, as long as their files do not change."""
        for one in self._functions.values():
            one.give_back()
        self._functions.clear()
