"""Linked editing: the words that change together while the name of an input, a binding or a loop variable is typed."""

from __future__ import annotations

from adalang.ide.targets import Names
from adalang.language.program import Program
from adalang.language.text import Span

_INSIDE = frozenset({"input", "param", "demos", "binding", "variable"})


def linked_ranges(program: Program, offset: int) -> list[Span]:
    """The words of the file that name the same part of a declaration as the one at ``offset``; none when it stands alone.

    Top-level names are left to renaming, which also looks into other files.
    """
    names = Names(program)
    word = names.at(offset)
    if word is None or word.target.kind not in _INSIDE or _is_declaration(word.target.entity, word.target.place.span):
        return []
    source = program.root.source
    spans = {one.span for one in names.words_for(program.root, word.target)}
    same = sorted(span for span in spans if source.slice(span) == word.target.name)
    return same if len(same) > 1 and word.span in same else []


def _is_declaration(entity: object, span: Span) -> bool:
    """Whether the name is a declaration's own, as a top-level param's is."""
    return getattr(entity, "name_span", None) == span
