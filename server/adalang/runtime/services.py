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
    address, that said that they take no tools. ``answers_for_all``: the approver is a function that was given for just this, and no
    person at a terminal or in an editor: it is asked in evals and optimizations too. ``file_folders``: where files that inputs name
    may be, besides the workspace.
    """

    approver: Approver = nobody
    indexes: Indexes = field(default_factory=Indexes)
    tools: Tools = field(default_factory=Tools)
    effects: Effects = "run"
    observations: Observations | None = None
    toolless: set[tuple[str, str]] = field(default_factory=set)
    answers_for_all: bool = False
    file_folders: tuple[Path, ...] = ()

    def unattended(self, why: str) -> Services:
        """The same where no person can be asked: ``why`` is told to whoever needed it."""
        return self if self.answers_for_all else replace(self, approver=nobody_because(why))

    def replaying(self) -> Services:
        """The same without tools' effects, and without a person: what runs by itself, again and again, only replays them."""
        return replace(self.unattended("nobody is asked where tools are only replayed"), effects="replay")

    async def aclose(self) -> None:
        """End the tools' processes and let go of the indexes."""
        await self.tools.aclose()
        await self.indexes.aclose()
