"""How an optimization ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from adalang.optimizer.candidate import Candidate, Choice
from adalang.optimizer.edits import hunks
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param
from adalang.runtime.models.types import Usage
from adalang.store.records import Change, Evidence

Kind = Literal["proposal", "hint", "nothing", "void"]

_LITTLE = 1e-9


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and what can be said of it. `reason` is one sentence for a person.

    `proposal`: confirmed on untouched rows. `hint`: something better in the search, not confirmed; never to be applied by
    itself or called an improvement. `nothing`: no change is offered. `void`: too many runs got no answer, so that no
    figure can be trusted. `little_to_gain`: no search was made, since it is not worth its price; `Settings.anyway` makes it.
    """

    kind: Kind
    reason: str
    candidate: Candidate | None = None
    evidence: Evidence | None = None
    little_to_gain: bool = False

    @classmethod
    def nothing_better(cls, search: Search) -> Finding:
        """No candidate beat what the file holds now."""
        if search.end is not None and search.end.code == "teacher":
            return cls("nothing", f"{search.end.sentence}, and nothing that was tried before did better")
        if search.end is not None and search.end.code == "reserve" and not search.round:
            return cls("nothing", "the budget pays for the final test and for no round of search")
        incumbent = search.archive.incumbent
        mean, known = search.score(incumbent), len(incumbent.scores)
        if not known:
            return cls("nothing", "there was no change that could be tried")
        if mean >= 1.0 - _LITTLE and known >= len(search.val):
            return cls("nothing", "every selection row is right already: there is nothing to gain")
        rows = (
            "the selection rows"
            if known >= len(search.val)
            else f"the {known} of {len(search.val)} selection rows looked at"
        )
        return cls("nothing", f"no candidate did better than the present {round(100 * mean)} % on {rows}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finding (see :class:`Finding`) as a change of the file, with what it took to find."""

    kind: Kind
    reason: str
    changes: tuple[Change, ...] = ()
    evidence: Evidence | None = None
    candidate: Candidate | None = None
    rounds: int = 0
    runs: int = 0
    usage: Usage = field(default_factory=Usage)
    little_to_gain: bool = False


def changes_of(candidate: Candidate, incumbent: Candidate, params: Sequence[Param]) -> tuple[Change, ...]:
    """The params that differ, in the order of `params`."""
    changed = candidate.changed(incumbent)
    return tuple(_change(param, candidate) for param in params if param.id in changed)


def _change(param: Param, candidate: Candidate) -> Change:
    after = candidate.values[param.id]
    if isinstance(after, str) and isinstance(param.value, str):
        parts = tuple({"before": "\n".join(h.before), "after": "\n".join(h.after)} for h in hunks(param.value, after))
        return Change(param.id, "text", param.value, after, parts)
    if isinstance(after, Choice) and isinstance(param.value, Choice):
        return Change(param.id, "choice", param.value.option, after.option)
    assert isinstance(param.value, tuple)
    return Change(param.id, "demos", list(param.value), [dict(demo) for demo in candidate.demos(param.id)])
