"""Proposals in the current text: where they stand in it, and the edits that would apply them now, whole or in parts.

Pure: a stored proposal and a program in, an answer out. A text that is still what the proposal was made against is replaced
exactly; one that has changed elsewhere is merged three ways; one that has changed in the same lines makes the proposal stale,
and nothing is offered but to dismiss it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adalang.engine.changeable import Changeable, changeable_named, edits_for
from adalang.engine.choices import Switch
from adalang.engine.choices.descriptions import Description
from adalang.engine.proposals import evidence_line, new_values, why_outdated
from adalang.language.declarations import Param, Text
from adalang.language.edits import EditRefused, Hunk, apply_hunks, hunks
from adalang.language.fingerprint import FileHash
from adalang.language.program import Program
from adalang.language.reach import Trainable
from adalang.language.text import Edit, Span
from adalang.store.records import Proposal


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the name stands of what is changed, or of the declaration that it belongs to."""

    path: Path
    span: Span


@dataclass(frozen=True)
class Anchored:
    """A proposal in the current text: the values that its params would get, or why it is ``stale``.

    ``outdated``: why its test does not speak for the current text; "" when it does, or when the proposal is stale.
    """

    proposal: Proposal
    program: Program
    marks: tuple[Mark, ...]
    values: Mapping[str, Any]
    stale: str = ""
    outdated: str = ""

    @property
    def is_applied(self) -> bool:
        """Whether the text holds all of it already."""
        return not self.stale and not self.values

    @property
    def can_apply(self) -> bool:
        """Whether there are edits that apply it."""
        try:
            self.edits()
        except EditRefused:
            return False
        return True

    def edits(self) -> Mapping[Path, tuple[Edit, ...]]:
        """The edits that apply it to the current text, by file.

        Raises:
            EditRefused: it is stale, or cannot be written exactly.
        """
        if self.stale:
            raise EditRefused(self.stale)
        return edits_for(self.program, self.values)


@dataclass(frozen=True, slots=True)
class Part:
    """One of ``count`` changes that a proposal makes, which can be made without the others: a run of lines of a param's text,
    or all examples of a demos block. ``span`` is where it stands in the file now."""

    param: str
    number: int
    count: int
    path: Path
    span: Span
    value: Any
    gist: str
    """What it adds, or takes out, in a few words."""

    @property
    def title(self) -> str:
        return f"Try change {self.number} of {self.count} alone, untested so: {self.gist}"

    def edits(self, program: Program) -> Mapping[Path, tuple[Edit, ...]]:
        """The edits that make this change alone.

        Raises:
            EditRefused: it cannot be written exactly.
        """
        return edits_for(program, {self.param: self.value})


def parts_of(found: Anchored) -> tuple[Part, ...]:
    """The single changes of a proposal; none where there is only one, or where it is stale."""
    if found.stale:
        return ()
    named = {name: changeable_named(found.program, name) for name in found.values}
    changes = [(one, *change) for name, one in named.items() if one for change in _changes(one, found.values[name])]
    if len(changes) < 2:
        return ()
    return tuple(
        Part(one.id, number, len(changes), one.owner.module.path, span, value, gist)
        for number, (one, span, value, gist) in enumerate(changes, 1)
    )


def _changes(one: Changeable, value: Any) -> Iterator[tuple[Span, Any, str]]:
    """Where each change stands, the new value with that change alone, and its gist."""
    match one.part:
        case Trainable(part=Param(value=Text() as text)):
            yield from _text_changes(one, text, value)
        case Trainable(part=part):
            span = part.span.shifted(one.owner.item.start)
            yield span, value, f"the examples of `{one.id}` ({len(value)} now)"
        case Description(span=span):
            for hunk in hunks(one.value, value):
                yield span, apply_hunks(one.value, [hunk]), _gist(hunk)
        case Switch(state=state):
            yield one.mark, value, f"`{one.id}`: {state} -> {value}"


def _text_changes(one: Changeable, text: Text, value: str) -> Iterator[tuple[Span, str, str]]:
    current = text.value
    lines = current.split("\n")
    for hunk in hunks(current, value):
        low = sum(len(line) + 1 for line in lines[: hunk.start])
        high = low + max(0, sum(len(line) + 1 for line in hunk.removed) - 1)
        span = Span(text.source_offset(min(low, len(current))), text.source_offset(min(high, len(current))))
        yield span.shifted(one.owner.item.start), apply_hunks(current, [hunk]), _gist(hunk)


def _gist(hunk: Hunk) -> str:
    added = next((line.strip() for line in hunk.added if line.strip()), "")
    removed = next((line.strip() for line in hunk.removed if line.strip()), "")
    text = added or removed
    short = text if len(text) <= _GIST else f"{text[: _GIST - 1]}…"
    return f"`{short}`" if added else f"without `{short}`" if removed else "empty lines"


_GIST = 50
"""Characters that a title shows of a change."""


def anchor(proposal: Proposal, program: Program, file_hash: FileHash, default_model: str = "") -> Anchored:
    """Find the proposal's place in the program that its file is now. Cheap, unless ``file_hash`` reads files.

    ``default_model`` as for :func:`.why_outdated`.
    """
    named = {change.param: changeable_named(program, change.param) for change in proposal.changes}
    changed = {name: one for name, one in named.items() if one is not None}
    marks = tuple(Mark(one.owner.module.path, one.mark) for one in changed.values())
    try:
        values = new_values(program, proposal)
    except EditRefused as error:
        return Anchored(proposal, program, marks, {}, str(error))
    new = {name: value for name, value in values.items() if value != changed[name].value}
    outdated = why_outdated(program, proposal, file_hash, default_model) if new else ""
    return Anchored(proposal, program, marks, new, outdated=outdated)


# ---- words


def message(found: Anchored) -> str:
    """The diagnostic's text."""
    kind = "Proposed edit" if found.proposal.evidence.verified else "Unverified hint"
    if found.outdated:
        kind += ", tested on an older version"
    why = f" It is stale: {found.stale}." if found.stale else ""
    return f"{kind}: {evidence_line(found.proposal)}.{why}"


def doubt(found: Anchored) -> str:
    """Why somebody should look before the edit is made; "" where its test speaks for it."""
    if not found.proposal.evidence.verified:
        return f"A hint: {evidence_line(found.proposal)}. Nothing is proven."
    if found.outdated:
        return f"{evidence_line(found.proposal)}, but {found.outdated}."
    return ""


def doubt_of_part(found: Anchored, part: Part) -> str:
    """Why somebody should look before one change is made without the others."""
    if not found.proposal.evidence.verified:
        return f"One of the {part.count} changes of a hint. Nothing is proven, of it or of them together."
    return f"The {part.count} changes were tested together ({evidence_line(found.proposal)}); this one alone was not."
