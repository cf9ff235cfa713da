"""The one layout of an ``.adal`` file. Prompt texts never change: a block is indented anew only as a whole.

Two spaces a level; one space round ``=``; bodies hold one entry a line; a short list, object or call stays on one line
when it was on one; columns that the author lined up stay lined up, and trailing comments keep their column. What has a
mistake is left byte for byte as it is. Every result is read again; what would mean anything else is not taken.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from adalang.language.declarations import Declaration
from adalang.language.layout import Layouter
from adalang.language.lower import Item
from adalang.language.pieces import Piece
from adalang.language.program import Module
from adalang.language.text import BOM, Edit, SourceText, Span

_NOWHERE = Path("/")
_LINE = re.compile(rb"\r\n|\n|\r")
_EMPTY_LINE = (b"\n\n", b"\n\r\n", b"\r\r")


def format_source(source: SourceText) -> str:
    """The file in its canonical layout; the same text when it is there already, or when nothing can be done safely.

    Raises:
        ValueError: the file is not UTF-8, so no text could give its bytes back.
    """
    if source.first_undecodable() is not None:
        raise ValueError("the text is not UTF-8")
    return str(source.apply(format_edits(source)))


def format_edits(source: SourceText) -> list[Edit]:
    """The layout as edits of whole lines, so that an editor keeps its cursors and folds elsewhere."""
    return format_module_edits(Module.parse(_NOWHERE, source))


def format_module_edits(module: Module) -> list[Edit]:
    """As :func:`format_edits`, for a file that is read already: blocks that were laid out before are not looked at again."""
    if module.source.first_undecodable() is not None:
        return []
    edits = [Edit(one.span.shifted(start), one.text) for start, block in blocks(module) for one in block.edits]
    if edits and any(piece.lowered.open_fence for _, piece in module.broken):
        # How far a text goes that is open still may hang on lines of other blocks.
        after = Module.parse(module.path, module.source.apply(edits), module)
        return edits if _same_meaning(module, after) else []
    return edits


def line_edits(before: bytes, after: bytes) -> list[Edit]:
    """The edits of whole lines that make one text of another."""
    if before == after:
        return []
    old, new = _split(before), _split(after)
    low, high = 0, 0
    while low < min(len(old), len(new)) and old[low] == new[low]:
        low += 1
    while high < min(len(old), len(new)) - low and old[-1 - high] == new[-1 - high]:
        high += 1
    starts = [0, *accumulate(map(len, old))]
    old_middle, new_middle = old[low : len(old) - high], new[low : len(new) - high]
    return [
        Edit(Span(starts[low + first], starts[low + last]), b"".join(new_middle[start:end]).decode("utf-8"))
        for first, last, start, end in _changes(old_middle, new_middle)
    ]


def _changes(old: list[bytes], new: list[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """Which lines (first and behind the last) become which ones."""
    if max(len(old), len(new)) <= _DIFF_LINES:
        for kind, *change in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if kind != "equal":
                first, last, start, end = change
                yield first, last, start, end
    elif len(old) == len(new):
        for differs, run in groupby(range(len(old)), key=lambda at: old[at] != new[at]):
            if differs:
                lines = list(run)
                yield lines[0], lines[-1] + 1, lines[0], lines[-1] + 1
    else:
        yield 0, len(old), 0, len(new)


_DIFF_LINES = 200
"""Above this many lines no better match is looked for than line by line: the time for it grows with their square and more."""


def _split(data: bytes) -> list[bytes]:
    edges = [0, *(match.end() for match in _LINE.finditer(data)), len(data)]
    return [data[low:high] for low, high in pairwise(edges) if low < high]


# ---- blocks


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a file that is laid out by itself: no sign in it may be lined up with one outside.

    All places count from the block's start, those of ``formatted_items`` from that of ``formatted``.
    """

    source: SourceText
    items: tuple[Item, ...]
    formatted: SourceText
    formatted_items: tuple[Item, ...]
    edits: tuple[Edit, ...]


def blocks(module: Module, spans: Sequence[Span] | None = None) -> Iterator[tuple[int, Block]]:
    """The file's blocks, or those that touch ``spans``, each behind the byte where it starts. The file has to be UTF-8."""
    skipped = 0
    while module.source.data.startswith(BOM, skipped):
        skipped += len(BOM)
    if skipped:
        module = module.edited(Edit(Span(0, skipped), ""))
    pieces, newline = module.pieces, module.source.newline
    first = 0
    for behind in range(1, len(pieces) + 1):
        is_last = behind == len(pieces)
        if not is_last and not _part(pieces[behind - 1][1], pieces[behind][1]):
            continue
        start = pieces[first][0] + skipped
        end = skipped + (len(module.source.data) if is_last else pieces[behind][0])
        if spans is None or any(one.touches(Span(start, end)) for one in spans):
            yield start, _block([piece for _, piece in pieces[first:behind]], newline, is_last=is_last)
        first = behind


def _part(above: Piece, below: Piece) -> bool:
    """Whether two neighbouring pieces belong to different blocks."""
    return (
        above.source.data.endswith(_EMPTY_LINE)
        and not (above.is_broken or below.is_broken)
        and bool(above.items and below.items)
    )


_Key = tuple[str, bool, tuple[bytes, ...]]
_BLOCKS: WeakKeyDictionary[Piece, tuple[_Key, Block]] = WeakKeyDictionary()
"""The block that was last seen to start with a piece, and what else it hangs on: the line end, whether it is the last one, and
the texts of its other pieces. Nothing in it may hold a piece."""


def _block(pieces: list[Piece], newline: str, *, is_last: bool) -> Block:
    key = (newline, is_last, tuple([piece.source.data for piece in pieces[1:]]))
    known = _BLOCKS.get(pieces[0])
    if known is None or known[0] != key:
        known = _BLOCKS[pieces[0]] = (key, _laid_out(pieces, newline, is_last=is_last))
    return known[1]


def _laid_out(pieces: list[Piece], newline: str, *, is_last: bool) -> Block:
    starts = [0, *accumulate(len(piece.source.data) for piece in pieces)]
    source = pieces[0].source if len(pieces) == 1 else SourceText(b"".join([piece.source.data for piece in pieces]))
    parts = tuple(zip(starts, pieces, strict=False))
    items = tuple([Item(start + item.start, item.declaration) for start, piece in parts for item in piece.items])
    before = Module(_NOWHERE, source, parts, items)
    refused: frozenset[int] = frozenset()
    for _ in range(2):
        text = Layouter(source, items, refused).formatted(newline)
        formatted = SourceText.of(text)
        if not is_last and not formatted.data.endswith(_EMPTY_LINE):
            formatted = SourceText.of(text + newline)
        if formatted.data == source.data:
            break
        after = Module.parse(_NOWHERE, formatted, before)
        if _same_meaning(before, after):
            return Block(source, items, formatted, after.items, tuple(line_edits(source.data, formatted.data)))
        refused = frozenset(
            one.start
            for one, then in zip(items, after.items, strict=False)
            if not _same(one.declaration, then.declaration)
        )
    return Block(source, items, source, items, ())


# ---- what must stay the same


def _same_meaning(one: Module, other: Module) -> bool:
    """Whether both texts declare the same, and have the same mistakes between the declarations."""
    return _same(_declared(one), _declared(other)) and _mistakes(one) == _mistakes(other)


def _declared(module: Module) -> tuple[Declaration, ...]:
    return tuple([item.declaration for item in module.items])


def _mistakes(module: Module) -> list[str]:
    return [problem.code for problem in module.problems]


def _same(one: Any, other: Any) -> bool:
    """Whether declarations are equal but for places and for the form of their texts."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    names = getattr(one, "__dataclass_fields__", None)
    if names is None:
        return bool(one == other)
    return isinstance(one, Span) or all(
        _same(getattr(one, name), getattr(other, name)) for name in names if name not in _FORM_ONLY
    )


_FORM_ONLY = frozenset({"span", "raw", "decoded", "body_span", "head_end"})
