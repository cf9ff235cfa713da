"""Semantic tokens as the protocol has them: five numbers a token, its place counted from the token before."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

from adalang.ide.legend import MODIFIERS, TYPES
from adalang.ide.semantic_tokens import KindOf, Style, Token, names_of, piece_tokens
from adalang.language.pieces import Piece
from adalang.language.program import Program
from adalang.language.text import Encoding, SourceText, Span


class Edit(NamedTuple):
    """Replace ``deleted`` numbers from ``start`` on."""

    start: int
    deleted: int
    data: array[int]


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A piece's tokens, the first one's line counted from the piece's start. Right as long as ``names`` mean the same."""

    names: Mapping[str, str]
    data: array[int]
    last_line: int


_KEPT: dict[Encoding, WeakKeyDictionary[Piece, _Encoded]] = {
    encoding: WeakKeyDictionary() for encoding in ("utf-8", "utf-16", "utf-32")
}


def whole(program: Program, encoding: Encoding) -> array[int]:
    """All tokens of the root file. A typed character costs its own piece and putting the others' numbers together."""
    return _joined(program, program.root.pieces, encoding)


def of_range(program: Program, span: Span, encoding: Encoding) -> array[int]:
    """The tokens of the pieces of the root file that hold a range: at least those that touch it, and no piece by halves."""
    pieces = program.root.pieces
    first = max(0, bisect_right(pieces, span.start, key=_start) - 1)
    return _joined(program, pieces[first : bisect_right(pieces, span.end, key=_start)], encoding)


def _start(one: tuple[int, Piece]) -> int:
    return one[0]


def _joined(program: Program, pieces: Iterable[tuple[int, Piece]], encoding: Encoding) -> array[int]:
    kind_of, kept = names_of(program), _KEPT[encoding]
    source, data, last = program.root.source, array("I"), 0
    for start, piece in pieces:
        found = kept.get(piece)
        if found is None or not _still(found.names, kind_of):
            found = kept[piece] = _encoded(piece, kind_of, encoding)
        if not found.data:
            continue
        line, first = source.line_of(start), len(data)
        data += found.data
        data[first] += line - last
        last = line + found.last_line
    return data


def change(before: array[int], after: array[int]) -> list[Edit]:
    """The one edit between two answers, without what they begin and end with alike; none where they are the same."""
    size = before.itemsize
    old, new = before.tobytes(), after.tobytes()
    if old == new:
        return []
    low = _common(old, new) // size
    high = _common(old[::-1], new[::-1]) // size
    high = min(high, len(before) - low, len(after) - low)
    return [Edit(low, len(before) - low - high, after[low : len(after) - high])]


def _still(names: Mapping[str, str], kind_of: KindOf) -> bool:
    return all(kind_of(name) == kind for name, kind in names.items())


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two texts begin with alike: found by halving, as comparing slices is a single instruction."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _encoded(piece: Piece, kind_of: KindOf, encoding: Encoding) -> _Encoded:
    tokens, names = piece_tokens(piece, kind_of)
    data, last_line = _numbers(piece.source, tokens, encoding)
    return _Encoded(names, data, last_line)


def _numbers(source: SourceText, tokens: Iterable[Token], encoding: Encoding) -> tuple[array[int], int]:
    """The numbers of tokens of one text, and the line of the last one."""
    numbers: list[int] = []
    last_line = last_column = 0
    for line, column, length, style in _on_lines(source, tokens, encoding):
        same = line == last_line
        numbers += (line - last_line, column - last_column if same else column, length, *_style(style))
        last_line, last_column = line, column
    return array("I", numbers), last_line


@cache
def _style(style: Style) -> tuple[int, int]:
    """The numbers of a type and its modifiers."""
    return TYPES.index(style.type), sum(1 << MODIFIERS.index(one) for one in style.modifiers)


def _on_lines(source: SourceText, tokens: Iterable[Token], encoding: Encoding) -> Iterator[tuple[int, int, int, Style]]:
    """Line, column, length and style of each token, one that goes over several lines cut at their ends."""
    data = source.data
    plain = encoding == "utf-8" or data.isascii()
    line, low, high = 0, 0, source.line_start(1)
    for start, end, style in tokens:
        if start >= high:
            line = source.line_of(start)
            low, high = source.line_start(line), source.line_start(line + 1)
        if plain and (end < high or (end == high and data[end - 1] not in b"\r\n")):
            yield line, start - low, end - start, style
            continue
        for at in range(line, source.line_of(end) + 1):
            span = source.line_span(at)
            first, last = max(start, span.start), min(end, span.end)
            if first < last and (last == end or not data[first:last].isspace()):
                column = source.position(first, encoding).column
                yield at, column, source.position(last, encoding).column - column, style
