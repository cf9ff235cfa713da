"""What an editor shows of proposals in a file, and what it offers to do about them.

Pure, as :mod:`adalang.engine.anchoring` is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from adalang.engine.anchoring import Anchored, Part, doubt_of_part, parts_of
from adalang.engine.proposals import title
from adalang.language.edits import EditRefused
from adalang.language.text import Edit, Span

Action = Literal["apply", "explain", "dismiss"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal at the name of one of the params that it changes."""

    anchored: Anchored
    span: Span


@dataclass(frozen=True, slots=True)
class Offer:
    """Something to do about a whole proposal; ``preferred`` where its test speaks for it."""

    shown: Shown
    action: Action
    title: str
    preferred: bool


@dataclass(frozen=True, slots=True)
class PartOffer:
    """One change of a proposal alone; the proposal stays open for the others. ``doubt``: why to look before it is made."""

    shown: Shown
    title: str
    edits: Mapping[Path, tuple[Edit, ...]]
    doubt: str


def shown_in(path: Path, proposals: Iterable[Anchored]) -> list[Shown]:
    """Where proposals would change something in a file; none that its text holds already."""
    return [Shown(one, mark.span) for one in proposals if not one.is_applied for mark in one.marks if mark.path == path]


def offers_at(path: Path, span: Span, shown: Sequence[Shown]) -> Iterator[Offer | PartOffer]:
    """What is offered at ``span`` of a file: for the proposals whose mark touches it, and for their parts; elsewhere for the
    parts that touch it. ``shown`` is what :func:`shown_in` finds in the file."""
    for one in shown:
        if one.span.touches(span):
            yield from _offers(one)
    first = {one.anchored.proposal.id: one for one in reversed(shown)}
    for one in first.values():
        marked = any(other.anchored is one.anchored and other.span.touches(span) for other in shown)
        for part in parts_of(one.anchored):
            if part.path == path and (marked or part.span.touches(span)):
                yield from _part_offers(one, part)


def _offers(shown: Shown) -> Iterator[Offer]:
    found = shown.anchored
    if found.can_apply:
        outdated = bool(found.outdated)
        preferred = found.proposal.evidence.verified and not outdated
        yield Offer(shown, "apply", title(found.proposal, outdated=outdated), preferred)
    yield Offer(shown, "explain", "Explain proposal", preferred=False)
    yield Offer(shown, "dismiss", "Dismiss proposal", preferred=False)


def _part_offers(shown: Shown, part: Part) -> Iterator[PartOffer]:
    """None where the part cannot be written exactly."""
    try:
        edits = part.edits(shown.anchored.program)
    except EditRefused:
        return
    yield PartOffer(shown, part.title, edits, doubt_of_part(shown.anchored, part))
