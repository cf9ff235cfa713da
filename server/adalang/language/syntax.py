"""The syntax tree: tree-sitter's, built by the grammar in ``prompts-schema/tree-sitter-adal``, incrementally when it can be."""

from __future__ import annotations

from functools import cache

from tree_sitter import Language, Node, Parser, Point, Tree

from adalang.language import _grammar
from adalang.language.text import Edit, SourceText

__all__ = ["Node", "Tree", "grammar", "parse", "reparse"]


@cache
def grammar() -> Language:
    return Language(_grammar.language())


@cache
def _parser() -> Parser:
    return Parser(grammar())


def parse(source: SourceText) -> Tree:
    """Parse from nothing. Never fails: what cannot be parsed is in ERROR nodes."""
    return _parser().parse(source.data, encoding="utf8")


def reparse(tree: Tree, before: SourceText, edit: Edit, after: SourceText) -> Tree:
    """The tree of ``after``, reusing what ``edit`` left alone of ``before``'s tree. ``tree`` must not be used again.

    Where there are errors, how the parser goes on depends on what it can reuse. The same text has to give the same tree
    whatever was typed before, so trees with errors are parsed from nothing.
    """
    if tree.root_node.has_error:
        return parse(after)
    new_end = edit.span.start + len(edit.text.encode("utf-8", "surrogatepass"))
    tree.edit(
        start_byte=edit.span.start,
        old_end_byte=edit.span.end,
        new_end_byte=new_end,
        start_point=Point(*before.point(edit.span.start)),
        old_end_point=Point(*before.point(edit.span.end)),
        new_end_point=Point(*after.point(new_end)),
    )
    found = _parser().parse(after.data, tree, encoding="utf8")
    return parse(after) if found.root_node.has_error else found
