"""A person's word before a tool is called. Whoever starts a run brings the way to ask; without one nothing is approved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A call that waits. ``tool`` is the tool's id, ``inputs`` are the values by name that it would be called with,
    ``asked_by`` is the component that wants the call ("" for a tool that is run by itself)."""

    tool: str
    inputs: Mapping[str, Any]
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """``inputs`` are what the tool is called with: those that were asked about, or the person's. ``note`` says why not."""

    approved: bool
    inputs: Mapping[str, Any]
    note: str = ""


Approver = Callable[[ApprovalRequest], Awaitable[Decision]]
"""Asks a person. Cancelled when the run is; it may take as long as the person does."""


async def nobody(request: ApprovalRequest) -> Decision:
    """Where no person can be asked: refuses."""
    return Decision(False, request.inputs, "it needs approval, and there is nobody to ask")
