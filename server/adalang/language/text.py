"""Source text: bytes for the parser, lines and columns for people and editors.

Offsets inside the package are UTF-8 byte offsets. Lines end at ``\\n``, ``\\r\\n`` and ``\\r`` and nowhere else (as the
language server protocol has it), so that U+2028 in a pasted answer never puts an editor out of step.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

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
    _starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        starts.extend(match.end() for match in _LINE_END.finditer(self.data))
        object.__setattr__(self, "_starts", starts)

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
        width = 2 if encoding == "utf-16" else 1
        column, size = 0, 0
        for character in line.decode("utf-8", "replace"):
            if column >= position.column:
                break
            column += width if ord(character) > 0xFFFF and width == 2 else 1
            size += len(character.encode("utf-8", "replace"))
        return span.start + size

    def apply(self, edits: list[Edit] | tuple[Edit, ...]) -> SourceText:
        """The text after all ``edits``, whose spans all refer to this version.

        Raises:
            EditConflict: edits overlap or reach outside the text.
        """
        pieces: list[bytes] = []
        done = 0
        for edit in sorted(edits, key=lambda one: (one.span.start, one.span.end)):
            if edit.span.start < done or edit.span.end > len(self.data) or edit.span.end < edit.span.start:
                raise EditConflict(f"edit at bytes {edit.span.start}-{edit.span.end} overlaps another or is outside")
            pieces += [self.data[done : edit.span.start], edit.text.encode("utf-8", "surrogatepass")]
            done = edit.span.end
        pieces.append(self.data[done:])
        return SourceText(b"".join(pieces))

    @property
    def newline(self) -> str:
        """The line end that the file uses (its first), ``\\n`` when it has none."""
        match = _LINE_END.search(self.data)
        return match.group().decode() if match else "\n"


def _units(data: bytes, encoding: Encoding) -> int:
    if encoding == "utf-8" or data.isascii():
        return len(data)
    text = data.decode("utf-8", "replace")
    if encoding == "utf-32":
        return len(text)
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)
