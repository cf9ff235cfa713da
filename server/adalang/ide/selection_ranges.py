"""Selection ranges: what a selection grows to, step by step, from the word at the cursor to the whole file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adalang.ide.folding import jinja_blocks
from adalang.ide.placement import documented, is_comment
from adalang.language.declarations import AgentDeclaration, Message, PromptDeclaration
from adalang.language.lower import Item
from adalang.language.pieces import Piece
from adalang.language.program import Program
from adalang.language.syntax import Node
from adalang.language.text import SourceText, Span


def selection_ranges(program: Program, offset: int) -> list[Span]:
    """What the cursor at byte ``offset`` of the root file may select, the innermost first; each holds the one before it."""
    source = program.root.source
    steps: list[Span] = []
    found = program.root.piece_at(min(offset, len(source.data) - 1))
    if found is not None:
        start, piece = found
        steps += [one.shifted(start) for one in _in_piece(piece, offset - start)]
    steps += _documented(source, program.root.items, offset)
    steps.append(Span(0, len(source.data)))
    return _growing(steps, offset)


def _growing(steps: list[Span], offset: int) -> list[Span]:
    """Those that hold the cursor and the step before, and more than it."""
    chain: list[Span] = []
    for span in steps:
        last = chain[-1] if chain else Span(offset, offset)
        if span.start <= last.start and last.end <= span.end and span != last:
            chain.append(span)
    return [*chain[: _MOST_STEPS - 1], *chain[-1:]] if len(chain) > _MOST_STEPS else chain or [Span(offset, offset)]


# ---- one piece


def _in_piece(piece: Piece, offset: int) -> Iterator[Span]:
    leaf = _leaf_at(piece, offset)
    if leaf is None:
        return
    if leaf.type in _TEXTS:
        yield from _word(piece.source, leaf, offset)
    node: Node | None = leaf if leaf.type not in _PARTS else leaf.parent
    for _ in range(_MOST_STEPS):
        if node is None or node.type == "source_file":
            break
        if node.type in ("interpolation", "statement"):
            yield from _in_tag(node, offset)
        if node.type in ("string", "template"):
            yield from _in_literal(piece, node, offset)
        yield from _around(node)
        node = node.parent


def _leaf_at(piece: Piece, offset: int) -> Node | None:
    """The smallest node at the cursor; behind the end of a word that word, where a cursor stands after typing."""
    root = piece.tree.root_node
    touched = (root.descendant_for_byte_range(at, at) for at in (offset, offset - 1) if at >= 0)
    found = [one for one in touched if one is not None and one.end_byte > one.start_byte]
    return min(found, key=lambda one: (not _is_word(one), one.end_byte - one.start_byte), default=None)


def _is_word(node: Node) -> bool:
    return node.type in _WORDS or (not node.is_named and node.type.isalpha())


_MOST_STEPS = 200
"""More nesting than that is skipped; the last step is always the file."""
_WORDS = frozenset(
    {"identifier", "number", "jinja_name", "jinja_number", "jinja_string", "role", "true", "false", "null"}
)
_PARTS = frozenset({"string_content", "template_content", "escape_sequence"})
_TEXTS = _PARTS | {"comment", "jinja_comment"}
_BRACKETS = {"{": "}", "[": "]", "(": ")"}


def _around(node: Node) -> Iterator[Span]:
    """What a node's brackets hold, and the node."""
    children = node.children
    opener = next((child for child in children if child.type in _BRACKETS), None)
    if opener is not None and children[-1].type == _BRACKETS[opener.type]:
        inner = [child for child in children if opener.end_byte <= child.start_byte < children[-1].start_byte]
        if inner:
            yield Span(inner[0].start_byte, inner[-1].end_byte)
    yield Span(node.start_byte, node.end_byte)


# ---- texts

_WORD = re.compile(rb"[\w\x80-\xff]+(?:[-'][\w\x80-\xff]+)*")


def _word(source: SourceText, leaf: Node, offset: int) -> Iterator[Span]:
    """The word at the cursor."""
    line = source.line_span(source.line_of(offset))
    for match in _WORD.finditer(source.data, max(line.start, leaf.start_byte), min(line.end, leaf.end_byte)):
        if match.start() <= offset <= match.end():
            yield Span(match.start(), match.end())


def _in_literal(piece: Piece, literal: Node, offset: int) -> Iterator[Span]:
    """The line, the paragraph and the Jinja blocks around the cursor, then all between the quotes."""
    source, children = piece.source, literal.children
    closed = len(children) > 1 and children[-1].type == "string_end"
    inside = Span(children[0].end_byte, children[-1].start_byte if closed else literal.end_byte)
    if not inside.contains(offset):
        return
    line = source.line_of(offset)
    first = last = line
    if _trimmed(source, source.line_span(line), inside) is not None:
        while first > 0 and _trimmed(source, source.line_span(first - 1), inside) is not None:
            first -= 1
        while _trimmed(source, source.line_span(last + 1), inside) is not None:
            last += 1
    steps = [
        _trimmed(source, source.line_span(line), inside),
        _trimmed(source, Span(source.line_start(first), source.line_span(last).end), inside),
        _trimmed(source, inside, inside),
    ]
    spans = [one for one in steps if one is not None] + [inside]
    for item in piece.items:
        message = _message_at(item, literal.start_byte)
        if message is not None:
            spans += [block.whole.shifted(item.start) for block in jinja_blocks(message.template)]
            spans += [
                Span(block.opening.span.end, block.closing.span.start).shifted(item.start)
                for block in jinja_blocks(message.template)
            ]
    yield from sorted((one for one in spans if one.contains(offset)), key=lambda one: one.end - one.start)


def _trimmed(source: SourceText, span: Span, within: Span) -> Span | None:
    """The part of a span that lies within another, without white space at its ends; ``None`` where nothing is left."""
    start, end = max(span.start, within.start), min(span.end, within.end)
    text = source.data[start : max(start, end)]
    if not text.strip():
        return None
    return Span(start + len(text) - len(text.lstrip()), start + len(text.rstrip()))


def _message_at(item: Item, start: int) -> Message | None:
    if not isinstance(item.declaration, PromptDeclaration | AgentDeclaration):
        return None
    return next((one for one in item.declaration.messages if one.template.span.start + item.start == start), None)


def _in_tag(tag: Node, offset: int) -> Iterator[Span]:
    """The path at the cursor (`p.text`), then all between the delimiters."""
    tokens = [child for child in tag.children if child.type.startswith("jinja_") and child.type != "jinja_unclosed"]
    at = next((index for index, one in enumerate(tokens) if one.start_byte <= offset <= one.end_byte), None)
    if at is None:
        return
    low = high = at
    while low > 0 and _joined(tokens[low - 1], tokens[low]):
        low -= 1
    while high + 1 < len(tokens) and _joined(tokens[high], tokens[high + 1]):
        high += 1
    for token in tokens[at : high + 1]:
        if token.type == "jinja_name":
            yield Span(tokens[low].start_byte, token.end_byte)
    yield Span(tokens[0].start_byte, tokens[-1].end_byte)


def _joined(one: Node, other: Node) -> bool:
    """Whether two tokens belong to one path: names with dots between them."""
    dots = (one.text == b".") + (other.text == b".")
    names = (one.type == "jinja_name") + (other.type == "jinja_name")
    return dots == 1 and names == 1


# ---- the file


def _documented(source: SourceText, items: tuple[Item, ...], offset: int) -> Iterator[Span]:
    """The run of comments at the cursor, and the declaration at it or below them with its documentation."""
    line = source.line_of(offset)
    if is_comment(source, line):
        run = Span(documented(source, offset), source.line_span(_below(source, line)).end)
        if run.start <= offset and source.data[run.start : offset + 1].strip():
            yield run
    item = next((one for one in items if offset <= one.span.end), None)
    if item is not None:
        yield Span(min(item.start, documented(source, item.start)), item.span.end)


def _below(source: SourceText, line: int) -> int:
    """The last of the lines with comments from ``line`` on."""
    while is_comment(source, line + 1):
        line += 1
    return line
