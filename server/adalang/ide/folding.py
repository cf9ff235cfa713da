"""Folding ranges: declarations, brackets, texts, the blocks of Jinja, runs of comments and of imports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal
from weakref import WeakKeyDictionary

from tree_sitter import Node, Query, QueryCursor

from adalang.language.declarations import AgentDeclaration, JinjaTag, PromptDeclaration, Template
from adalang.language.pieces import Piece
from adalang.language.program import Program
from adalang.language.syntax import grammar
from adalang.language.text import SourceText, Span


@dataclass(frozen=True, slots=True)
class Fold:
    """``span`` is what a fold hides. With ``closer`` something behind it begins its line and stays to be seen."""

    span: Span
    kind: Literal["region", "comment", "imports"] = "region"
    closer: bool = False

    def shifted(self, by: int) -> Fold:
        return Fold(self.span.shifted(by), self.kind, self.closer)


def folding(program: Program) -> list[Fold]:
    """What can be folded in the root file, in the order of the text; at most one fold begins on a line."""
    found = [one.shifted(start) for start, piece in program.root.pieces for one in _of_piece(piece)]
    return sorted([*found, *_imports(program)], key=lambda one: one.span)


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a template between two tags that belong together: an `if` and its `else`, an `else` and its `endif`."""

    opening: JinjaTag
    closing: JinjaTag
    whole: Span
    """From the first tag of the chain to the end of its last."""


def jinja_blocks(template: Template) -> list[Block]:
    """The blocks of a template, as far as their tags are paired; spans count from the declaration's start."""
    found: list[Block] = []
    open_tags: list[tuple[str, list[JinjaTag]]] = []
    for tag in template.tags:
        word = _first_word(tag)
        if word in _BRANCHES and open_tags:
            open_tags[-1][1].append(tag)
        elif word.startswith("end") and any(name == word[3:] for name, _ in open_tags):
            while open_tags:
                name, tags = open_tags.pop()
                if name == word[3:]:
                    tags.append(tag)
                    whole = Span(tags[0].span.start, tag.span.end)
                    found += [Block(opening, closing, whole) for opening, closing in pairwise(tags)]
                    break
        elif word in _OPENERS:
            open_tags.append((word, [tag]))
    return found


_OPENERS = frozenset({"if", "for", "set", "macro", "call", "filter", "with", "block", "raw"})
_BRANCHES = frozenset({"elif", "else"})


def _first_word(tag: JinjaTag) -> str:
    return next((token.text for token in tag.tokens if token.kind == "name"), "") if tag.kind == "statement" else ""


# ---- one piece

_KEPT: WeakKeyDictionary[Piece, tuple[Fold, ...]] = WeakKeyDictionary()


@cache
def _query() -> Query:
    return Query(
        grammar(),
        """
        (declaration) @declaration
        [(body) (block) (settings) (object) (object_type) (array) (comprehension) (match) (parameters) (arguments)
         (parenthesized_expression) (parenthesized_type) (string) (template)] @bracket
        (comment) @comment
        """,
    )


def _of_piece(piece: Piece) -> tuple[Fold, ...]:
    found = _KEPT.get(piece)
    if found is None:
        found = _KEPT[piece] = tuple(_one_a_line(piece.source, _folds(piece)))
    return found


def _folds(piece: Piece) -> Iterator[Fold]:
    captures = QueryCursor(_query()).captures(piece.tree.root_node)
    for node in (*captures.get("declaration", ()), *captures.get("bracket", ())):
        yield from _of_node(piece.source, node)
    for item in piece.items:
        if isinstance(item.declaration, PromptDeclaration | AgentDeclaration):
            for message in item.declaration.messages:
                for block in jinja_blocks(message.template):
                    inside = Span(block.opening.span.end, block.closing.span.start).shifted(item.start)
                    yield Fold(inside, closer=_begins_line(piece.source, inside.end))
    yield from _comments(piece.source, captures.get("comment", []))


def _of_node(source: SourceText, node: Node) -> Iterator[Fold]:
    """From the end of the line that it begins on, or behind its bracket, to before its closing one."""
    start, end = node.start_byte, node.end_byte
    text = source.data[start:end]
    if b"\n" not in text and b"\r" not in text:
        return
    first = source.line_of(start)
    last_leaf = _last_leaf(node)
    closes = last_leaf.type in _CLOSERS and _begins_line(source, last_leaf.start_byte)
    if closes:
        end = last_leaf.start_byte
    opener = _opener(node)
    start = opener.end_byte if opener is not None else source.line_span(first).end
    if start < end:
        yield Fold(Span(start, end), closer=closes)


_CLOSERS = frozenset({"}", "]", ")", "string_end"})
_OPENING = frozenset({"{", "[", "(", "string_start"})


def _opener(node: Node) -> Node | None:
    if node.type.endswith("_declaration"):
        return None
    return next((child for child in node.children if child.type in _OPENING), None)


def _last_leaf(node: Node) -> Node:
    while node.children:
        node = node.children[-1]
    return node


def _begins_line(source: SourceText, offset: int) -> bool:
    return not source.data[source.line_start(source.line_of(offset)) : offset].strip()


def _comments(source: SourceText, comments: list[Node]) -> Iterator[Fold]:
    """Two and more comments on lines of their own, one below the other."""
    run: list[Node] = []
    for node in [*sorted(comments, key=lambda one: one.start_byte), None]:
        joins = (
            node is not None
            and _begins_line(source, node.start_byte)
            and (not run or source.line_of(node.start_byte) == source.line_of(run[-1].start_byte) + 1)
        )
        if not joins:
            if len(run) > 1:
                yield Fold(Span(run[0].end_byte, run[-1].end_byte), "comment")
            run = []
        if node is not None and _begins_line(source, node.start_byte):
            run.append(node)


def _one_a_line(source: SourceText, folds: Iterator[Fold]) -> list[Fold]:
    """Of the folds that begin on one line the one that hides most; none that lies on one line."""
    best: dict[int, Fold] = {}
    for one in folds:
        first, last = source.line_of(one.span.start), source.line_of(one.span.end)
        if last - one.closer > first:
            best[first] = max(best.get(first, one), one, key=lambda fold: (fold.span.end, -fold.span.start))
    return list(best.values())


# ---- between pieces


def _imports(program: Program) -> Iterator[Fold]:
    """Imports on several lines with no other declaration between them."""
    source, items = program.root.source, program.root.items
    run: list[Span] = []
    for item in [*items, None]:
        if item is not None and item.declaration.kind == "import":
            run.append(item.span)
            continue
        if run and source.line_of(run[0].end) < source.line_of(run[-1].end):
            yield Fold(Span(source.line_span(source.line_of(run[0].end)).end, run[-1].end), "imports")
        run = []
