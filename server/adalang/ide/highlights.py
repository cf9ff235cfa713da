"""Document highlights: the words of the open file that name the same as the word at the cursor."""

from __future__ import annotations

from dataclasses import dataclass

from adalang.ide.targets import Names
from adalang.language.program import Program
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Highlight:
    """``written``: the word gives the thing its name or a value there; otherwise it is read."""

    span: Span
    written: bool


def highlights(program: Program, offset: int) -> list[Highlight]:
    """The words of the root file that name what the word at byte ``offset`` names, in the order of the text."""
    names = Names(program)
    word = names.at(offset)
    if word is None:
        return []
    found = {one.span: one.access != "read" for one in names.words_for(program.root, word.target)}
    return [Highlight(span, found[span]) for span in sorted(found)]
