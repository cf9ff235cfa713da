"""On-type formatting: the indentation of the line that is being typed, as the formatter would have it in a file that it
wrote, and as the lines around have it in any other. No other line changes.

A line of a prompt's text keeps what stands on it: only where it would begin at column 0, and so end the text, it is
indented.
"""

from __future__ import annotations

import re
from functools import cache

from tree_sitter import Query, QueryCursor

from adalang.language.pieces import Piece
from adalang.language.program import Module
from adalang.language.syntax import Node, grammar
from adalang.language.text import STEP, Edit, SourceText, Span

TRIGGERS = ("\n", "}", "]", ")", '"')

_CLOSERS = {"}": "{", "]": "[", ")": "("}
_GO_ON = frozenset(
    {"=", "=>", "->", "|", "==", "!=", "<", "<=", ">", ">=", "and", "or", "not", "in", "of", "until", "if"}
)
"""Behind these a value follows, and stands a step deeper when it stands on a line of its own."""
_FIRST_STEP = re.compile(rb"^[^\s#][^\r\n]*[\[{(][ \t]*(?:\r\n|\n|\r)([ \t]+)(?=\S)", re.MULTILINE)


def format_on_type(module: Module, offset: int, typed: str) -> list[Edit]:
    """The edit of the line at byte ``offset``, behind which ``typed``, one of :data:`TRIGGERS`, was just typed."""
    source = module.source
    line = source.line_of(offset)
    start = source.line_start(line)
    found = module.piece_at(min(start, len(source.data) - 1))
    if found is None:
        return []
    at, piece = found
    before = _Before(piece, start - at, _step(source))
    text = source.slice(source.line_span(line))
    bare = text.lstrip(" \t")
    match typed:
        case "\n":
            wanted = before.text_indent(bare) if before.literal is not None else before.indent(bare)
        case "}" | "]" | ")" if (
            before.literal is None and bare.startswith(typed) and source.slice(Span(start, offset)).strip() == typed
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
    """What stands before a line that starts at ``start`` of a piece. ``literal``: the text that the line is part of."""

    def __init__(self, piece: Piece, start: int, step: str) -> None:
        self._source, self._start, self._step = piece.source, start, step
        cursor = QueryCursor(_query())
        cursor.set_byte_range(0, max(start, 1))
        captures = cursor.captures(piece.tree.root_node)
        self._brackets = self._in_order(captures.get("bracket", []))
        self._tokens = self._in_order(captures.get("token", []))
        self._literals = self._in_order(captures.get("literal", []))
        self.literal = self._open_literal()

    def _in_order(self, nodes: list[Node]) -> list[Node]:
        inside = (one for one in nodes if one.start_byte < self._start and one.end_byte > one.start_byte)
        return sorted(inside, key=lambda one: one.start_byte)

    def _open_literal(self) -> Node | None:
        if not self._literals:
            return None
        last = self._literals[-1]
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
            base = self._indent_in(opened[-1])
        goes_on = bare.startswith("| ") or (self._tokens and self._tokens[-1].type in _GO_ON)
        return base + self._step if goes_on and bare else base

    def _indent_in(self, bracket: Node) -> str:
        """Of the lines in a bracket: that of the first one, where there is one."""
        inside = (one for one in (*self._tokens, *self._literals) if one.start_byte >= bracket.end_byte)
        first = min(inside, key=lambda one: one.start_byte, default=None)
        if first is None or self._source.line_of(first.start_byte) == self._source.line_of(bracket.start_byte):
            return self._indent_of(bracket) + self._step
        return self._indent_of(first)

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
        return _indent(self._source, first) + self._step

    def closing_indent(self, offset: int) -> str | None:
        """Of the closing quotes that end at ``offset``, alone on their line: the text's, so that it has none itself."""
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
            return _indent(self._source, first) + self._step
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


def _step(source: SourceText) -> str:
    """One level of indentation, as the first lines in a bracket have it."""
    found = _FIRST_STEP.search(source.data)
    return found.group(1).decode() if found else STEP


def _indent(source: SourceText, line: int) -> str:
    text = source.slice(source.line_span(line))
    return text[: len(text) - len(text.lstrip(" \t"))]


def _holds_something(source: SourceText, line: int) -> bool:
    return bool(source.slice(source.line_span(line)).strip())
