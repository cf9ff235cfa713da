"""What runs need besides models; the workspace's session owns it and ends it."""

from __future__ import annotations

from dataclasses import dataclass, field

from adalang.runtime.approval import Approver, nobody
from adalang.runtime.retrieval.retrieval import Indexes


@dataclass(frozen=True)
class Services:
    """``approver`` asks a person before a tool is called that needs it; ``indexes`` are those of the workspace's corpora."""

    approver: Approver = nobody
    indexes: Indexes = field(default_factory=Indexes)
