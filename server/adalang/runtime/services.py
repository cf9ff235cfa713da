"""What runs need besides models; the workspace's session owns it and ends it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from adalang.runtime.approval import Approver, nobody, nobody_because
from adalang.runtime.retrieval.retrieval import Indexes
from adalang.runtime.tools.host import Tools
from adalang.runtime.tools.observations import Observations

Effects = Literal["run", "replay"]


@dataclass(frozen=True)
class Services:
    """``approver`` asks a person before a tool is called that needs it; ``indexes`` are those of the workspace's corpora.

    ``effects``: whether tools with effects, and tools that need approval, are called ("run"), or answered from what
    ``observations`` has of earlier calls ("replay"), as where an optimizer tries things out. ``toolless``: models, by id and
    address, that said that they take no tools. ``file_folders``: where files that inputs name may be, besides the workspace.
    """

    approver: Approver = nobody
    indexes: Indexes = field(default_factory=Indexes)
    tools: Tools = field(default_factory=Tools)
    effects: Effects = "run"
    observations: Observations | None = None
    toolless: set[tuple[str, str]] = field(default_factory=set)
    file_folders: tuple[Path, ...] = ()

    def unattended(self, why: str) -> Services:
        """The same where nobody can be asked: ``why`` is told to whoever needed it."""
        return replace(self, approver=nobody_because(why))

    def replaying(self) -> Services:
        """The same without tools' effects: what runs by itself, and again and again, only replays them."""
        return replace(self, effects="replay")

    async def aclose(self) -> None:
        """End the tools' processes and let go of the indexes."""
        await self.tools.aclose()
        await self.indexes.aclose()
