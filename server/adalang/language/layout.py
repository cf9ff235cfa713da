"""How declarations are written: tokens into lines, lines into columns. Whether a layout may be taken, ``format`` decides."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Literal

from adalang.language.literal import decode
from adalang.language.lower import Item
from adalang.language.syntax import Node, parse
from adalang.language.text import STEP, SourceText, Span

WIDTH = 110
"""What was on one line stays there as long as it fits into this many columns."""

_BLANKS = " \t\f\v\u00a0\ufeff"

# ---- lines


@dataclass(slots=True)
class _Anchor:
    """A sign that the author may have lined up with its neighbours'; ``at`` is where it stands in the line's text."""

    at: int
    group: object
    column: int
    padded: bool


@dataclass(slots=True)
class _Line:
    """One line; ``text`` may go on over several when a block text stands in it."""

    indent: int
    text: str = ""
    blank: bool = False
    """Whether an empty line stands before it."""
    anchor: _Anchor | None = None
    kept: tuple[int, int] | None = None
    """Where in the text a description starts, and the column that it had."""
    comment: str = ""
    comment_column: int = 0
    began: int = -1
    """The source's line whose first token is this line's first; -1 when there is none: then columns mean nothing."""
    ends: bool = True

    def render(self, newline: str) -> str:
        text = self.text
        if self.kept is not None:
            at, column = self.kept
            text = text[:at] + " " * max(0, column - at - len(STEP) * self.indent) + text[at:]
        text = STEP * self.indent + text if text else ""
        if self.comment:
            width = len(text) - text.rfind("\n") - 1
            text += " " * max(2, self.comment_column - width) + self.comment if text else self.comment
        return (newline if self.blank else "") + text.replace("\n", newline) + (newline if self.ends else "")


class _Unsafe(Exception):
    """The declaration cannot be laid out without a change of meaning."""


# ---- texts


class Layouter:
    """Lays out a text with the given declarations; those that start at a byte in ``refused`` stay as they are."""

    def __init__(self, source: SourceText, items: Sequence[Item], refused: Set[int]) -> None:
        self._source, self._items, self._refused = source, items, refused
        self._out: list[_Line | str] = []

    def formatted(self, newline: str) -> str:
        done, previous, clean = 0, None, True
        for item in self._items:
            lines = self._declaration(item) if clean or self._starts_its_line(item.start) else None
            gap = Span(done, item.start)
            comments = self._comments(gap) if clean and lines is not None else None
            if comments is None:
                self._raw(gap)
            elif lines is not None:
                self._between(comments, previous, item, lines)
            if lines is None:
                self._raw(item.span)
            else:
                self._out += lines
            done, previous, clean = item.span.end, item, lines is not None
        rest = Span(done, len(self._source.data))
        comments = self._comments(rest) if clean else None
        if comments is None:
            self._raw(rest)
        else:
            self._between(comments, previous, None, [])
        _align(self._out)
        return "".join(one if isinstance(one, str) else one.render(newline) for one in self._out)

    def _raw(self, span: Span) -> None:
        if self._out and isinstance(self._out[-1], _Line):
            self._out[-1].ends = False
        self._out.append(self._source.data[span.start : span.end].decode("utf-8"))

    def _starts_its_line(self, offset: int) -> bool:
        line = self._source.line_start(self._source.line_of(offset))
        return not self._source.slice(Span(line, offset)).strip(_BLANKS)

    def _declaration(self, item: Item) -> list[_Line] | None:
        """The declaration's lines; ``None`` where it has to stay as it is."""
        if item.declaration.problems or item.start in self._refused:
            return None
        piece = SourceText(self._source.data[item.span.start : item.span.end])
        tree = parse(piece)
        if tree.root_node.has_error or tree.root_node.named_child_count != 1:
            return None
        first = self._source.line_of(item.start)
        column = len(self._source.slice(Span(self._source.line_start(first), item.start)))
        writer = _Writer(piece, first, column if self._starts_its_line(item.start) else -1)
        try:
            writer.emit(tree.root_node.named_children[0])
        except _Unsafe:
            return None
        return writer.lines

    def _comments(self, gap: Span) -> list[tuple[int, int, str]] | None:
        """(line, column, text) of each comment between declarations; ``None`` where something else stands there."""
        if not self._source.data[gap.start : gap.end].strip():
            return []
        found: list[tuple[int, int, str]] = []
        first, last = self._source.line_of(gap.start), self._source.line_of(gap.end)
        for line in range(first, last + 1):
            whole = self._source.line_span(line)
            low, high = max(whole.start, gap.start), min(whole.end, gap.end)
            text = self._source.data[low : max(low, high)].decode("utf-8")
            bare = text.strip(_BLANKS)
            if bare and not bare.startswith("#"):
                return None
            if bare:
                before = self._source.slice(Span(whole.start, low))
                found.append((line, len(before) + len(text) - len(text.lstrip(_BLANKS)), bare))
        return found

    def _between(
        self, comments: list[tuple[int, int, str]], previous: Item | None, item: Item | None, lines: list[_Line]
    ) -> None:
        """Write the comments and empty lines between two declarations (or at the file's start or end)."""
        at = self._source.line_of(previous.span.end) if previous else -1
        if previous and comments and comments[0][0] == at:
            last = self._out[-1]
            assert isinstance(last, _Line)
            line, column, last.comment = comments.pop(0)
            last.comment_column = column if last.began == line else 0
        written: list[_Line] = []
        for line, _, text in comments:
            written.append(_Line(0, text, blank=line - at > 1))
            at = line
        if item is not None:
            lines[0].blank = self._source.line_of(item.start) - at > 1
        new = [*written, *lines[:1]]
        if previous is None:
            if new:
                new[0].blank = False
        elif item is not None and not any(one.blank for one in new):
            last = self._out[-1]
            assert isinstance(last, _Line)
            one_line = "\n" not in last.text and last.indent == 0 and not last.text.startswith(("}", "]", ")"))
            new[0].blank = not (one_line and previous.declaration.kind == item.declaration.kind)
        self._out += written


def _align(out: list[_Line | str]) -> None:
    """Line up again what the author had lined up: neighbours whose signs stood in the same column."""
    run: list[_Line] = []
    for one in [*out, ""]:
        anchor = one.anchor if isinstance(one, _Line) else None
        last = run[-1].anchor if run else None
        joins = (
            isinstance(one, _Line)
            and anchor is not None
            and last is not None
            and not one.blank
            and "\n" not in run[-1].text
            and (anchor.group, anchor.column) == (last.group, last.column)
        )
        if not joins:
            _line_up(run)
            run = []
        if anchor is not None and isinstance(one, _Line):
            run.append(one)


def _line_up(run: list[_Line]) -> None:
    anchors = [line.anchor for line in run if line.anchor is not None]
    if len(anchors) < 2 or not any(anchor.padded for anchor in anchors):
        return
    column = max(anchor.at for anchor in anchors)
    for line, anchor in zip(run, anchors, strict=True):
        line.text = line.text[: anchor.at] + " " * (column - anchor.at) + line.text[anchor.at :]


# ---- declarations

_Layout = Literal["list", "entries", "body"]
"""``list``: commas, also behind the last when broken; ``entries``: commas on one line only; ``body``: mostly broken."""

_GROUPS: dict[str, _Layout] = {
    "parameters": "list",
    "arguments": "list",
    "array": "list",
    "object": "list",
    "object_type": "entries",
    "settings": "entries",
    "match": "entries",
    "body": "body",
    "block": "body",
}
_BODIES = frozenset({"eval_declaration", "optimize_declaration", "retriever_declaration"})
_LINED_UP = frozenset(
    {
        "setting",
        "binding",
        "message",
        "param_declaration",
        "pair",
        "arm",
        "model_declaration",
        "dataset_declaration",
        "tool_declaration",
        "type_declaration",
    }
)
_FREE_BREAKS = frozenset({"binary_expression", "union_type"})


class _Writer:
    """Writes one declaration's tokens into lines.

    ``first_line``, ``first_column``: where the declaration starts in its file; column -1 when something stands before it.
    """

    def __init__(self, source: SourceText, first_line: int, first_column: int, *, flat: bool = False) -> None:
        self._source, self._first_line, self._first_column, self._flat = source, first_line, first_column, flat
        self.lines = [_Line(0)]
        self._indent = 0
        self._break: tuple[int, bool] | None = None
        self._previous = ""
        """The type of the token before; nothing at the start."""
        self._previous_end = 0

    # -- tokens

    def emit(self, node: Node, parent: str = "") -> None:
        """Write a node; ``parent`` is the type of the one that it stands in, where that matters."""
        kind = node.type
        if kind in ("string", "template"):
            self._text(node, kind)
        elif not node.child_count:
            self._token(node, kind, parent, self._text_of(node))
        elif kind in _GROUPS:
            self._group(node, kind)
        else:
            for child in node.children:
                child_kind = child.type
                if child_kind == "comment":
                    self._comment(child)
                    continue
                if kind in _FREE_BREAKS and self._breaks_before(child):
                    self._break = self._break or (self._indent + 1, False)
                if child_kind in ("=", "=>") and kind in _LINED_UP:
                    self._mark(node, child)
                if kind == "object_field" and child == node.child_by_field_name("description"):
                    self._keep_column(child)
                self.emit(child, kind)

    def _token(self, node: Node, kind: str, parent: str, text: str) -> None:
        line = self._open_line()
        if not line.text:
            line.began = self._line_begun_by(node.start_byte)
        elif self._previous and _spaced(self._previous, kind, parent):
            line.text += " "
        line.text += text
        self._previous, self._previous_end = kind, node.end_byte

    def _open_line(self) -> _Line:
        if self._break is not None:
            indent, blank = self._break
            self.lines.append(_Line(indent, blank=blank))
            self._break = None
        return self.lines[-1]

    def _comma(self) -> None:
        self.lines[-1].text += ","

    def _text(self, node: Node, kind: str) -> None:
        raw = self._text_of(node)
        decoded = decode(raw)
        if decoded.form == "block":
            quotes = '"' * decoded.fence
            if self._flat:
                self._token(node, kind, "", quotes)
                return
            indent = STEP * (self._open_line().indent + 1)
            lines = [indent + line if line else "" for line in decoded.value.split("\n")]
            is_empty = not decoded.value and raw.count("\n") + raw.count("\r") - raw.count("\r\n") == 1
            again = "\n".join([quotes, *([] if is_empty else lines), indent + quotes])
            if decode(again).value != decoded.value:
                raise _Unsafe
            raw = again
            self._token(node, kind, "", raw)
            self.lines[-1].began = self._line_of(node.end_byte) + self._first_line
            return
        elif "\n" in raw or "\r" in raw:
            raise _Unsafe
        self._token(node, kind, "", raw)

    def _comment(self, node: Node) -> None:
        text = self._text_of(node).rstrip(_BLANKS)
        line = self.lines[-1]
        beside = bool(self._previous) and not self._breaks_before(node) and self._break is None
        if beside and not line.comment:
            line.comment = text
            kept = line.began == self._line_of(node.start_byte) + self._first_line
            line.comment_column = self._column_of(node.start_byte) if kept else 0
        else:
            indent = self._break[0] if self._break else self._indent + 1
            blank = self._break[1] if self._break else False
            self.lines.append(_Line(indent, text, blank))
        self._previous, self._previous_end = "comment", node.end_byte
        self._break = (self._indent + 1, False)

    # -- groups

    def _group(self, node: Node, kind: str) -> None:
        layout = _GROUPS[kind]
        if kind == "settings" and node.parent is not None and node.parent.type in _BODIES:
            layout = "body"
        children = node.children
        at = next(index for index, child in enumerate(children) if child.type in ("(", "[", "{"))
        for child in children[:at]:
            self._comment(child) if child.type == "comment" else self.emit(child, kind)
        opener, inner, closer = children[at], children[at + 1 : -1], children[-1]
        self.emit(opener, kind)
        if not inner:
            self.lines[-1].text += closer.type
            self._previous, self._previous_end = closer.type, closer.end_byte
        elif self._flat or not self._is_broken(node, kind, layout, opener, inner, closer):
            self._on_one_line(inner)
            self.emit(closer, kind)
        else:
            self._one_a_line(layout, inner)
            self.emit(closer, kind)

    def _on_one_line(self, inner: list[Node]) -> None:
        items = [child for child in inner if child.type != ","]
        for number, child in enumerate(items):
            if number:
                self._comma()
            self.emit(child)

    def _one_a_line(self, layout: _Layout, inner: list[Node]) -> None:
        outer, base = self._indent, self.lines[-1].indent
        self._indent = base + 1
        for number, child in enumerate(inner):
            if child.type == ",":
                continue
            blank = number > 0 and self._blank_before(child, inner[number - 1])
            if child.type == "comment":
                if self._breaks_before(child):
                    self._break = (self._indent, blank)
                else:
                    self._break = None
                self._comment(child)
                continue
            self._break = (self._indent, blank)
            self.emit(child)
            if layout == "list":
                self._comma()
        self._indent, self._break = outer, (base, False)

    def _is_broken(self, node: Node, kind: str, layout: _Layout, opener: Node, inner: list[Node], closer: Node) -> bool:
        start, end = opener.start_byte, closer.end_byte
        if b"#" in self._source.data[start:end] and any(_has_comment(child) for child in inner):
            return True
        if self._line_of(start) != self._line_of(inner[0].start_byte):
            return True
        if layout == "body" and sum(child.type != "," for child in inner) > 1:
            return True
        # Each token takes a space and a comma more than it has at most: most need not be written to see that they fit.
        if kind != "parameters" and self._column() + 2 * (end - start) < WIDTH:
            return False
        return self._column() + self._flat_width(node, inner) > WIDTH

    def _flat_width(self, node: Node, inner: list[Node]) -> int:
        writer = _Writer(self._source, 0, 0, flat=True)
        writer._on_one_line(inner)
        tail = 2
        following = node.next_sibling if node.type == "parameters" else None
        while following is not None and following.type not in ("body", "block", "="):
            writer._previous = ""
            writer.emit(following)
            following, tail = following.next_sibling, 5
        return len(writer.lines[0].text) + tail

    def _column(self) -> int:
        line = self.lines[-1]
        return len(line.text) - line.text.rfind("\n") - 1 + (0 if "\n" in line.text else len(STEP) * line.indent)

    # -- columns

    def _mark(self, node: Node, sign: Node) -> None:
        """Remember where a line's ``=`` or ``=>`` stood."""
        line = self.lines[-1]
        goes_on = self._break is not None or line.indent != self._indent or "\n" in line.text or line.comment
        if self._flat or goes_on or line.anchor is not None:
            return
        top = node.parent is None or node.parent.type == "source_file"
        group = node.type if top else (node.parent.id if node.parent else 0)
        before = self._source.data[: sign.start_byte]
        padded = len(before) - len(before.rstrip(b" ")) > 1
        line.anchor = _Anchor(len(line.text) + 1, group, self._column_of(sign.start_byte), padded)

    def _keep_column(self, node: Node) -> None:
        line = self.lines[-1]
        if not self._flat and self._break is None and "\n" not in line.text and not self._breaks_before(node):
            line.kept = (len(line.text) + 1, self._column_of(node.start_byte)) if line.kept is None else line.kept

    # -- places in the source

    def _text_of(self, node: Node) -> str:
        return self._source.data[node.start_byte : node.end_byte].decode("utf-8")

    def _line_of(self, offset: int) -> int:
        return self._source.line_of(offset)

    def _column_of(self, offset: int) -> int:
        line = self._line_of(offset)
        column = len(self._source.slice(Span(self._source.line_start(line), offset)))
        return column + (max(0, self._first_column) if line == 0 else 0)

    def _line_begun_by(self, offset: int) -> int:
        """The file's line that the token at ``offset`` is the first of, or -1."""
        line = self._line_of(offset)
        before = self._source.slice(Span(self._source.line_start(line), offset)).strip(_BLANKS)
        begins = not before and (line > 0 or self._first_column >= 0)
        return line + self._first_line if begins else -1

    def _breaks_before(self, node: Node) -> bool:
        return bool(self._previous) and self._line_of(self._previous_end) != self._line_of(node.start_byte)

    def _blank_before(self, node: Node, before: Node) -> bool:
        return self._line_of(node.start_byte) - self._line_of(before.end_byte) > 1


def _spaced(before: str, after: str, parent: str) -> bool:
    """Whether a space stands between two neighbouring tokens, given their types and that of the node around the second."""
    if after in _CLOSE_UP or before in ("(", "[", "."):
        return False
    if after == "(":
        return parent not in ("parameters", "arguments")
    return not (after == "[" and parent == "list_type")


_CLOSE_UP = frozenset({",", ")", "]", ".", "?", ":"})


def _has_comment(node: Node) -> bool:
    return node.type == "comment" or any(_has_comment(child) for child in node.children)
