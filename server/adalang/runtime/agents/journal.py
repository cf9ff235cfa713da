"""What a run that was stopped goes on from: each answer of a model and each tool's, written down before the next thing happens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from adalang.runtime.failures import BugFailure, CannotGoOn, NotApproved, ToolFailure, ToolSaysNo
from adalang.runtime.trace import Place

_IN_DOUBT = "the run was stopped while this was called, so it is not known whether it took effect; it is not called again by itself"
_BEGIN_ANEW = "; look whether it did, then delete the session (`adalang sessions delete`) to begin anew"


class Journal(Protocol):
    """Keeps JSON objects by the place in the program that they belong to; what was written survives the process."""

    def read(self, place: Place) -> Mapping[str, Any] | None: ...

    def write(self, place: Place, content: Mapping[str, Any]) -> None: ...

    def claim(self, place: Place, content: Mapping[str, Any]) -> None:
        """Write what begins at a place. Raises BugFailure: somebody else has written there since it was read."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tool's call as the program means it, at a ``place`` of its own. ``repeatable``: to make it again does no harm.
    ``observed``: an agent reads what comes of it, a failure too, and goes on from that. Where it is neither, what is written
    down says that a run that was stopped in it does not go on ``again``."""

    place: Place
    tool: str
    inputs: Mapping[str, Any]
    repeatable: bool
    observed: bool

    def content(self, state: str, **more: Any) -> dict[str, Any]:
        again = self.repeatable or self.observed
        return {"state": state, "tool": self.tool, "of": digest(self.tool, self.inputs), "again": again, **more}


@dataclass(frozen=True, slots=True)
class Called:
    """A tool's output, and the inputs that it was called with: a person may have changed them."""

    output: Any
    inputs: Mapping[str, Any]


def digest(component: str, inputs: Mapping[str, Any]) -> str:
    """What tells whether something written down is of the same component and inputs, without writing those down."""
    given = json.dumps([component, inputs], sort_keys=True, default=str)
    return hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()[:32]


async def once(journal: Journal, wanted: Wanted, call: Callable[[], Awaitable[Called]]) -> Called:
    """A tool's call, or what is written down of it. One that was under way when the run stopped is made again only if that does
    no harm, one that failed only where nobody has gone on from that.

    Raises:
        ToolFailure, NotApproved: now, or when the call was made; or an agent has to know that its effect is in doubt.
        CannotGoOn: so is it, and nobody goes on from that; or a call that cannot be made twice was another one.
    """
    known = journal.read(wanted.place)
    if known is not None and known["of"] != digest(wanted.tool, wanted.inputs):
        if not wanted.repeatable and known["state"] != "waits":
            raise CannotGoOn(
                f"before the run was stopped `{known['tool']}` was called here, and now `{wanted.tool}` would be with other "
                f"inputs{_BEGIN_ANEW}"
            )
        known = None
    match known:
        case {"state": "done", "output": output, "inputs": inputs}:
            return Called(output, inputs)
        case {"state": "failed", "error": error, "refused": refused}:
            raise (NotApproved if refused else ToolFailure)(error)
        case {"state": "started"} if not wanted.repeatable:
            if wanted.observed:
                raise ToolFailure(_IN_DOUBT)
            raise CannotGoOn(f"`{wanted.tool}`: {_IN_DOUBT}{_BEGIN_ANEW}")
    journal.claim(wanted.place, wanted.content("waits"))
    try:
        called = await call()
    except ToolFailure as failure:
        if wanted.observed:
            told = {"error": str(failure), "refused": isinstance(failure, NotApproved)}
            journal.write(wanted.place, wanted.content("failed", **told))
        elif isinstance(failure, ToolSaysNo):  # after all other failures it may have taken effect
            journal.write(wanted.place, wanted.content("waits"))
        raise
    except BugFailure:
        journal.write(wanted.place, wanted.content("waits"))  # it cannot be called as it is declared, and was not
        raise
    journal.write(wanted.place, wanted.content("done", output=called.output, inputs=dict(called.inputs)))
    return called


def started(journal: Journal, place: Place) -> None:
    """The call goes out now: until then, as long as a person is asked or a connection is made, nothing has happened."""
    journal.write(place, {**(journal.read(place) or {}), "state": "started"})
