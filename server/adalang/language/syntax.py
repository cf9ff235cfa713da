"""The syntax tree: tree-sitter's, built by the grammar in ``prompts-schema/tree-sitter-adal``."""

from __future__ import annotations

from functools import cache

from tree_sitter import Language, Node, Parser, Tree

from adalang.language import _grammar
from adalang.language.text import SourceText

__all__ = ["Node", "Tree", "grammar", "parse"]


@cache
def grammar() -> Language:
    return Language(_grammar.language())


@cache
def _parser() -> Parser:
    return Parser(grammar())


def parse(source: SourceText) -> Tree:
    """Parse from nothing. Never fails: what cannot be parsed is in ERROR nodes."""
    return _parser().parse(source.data, encoding="utf8")
