"""What a run that was stopped goes on from: each answer of a model and each tool's, written down before the next thing happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Protocol

from adalang.runtime.approval import ApprovalRequest, Approver, Decision
from adalang.runtime.failures import Failure, NotApproved, ToolFailure
from adalang.runtime.services import Services
from adalang.runtime.trace import Place

_STARTED, _ASKED = "started", "asked"
_IN_DOUBT = "the run was stopped while this was called, so it is not known whether it took effect; it is not called again by itself"


class Journal(Protocol):
    """Keeps JSON objects by the place in the program that they belong to; what was written survives the process."""

    def read(self, place: Place) -> Mapping[str, Any] | None: ...

    def write(self, place: Place, content: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Called:
    """A tool's output, and the inputs that it was called with: a person may have changed them."""

    output: Any
    inputs: Mapping[str, Any]


_place: ContextVar[Place | None] = ContextVar("place", default=None)


async def once(journal: Journal, place: Place, *, repeatable: bool, call: Callable[[], Awaitable[Called]]) -> Called:
    """A tool's call, or what is written down of it. One that was under way when the run stopped is made again only if that does
    no harm (``repeatable``) or a person was being asked.

    Raises:
        ToolFailure, NotApproved: now, or when the call was made; or whether it took effect is in doubt.
    """
    known = journal.read(place)
    match known.get("state") if known is not None else None:
        case "done":
            assert known is not None
            return Called(known["output"], known["inputs"])
        case "failed":
            assert known is not None
            raise (NotApproved if known["refused"] else ToolFailure)(known["error"])
        case "started" if not repeatable:
            raise ToolFailure(_IN_DOUBT)
    journal.write(place, {"state": _STARTED})
    _place.set(place)
    try:
        called = await call()
    except (NotApproved, ToolFailure) as failure:
        refused = isinstance(failure, NotApproved)
        journal.write(place, {"state": "failed", "error": str(failure), "refused": refused})
        raise
    except Failure:
        journal.write(place, {"state": _ASKED})  # nothing was called, or nothing that counts: the next run tries again
        raise
    journal.write(place, {"state": "done", "output": called.output, "inputs": dict(called.inputs)})
    return called


def with_journal(services: Services, journal: Journal) -> Services:
    """The services with an approver that writes down while a person is being asked: nothing has been called then."""
    asking: Approver = services.approver

    async def ask(request: ApprovalRequest) -> Decision:
        place = _place.get()
        if place is None:
            return await asking(request)
        journal.write(place, {"state": _ASKED})
        decision = await asking(request)
        journal.write(place, {"state": _STARTED})
        return decision

    return replace(services, approver=ask)
