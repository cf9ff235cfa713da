"""What runs need besides models; the workspace's session owns it and ends it."""

from __future__ import annotations

from dataclasses import dataclass, field

from adalang.runtime.approval import Approver, nobody


@dataclass(frozen=True)
class Services:
    """``approver`` asks a person before a tool is called that needs it. ``toolless``: models, by id and address, that said that
    they take no tools."""

    approver: Approver = nobody
    toolless: set[tuple[str, str]] = field(default_factory=set)
