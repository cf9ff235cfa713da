"""A file cut at the borders between its declarations, each piece read by itself.

Column 0 belongs to declarations, so a line that starts one there is a border that no mistake may cross. What is known of a
piece depends on the piece's own bytes alone, and is kept as long as they stay: a keystroke costs the piece that it falls into.
There is no tree of the whole file, so what an editor shows cannot depend on the way that the text came about.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from adalang.language.declarations import Problem
from adalang.language.lower import Item, Known, Lowered, known_of, lower
from adalang.language.syntax import Tree, parse
from adalang.language.syntax_problems import telling_line
from adalang.language.text import Edit, SourceText, Span


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Piece:
    """The text from one border to the next, and what it declares; all places in it count from its own start.

    The same object in the next version of the file while its bytes are the same.
    """

    source: SourceText
    lowered: Lowered
    is_broken: bool
    """Whether anything in it could not be read."""

    @classmethod
    def read(cls, data: bytes, known: Known | None = None) -> Piece:
        """Read a piece; the declarations among ``known`` are taken over as they are."""
        source = SourceText(data)
        lowered = lower(_tree(source), source, known)
        broken = bool(lowered.problems) or any(item.declaration.problems for item in lowered.items)
        return cls(source, lowered, broken)

    @property
    def items(self) -> tuple[Item, ...]:
        return self.lowered.items

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The mistakes between the declarations."""
        return self.lowered.problems

    @property
    def tree(self) -> Tree:
        """The syntax tree. It is made anew each time, which takes microseconds, and costs no memory in between.

        Behind the piece's end there may be empty nodes.
        """
        return _tree(self.source)


def _tree(source: SourceText) -> Tree:
    """The tree of a piece. At the end of a text the parser gives up a declaration that it would mend if another one followed,
    so one is put there and taken out again; where the parser does not stop before it, what it said without it counts."""
    alone = parse(source)
    if len(source.data) > _LARGE or not any(node.type == "ERROR" for node in alone.root_node.children):
        return alone
    followed = parse(SourceText(source.data + _NEIGHBOUR))
    end, after = alone.root_node, followed.root_node
    if any(node.start_byte < end.end_byte < node.end_byte for node in after.children):
        return alone
    followed.edit(end.end_byte, after.end_byte, end.end_byte, end.end_point, after.end_point, end.end_point)
    return followed


_LARGE = 20_000
"""Bytes; more text than a person wrote, so that its mistakes are not worth the time to read it twice."""
_NEIGHBOUR = b'\nimport ""\n'

Pieces = tuple[tuple[int, Piece], ...]
"""Each piece behind the byte of the file where it starts, in order; together they are the whole file."""


def cut(source: SourceText, previous: Pieces = ()) -> Pieces:
    """The pieces of a file. Those of another version that have the same bytes are taken over."""
    kept = {piece.source.data: piece for _, piece in previous}
    return tuple(_distinct(_pieces(source.data, 0, kept), ()))


def recut(pieces: Pieces, edit: Edit, after: bytes) -> tuple[int, Pieces, int]:
    """What ``edit`` changes: pieces ``first`` to ``last`` (exclusive) of the old version become the given ones of the new.

    The old pieces behind them are those of the new version too, moved by what the edit adds.
    """
    size = len(edit.text.encode("utf-8", "surrogatepass"))
    by = size - (edit.span.end - edit.span.start)
    first = _first_touched(pieces, edit.span.start)
    # A border right behind the edit may be one no longer: the line that it starts is another now.
    next_kept = bisect_right(pieces, edit.span.end, key=_start)
    near = pieces[first : next_kept + _AHEAD]
    kept = {piece.source.data: piece for _, piece in near}
    touched = pieces[first:next_kept]
    known = {key: one for _, piece in touched for key, one in known_of(piece.items, piece.source).items()}

    def goes_on(start: int) -> bool:
        """Whether the old pieces go on from here."""
        nonlocal next_kept
        while next_kept < len(pieces) and pieces[next_kept][0] + by < start:
            next_kept += 1
        return next_kept < len(pieces) and pieces[next_kept][0] + by == start

    found = list(_pieces(after, pieces[first][0] if pieces else 0, kept, known, goes_on))
    return first, tuple(_distinct(found, pieces[next_kept : next_kept + _AHEAD])), next_kept


def _start(one: tuple[int, Piece]) -> int:
    return one[0]


def _first_touched(pieces: Pieces, start: int) -> int:
    """The first piece that an edit at ``start`` may change: the one before it too, whose end may move, and those whose open
    text has looked as far as this for its closing quotes."""
    at = max(bisect_left(pieces, start, key=_start) - 2, 0)
    return next((early for early in range(max(at - _AHEAD, 0), at) if pieces[early][1].lowered.open_fence), at)


# ---- borders

_HEAD = (
    rb"((?:model|type|prompt|retriever|tool|agent|pipeline|dataset|eval|optimize)[ \t]+[A-Za-z_\x80-\xff]"
    rb'|import[ \t]+")'
)
_FIRST_HEAD = re.compile(_HEAD)
_NEXT_HEAD = re.compile(rb"[\r\n]" + _HEAD)
"""Begins with plain bytes, so that long texts are run through fast."""

_AHEAD = 8
"""How many borders a text that was cut off may go over, pasted prose having lines such as `model answers are long`."""


def _borders(data: bytes, start: int) -> Iterator[int]:
    """Where pieces may start behind ``start``, which starts one; and where the last one ends."""
    lowest = start
    first = _FIRST_HEAD.match(data) if start == 0 else None
    for found in chain([first] if first else (), _NEXT_HEAD.finditer(data, max(start - 1, 0))):
        border = _with_comments(data, lowest, found.start(1))
        lowest = found.end()
        if border > start:
            yield border
    if len(data) > start:
        yield len(data)


def _with_comments(data: bytes, lowest: int, border: int) -> int:
    """A declaration's start with the comment lines right above it, which are its documentation."""
    while border > lowest:
        end = border - 2 if data.startswith(b"\r\n", border - 2) else border - 1
        newline = data.rfind(b"\n", lowest, end)
        line = max(newline, data.rfind(b"\r", max(newline, lowest), end), lowest - 1) + 1
        text = data[line:border]
        # An indented line with quotes may end a text, and be no comment.
        if not text.startswith(b"#") and not (text.lstrip(b" \t").startswith(b"#") and b'"' not in text):
            break
        border = line
    return border


# ---- pieces


def _pieces(
    data: bytes,
    start: int,
    kept: Mapping[bytes, Piece],
    known: Known | None = None,
    is_end: Callable[[int], bool] = lambda start: False,
) -> Iterator[tuple[int, Piece]]:
    """The pieces from ``start``, where one starts, to the file's end or the first border that ``is_end``."""

    def piece_to(end: int) -> Piece:
        text = data[start:end]
        return kept.get(text) or Piece.read(text, known)

    borders = _borders(data, start)
    ahead: deque[int] = deque()
    while not is_end(start) and (ahead or (ahead := deque(islice(borders, 1)))):
        end = ahead.popleft()
        piece = piece_to(end)
        if piece.lowered.open_fence:
            ahead.extend(islice(borders, _AHEAD - len(ahead)))
            line = _closing_line(data, end, ahead, piece.lowered.open_fence)
            if line is not None:
                whole_end = next(one for one in ahead if one >= line.end)
                whole = piece_to(whole_end)
                if whole.lowered.cut_until + start >= line.end:
                    piece, end = whole, whole_end
                    ahead = deque(one for one in ahead if one > end)
        yield start, piece
        start = end


def _distinct(found: Iterable[tuple[int, Piece]], behind: Pieces) -> Iterator[tuple[int, Piece]]:
    """The pieces, read anew where a declaration would stand twice in the file, as in a text that was pasted as it is: what a name
    means is told by the object that declares it. ``behind``: the pieces that follow."""
    seen = {id(item.declaration) for _, piece in behind for item in piece.items}
    for start, piece in found:
        taken = {id(item.declaration) for item in piece.items}
        if len(taken) < len(piece.items) or not seen.isdisjoint(taken):
            piece = Piece.read(piece.source.data)
            taken = {id(item.declaration) for item in piece.items}
        seen |= taken
        yield start, piece


def _closing_line(data: bytes, start: int, borders: Sequence[int], fence: int) -> Span | None:
    """The line with the closing quotes of a text that a border cut off at ``start``, if it is one of the text's own lines."""
    found = telling_line(data, start, borders[-1], fence) if borders else None
    return found[0] if found is not None and found[1] else None
