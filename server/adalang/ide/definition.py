"""Definition: where the name at the cursor is declared."""

from __future__ import annotations

from dataclasses import dataclass

from adalang.ide.meaning import Place, meaning_at
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.program import Program
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Definition:
    """``origin`` is the word at the cursor, ``place`` the name where it is declared."""

    origin: Span
    place: Place


def definition(program: Program, offset: int, facts: Facts = NO_FACTS) -> Definition | None:
    """Where the name at byte ``offset`` of the root file comes from; ``None`` for what is built in."""
    found = meaning_at(program, offset, facts)
    return Definition(found.span, found.place) if found is not None and found.place is not None else None
