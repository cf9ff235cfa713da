"""On-type formatting: the indentation of the line that is being typed, as the formatter would have it. No other line changes.

A line of a prompt's text keeps what stands on it: only where it would begin at column 0, and so end the text, it is indented.
"""

from __future__ import annotations

from functools import cache

from tree_sitter import Query, QueryCursor

from adalang.language.pieces import Piece
from adalang.language.program import Module
from adalang.language.syntax import Node, grammar
from adalang.language.text import Edit, SourceText, Span

TRIGGERS = ("\n", "}", '"')

_STEP = "  "
_CLOSERS = {"}": "{", "]": "[", ")": "("}
_GO_ON = frozenset(
    {"=", "=>", "->", "|", "==", "!=", "<", "<=", ">", ">=", "and", "or", "not", "in", "of", "until", "if"}
)
"""Behind these a value follows, and stands a step deeper when it stands on a line of its own."""


def format_on_type(module: Module, offset: int, typed: str) -> list[Edit]:
    """The edit of the line at byte ``offset``, behind which ``typed``, one of :data:`TRIGGERS`, was just typed."""
    source = module.source
    line = source.line_of(offset)
    start = source.line_start(line)
    found = module.piece_at(min(start, len(source.data) - 1))
    if found is None:
        return []
    at, piece = found
    before = _Before(piece, start - at)
    text = source.slice(source.line_span(line))
    bare = text.lstrip(" \t")
    match typed:
        case "\n":
            wanted = before.text_indent(bare) if before.literal is not None else before.indent(bare)
        case "}" if (
            before.literal is None and bare.startswith("}") and source.slice(Span(start, offset)).strip() == "}"
        ):
            wanted = before.indent(bare)
        case '"' if before.literal is not None:
            wanted = before.closing_indent(offset - at)
        case _:
            wanted = None
    have = text[: len(text) - len(bare)]
    if wanted is None or wanted == have:
        return []
    return [Edit(Span(start, start + len(have.encode())), wanted)]


class _Before:
    """What stands before a line that starts at ``start`` of a piece. ``literal``: the block of text that the line is part of."""

    def __init__(self, piece: Piece, start: int) -> None:
        self._source, self._start = piece.source, start
        cursor = QueryCursor(_query())
        cursor.set_byte_range(0, max(start, 1))
        captures = cursor.captures(piece.tree.root_node)
        self._brackets = self._in_order(captures.get("bracket", []))
        self._tokens = self._in_order(captures.get("token", []))
        self.literal = self._open_literal(self._in_order(captures.get("literal", [])))

    def _in_order(self, nodes: list[Node]) -> list[Node]:
        inside = (one for one in nodes if one.start_byte < self._start and one.end_byte > one.start_byte)
        return sorted(inside, key=lambda one: one.start_byte)

    def _open_literal(self, literals: list[Node]) -> Node | None:
        if not literals:
            return None
        last = literals[-1]
        fence = last.children[0]
        if fence.end_byte - fence.start_byte < 3:
            return None
        end = last.children[-1]
        if end.type == "string_end":
            return last if end.end_byte > self._start else None
        return last if not self._source.data[last.end_byte : self._start].strip() else None

    # ---- outside of texts

    def indent(self, bare: str) -> str:
        """Of a line with the text ``bare``."""
        opened: list[Node] = []
        for node in self._brackets:
            if node.type not in _CLOSERS:
                opened.append(node)
            elif opened and opened[-1].type == _CLOSERS[node.type]:
                opened.pop()
        closes = _CLOSERS.get(bare[:1])
        if not opened:
            base = ""
        elif closes == opened[-1].type:
            return self._indent_of(opened[-1])
        else:
            base = self._indent_of(opened[-1]) + _STEP
        goes_on = bare.startswith("| ") or (self._tokens and self._tokens[-1].type in _GO_ON)
        return base + _STEP if goes_on and bare else base

    def _indent_of(self, node: Node) -> str:
        return _indent(self._source, self._source.line_of(node.start_byte))

    # ---- in texts

    def text_indent(self, bare: str) -> str | None:
        """Of a line of the text; ``None`` for one that is indented already and holds something."""
        assert self.literal is not None
        start = self._start
        if bare and not self._source.data.startswith(bare.encode(), start):
            return None
        first = self._source.line_of(self.literal.start_byte)
        for line in range(self._source.line_of(start) - 1, first, -1):
            if _holds_something(self._source, line):
                return _indent(self._source, line)
        return _indent(self._source, first) + _STEP

    def closing_indent(self, offset: int) -> str | None:
        """Of the closing quotes that end at ``offset``, alone on their line: that of the text, so that it has none itself."""
        assert self.literal is not None
        opening, closing = self.literal.children[0], self.literal.children[-1]
        first, last = (self._source.line_of(one.start_byte) for one in (opening, closing))
        alone = not self._source.data[self._start : closing.start_byte].strip()
        begins_below = not self._source.data[opening.end_byte : self._source.line_span(first).end].strip()
        if closing.type != "string_end" or closing.end_byte != offset or not alone or not begins_below:
            return None
        indents = [
            _indent(self._source, line) for line in range(first + 1, last) if _holds_something(self._source, line)
        ]
        if not indents:
            return _indent(self._source, first) + _STEP
        shortest = min(indents, key=len)
        return shortest if all(one.startswith(shortest) for one in indents) else None


@cache
def _query() -> Query:
    return Query(
        grammar(),
        """
        ["{" "}" "[" "]" "(" ")"] @bracket
        [(string) (template)] @literal
        [(string_end) (identifier) (number) (true) (false) (null) (wildcard)
         "{" "}" "[" "]" "(" ")" "," "=" "=>" "->" "|" "==" "!=" "<" "<=" ">" ">=" "and" "or" "not" "in" "of" "until" "if"
         "?" "." ":"] @token
        """,
    )


def _indent(source: SourceText, line: int) -> str:
    text = source.slice(source.line_span(line))
    return text[: len(text) - len(text.lstrip(" \t"))]


def _holds_something(source: SourceText, line: int) -> bool:
    return bool(source.slice(source.line_span(line)).strip())
