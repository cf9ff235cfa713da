"""Source text: bytes for the parser, lines and columns for people and editors.

Offsets inside the package are UTF-8 byte offsets. Lines end at ``\\n``, ``\\r\\n`` and ``\\r`` and nowhere else (as the
language server protocol has it), so that U+2028 in a pasted answer never puts an editor out of step.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

BOM = b"\xef\xbb\xbf"
"""The byte-order mark that a text may start with."""
STEP = "  "
"""One level of indentation, as the formatter writes it."""
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of bytes, ``start`` to ``end``."""

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        return Span(self.start + by, self.end + by)

    def contains(self, offset: int) -> bool:
        """Whether a cursor at ``offset`` touches the range (both ends count)."""
        return self.start <= offset <= self.end

    def touches(self, other: Span) -> bool:
        """Whether the two ranges have a byte or an end in common."""
        return self.start <= other.end and other.start <= self.end


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Zero-based line and column; the column's unit is the encoding that it was asked in."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the bytes of ``span`` by ``text``."""

    span: Span
    text: str


class EditConflict(ValueError):
    """Two edits touch the same bytes, or an edit lies outside the text."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """One version of a file's text. ``data`` is UTF-8; a byte-order mark stays part of it."""

    data: bytes
    _table: list[int] | None = field(default=None, repr=False, compare=False)

    @property
    def _starts(self) -> list[int]:
        """Where the lines start; made when it is first asked for, and never changed."""
        found = self._table
        if found is None:
            found = [0, *_line_starts(self.data)]
            object.__setattr__(self, "_table", found)
        return found

    @classmethod
    def of(cls, text: str) -> SourceText:
        return cls(text.encode("utf-8", "surrogatepass"))

    def __str__(self) -> str:
        return self.data.decode("utf-8", "replace")

    def first_undecodable(self) -> int | None:
        """Offset of the first byte that is not UTF-8, if any."""
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError as error:
            return error.start
        return None

    @property
    def line_count(self) -> int:
        return len(self._starts)

    def slice(self, span: Span) -> str:
        return self.data[span.start : span.end].decode("utf-8", "replace")

    def line_start(self, line: int) -> int:
        """Byte offset of a line's start; the end of the text for lines beyond it."""
        return self._starts[line] if line < len(self._starts) else len(self.data)

    def line_of(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def line_span(self, line: int) -> Span:
        """A line without its line end."""
        start = self.line_start(line)
        end = self.line_start(line + 1)
        while end > start and self.data[end - 1] in b"\r\n":
            end -= 1
        return Span(start, end)

    def indent_at(self, offset: int) -> str:
        """The blanks that the line of a byte starts with."""
        line = self.slice(self.line_span(self.line_of(offset)))
        return line[: len(line) - len(line.lstrip(" \t"))]

    def point(self, offset: int) -> tuple[int, int]:
        """Row and byte column, as tree-sitter counts them (rows end at ``\\n`` alone)."""
        row = self.data.count(b"\n", 0, offset)
        return row, offset - (self.data.rfind(b"\n", 0, offset) + 1)

    def position(self, offset: int, encoding: Encoding = "utf-32") -> Position:
        """Line and column of a byte offset; offsets outside the text are clamped."""
        offset = max(0, min(offset, len(self.data)))
        line = self.line_of(offset)
        before = self.data[self._starts[line] : offset]
        return Position(line, _units(before, encoding))

    def offset(self, position: Position, encoding: Encoding = "utf-32") -> int:
        """Byte offset of a position; columns beyond a line's end mean the line's end."""
        if position.line >= len(self._starts):
            return len(self.data)
        span = self.line_span(max(0, position.line))
        line = self.data[span.start : span.end]
        if encoding == "utf-8" or line.isascii():
            return span.start + min(max(0, position.column), len(line))
        text, errors = _decoded(line)
        count = max(0, position.column)
        if encoding == "utf-16" and max(text) > "\uffff":
            count = _characters(text, count)
        return span.start + len(text[:count].encode("utf-8", errors))

    def apply(self, edits: list[Edit] | tuple[Edit, ...]) -> SourceText:
        """The text after all ``edits``, whose spans all refer to this version.

        Raises:
            EditConflict: edits overlap or reach outside the text.
        """
        if len(edits) == 1:
            return self._spliced(edits[0])
        pieces: list[bytes] = []
        done = 0
        for edit in sorted(edits, key=lambda one: (one.span.start, one.span.end)):
            if edit.span.start < done or edit.span.end > len(self.data) or edit.span.end < edit.span.start:
                raise _conflict(edit)
            pieces += [self.data[done : edit.span.start], edit.text.encode("utf-8", "surrogatepass")]
            done = edit.span.end
        pieces.append(self.data[done:])
        return SourceText(b"".join(pieces))

    def _spliced(self, edit: Edit) -> SourceText:
        """After one edit the lines above keep their starts, those below are moved: nothing else is read again."""
        start, end, data = edit.span.start, edit.span.end, self.data
        if start < 0 or end > len(data) or end < start:
            raise _conflict(edit)
        text = edit.text.encode("utf-8", "surrogatepass")
        after = b"".join((data[:start], text, data[end:]))
        if self._table is None:
            return SourceText(after)
        # Whether a line starts at a byte, that byte and the one before it tell: a CR and an LF may meet or part here.
        new_end, by = start + len(text), len(text) - (end - start)
        starts = self._table[: max(1, bisect_left(self._table, start))]
        starts += [one for one in _line_starts(after, max(start - 1, 0), new_end + 1) if one <= new_end]
        below = self._table[max(1, bisect_right(self._table, end)) :]
        starts += [one + by for one in below] if by else below
        return SourceText(after, starts)

    @property
    def newline(self) -> str:
        """The line end that the file uses (its first), ``\\n`` when it has none."""
        match = _LINE_END.search(self.data)
        return match.group().decode() if match else "\n"


def _line_starts(data: bytes, low: int = 0, high: int = sys.maxsize) -> Iterator[int]:
    """Where lines start behind the line ends that stand from ``low`` to ``high``."""
    return (match.end() for match in _LINE_END.finditer(data, low, high))


def _conflict(edit: Edit) -> EditConflict:
    return EditConflict(f"edit at bytes {edit.span.start}-{edit.span.end} overlaps another or is outside")


def _decoded(data: bytes) -> tuple[str, str]:
    """A line as text, and how to encode it so that it gives the same bytes again."""
    try:
        return data.decode("utf-8", "surrogatepass"), "surrogatepass"
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape"), "surrogateescape"


def _characters(text: str, units: int) -> int:
    """How many characters of a text begin before that many UTF-16 units have passed."""
    passed = 0
    for count, character in enumerate(text):
        if passed >= units:
            return count
        passed += 2 if character > "\uffff" else 1
    return len(text)


def _units(data: bytes, encoding: Encoding) -> int:
    if encoding == "utf-8" or data.isascii():
        return len(data)
    text, _ = _decoded(data)
    if encoding == "utf-32":
        return len(text)
    return len(text) + sum(1 for character in text if character > "\uffff")
