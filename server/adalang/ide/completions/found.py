"""What completion finds, before and after it is ranked, filtered and given its place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from adalang.language.text import Edit, Span

Kind = Literal[
    "keyword",
    "declaration",
    "setting",
    "type",
    "variable",
    "field",
    "function",
    "value",
    "model",
    "message",
    "snippet",
    "file",
    "folder",
    "module",
]

LIMIT = 200
"""How many items one answer has at most."""

FITS, UNSURE, MISFIT = 0, 10, 20
"""How well something fits: the tens of a rank. Its ones say how near it is declared."""
OWN, FILE, IMPORTED, ELSEWHERE = 0, 1, 2, 9
REST = 60
"""The rank of what can stand anywhere."""


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate. ``insert`` is its label unless given; ``span`` the cursor's word unless given; a lower rank comes first.

    ``about`` says what :func:`adalang.ide.completions.explain.explain` has to look up; "" when there is nothing more to say.
    """

    label: str
    kind: Kind
    about: str = ""
    detail: str = ""
    insert: str = ""
    snippet: bool = False
    rank: int = 0
    doc: str = ""
    edits: tuple[Edit, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """``insert`` takes the place of ``span``, which holds the cursor and stays on its line.

    Where ``snippet``, ``insert`` has ``${1:…}`` stops, and ``plain`` is what a client without snippets inserts. ``edits``
    are made elsewhere in the file at the same time (an import line). ``about``, unless "", is for
    :func:`~adalang.ide.completion.resolve`.
    """

    label: str
    kind: Kind
    insert: str
    span: Span
    detail: str = ""
    doc: str = ""
    about: str = ""
    plain: str = ""
    snippet: bool = False
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Completions:
    """Best first. Not ``complete``: there are more, so ask again when another character has been typed."""

    items: tuple[Completion, ...] = ()
    complete: bool = True


def finish(found: Iterable[Found], span: Span, typed: str) -> Completions:
    """Sort, take out what stands twice, and cut to the limit; what does not match ``typed`` is left out first."""
    unique: dict[tuple[str, str], Found] = {}
    for one in sorted(found, key=lambda one: one.rank):
        if one.label and "\n" not in one.label:
            unique.setdefault((one.label, one.kind), one)
    kept = list(unique.values())
    complete = len(kept) <= LIMIT
    if not complete:
        kept = [one for one in kept if matches(typed, one.label)][:LIMIT]
    return Completions(tuple(_placed(one, span) for one in kept), complete)


def matches(typed: str, label: str) -> bool:
    """Whether the typed letters stand in the label, in their order and in either case, as editors filter."""
    return _pattern(typed).match(label) is not None


@lru_cache(maxsize=16)
def _pattern(typed: str) -> re.Pattern[str]:
    letters = (re.escape(letter) for letter in typed)
    return re.compile("".join(f"[^{letter}]*+{letter}" for letter in letters), re.IGNORECASE)


def _placed(one: Found, span: Span) -> Completion:
    plain = one.label if one.snippet else one.insert
    return Completion(
        one.label,
        one.kind,
        one.insert or one.label,
        one.span or span,
        one.detail,
        one.doc,
        one.about,
        plain or one.label,
        one.snippet,
        one.edits,
    )
