"""Hover: what the word at the cursor means, as Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from adalang.ide.meaning import meaning_at
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.program import Program
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Hover:
    span: Span
    markdown: str


def hover(program: Program, offset: int, facts: Facts = NO_FACTS) -> Hover | None:
    """The explanation of the word at byte ``offset`` of the root file."""
    found = meaning_at(program, offset, facts)
    if found is None:
        return None
    parts = [f"```adal\n{found.title}\n```", *([found.doc] if found.doc else [])]
    return Hover(found.span, "\n\n".join(parts))
