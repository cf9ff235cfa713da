"""A stand-in name written at the cursor, so that half-typed text is understood as well as whole text.

Only the declaration at the cursor is read again: what stands behind a column-0 border cannot change what the cursor's place
asks for.
"""

from __future__ import annotations

import re

from adalang.ide.occurrences import Site, occurrences
from adalang.ide.slots import Occurrence
from adalang.language.checks import Facts
from adalang.language.lower import Item, lower
from adalang.language.program import Module, Program
from adalang.language.syntax import parse
from adalang.language.text import Edit, SourceText, Span

STAND_IN = "adal_cursor"

_WORD_BEFORE = re.compile(r"\w*\Z")
_WORD_AFTER = re.compile(r"\w*")
_REACH = 400
"""How many bytes around the cursor a word may take."""


def word_at(source: SourceText, offset: int) -> Span:
    """The word that a cursor at ``offset`` touches; empty where there is none. It never leaves the cursor's line."""
    line = source.line_span(source.line_of(offset))
    low, high = max(line.start, offset - _REACH), min(max(line.end, offset), offset + _REACH)
    before = _WORD_BEFORE.search(source.data[low:offset].decode("utf-8", "ignore"))
    after = _WORD_AFTER.match(source.data[offset:high].decode("utf-8", "ignore"))
    assert before is not None and after is not None
    return Span(offset - len(before.group().encode()), offset + len(after.group().encode()))


def read_with(program: Program, word: Span, written: str, facts: Facts) -> Site | None:
    """The declaration at ``word`` as it would be with ``written`` in the word's place; its spans fit the file's start."""
    module = program.root
    start, end = _borders(module, word)
    inside = word.shifted(-start)
    text = SourceText(module.source.data[start:end]).apply([Edit(inside, written)])
    found = [one for one in lower(parse(text), text).items if one.start <= inside.start]
    return Site(program, module, Item(found[-1].start + start, found[-1].declaration), facts) if found else None


def occurrence_of_stand_in(site: Site) -> Occurrence | None:
    return next((one for one in occurrences(site) if one.text == STAND_IN), None)


def _borders(module: Module, word: Span) -> tuple[int, int]:
    """From the start of the declaration before a word to the start of the first one behind it."""
    start = 0
    for item in module.items:
        if item.start <= word.start:
            start = item.start
        elif item.start >= word.end:
            return start, item.start
    return start, len(module.source.data)
