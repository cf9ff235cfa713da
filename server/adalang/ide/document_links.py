"""Document links: imported files, data files, corpora, images and files of messages, the Python files of tools and metrics,
addresses in comments."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adalang.language.attachments import constant_parts
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.declarations import (
    AgentDeclaration,
    CallExpression,
    DatasetDeclaration,
    Declaration,
    EvalDeclaration,
    Expression,
    ImportDeclaration,
    ListExpression,
    PromptDeclaration,
    Reference,
    RetrieverDeclaration,
    Setting,
    Text,
    ToolDeclaration,
    walk,
)
from adalang.language.pieces import Piece
from adalang.language.program import Program
from adalang.language.settings import SETTINGS
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Link:
    """``span`` in the root file leads to ``target``: a file, a folder, or an address on the web."""

    span: Span
    target: Path | str
    tooltip: str = ""


def document_links(program: Program, facts: Facts = NO_FACTS) -> list[Link]:
    """The links of the root file in the order of the text; none to a file that is known to be missing."""
    folder = program.root.path.parent
    found = [link for start, piece in program.root.pieces for link in _addresses(piece, start)]
    for item in program.root.items:
        for text in _files(item.declaration):
            path = Path(os.path.normpath(folder / text.path))
            if text.path and facts.exists(path) is not False:
                found.append(Link(text.span.shifted(item.start), path, text.tooltip))
    return sorted(found, key=lambda one: one.span)


@dataclass(frozen=True, slots=True)
class _File:
    """A path, relative to the file that names it, and where it is written in its declaration."""

    path: str
    span: Span
    tooltip: str = ""


def _files(declaration: Declaration) -> Iterator[_File]:
    match declaration:
        case ImportDeclaration(path=Text() as path):
            yield _File(path.value, _inside(path))
        case DatasetDeclaration(value=value, settings=settings):
            if isinstance(value, Text):
                yield _pattern(value)
            yield from _setting_files(settings, "dataset")
        case RetrieverDeclaration(settings=settings):
            yield from _setting_files(settings, "retriever")
        case ToolDeclaration(value=value):
            yield from _functions(value)
        case PromptDeclaration(messages=messages) | AgentDeclaration(messages=messages):
            for message in messages:
                for token, written in constant_parts(message.template):
                    yield _File(written, Span(token.span.start + 1, token.span.end - 1))
        case EvalDeclaration(settings=settings):
            for one in settings:
                yield from _functions(one.value)
        case _:
            pass


def _setting_files(settings: tuple[Setting, ...], kind: str) -> Iterator[_File]:
    for one in settings:
        spec = SETTINGS[kind].get(one.name.text)
        if spec is not None and spec.kind == "file":
            for text in one.value.items if isinstance(one.value, ListExpression) else (one.value,):
                if isinstance(text, Text):
                    yield _pattern(text)


def _pattern(text: Text) -> _File:
    """A file; of a pattern the folder that all its files are in."""
    sign = re.search(r"[*?\[]", text.value)
    if sign is None:
        return _File(text.value, _inside(text))
    folder = text.value[: text.value.rfind("/", 0, sign.start()) + 1] or "."
    return _File(folder, _inside(text), f"The files {text.value}")


def _functions(expression: Expression) -> Iterator[_File]:
    """``python("file.py:function")`` and ``http("openapi.json:operation")``, wherever they stand in the expression."""
    for one in walk(expression):
        match one:
            case CallExpression(function=Reference(name="python" | "http" as kind), arguments=[first, *_]):
                if isinstance(first.value, Text):
                    path, _, name = first.value.value.rpartition(":")
                    yield _File(path, _inside(first.value), f"{'Function' if kind == 'python' else 'Operation'} {name}")
            case _:
                pass


def _inside(text: Text) -> Span:
    """What stands between the quotes."""
    fence = text.decoded.fence
    return Span(text.span.start + fence, max(text.span.start + fence, text.span.end - (fence if text.closed else 0)))


# ---- addresses

_ADDRESS = re.compile(rb"https?://[^\s<>\"'`|\\^{}\[\]]*[^\s<>\"'`|\\^{}\[\].,;:!?)]")


def _addresses(piece: Piece, start: int) -> Iterator[Link]:
    """The addresses in a piece's comments; in texts they are the text's."""
    data = piece.source.data
    if b"://" not in data:
        return
    waiting = [piece.tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            for found in _ADDRESS.finditer(data, node.start_byte, node.end_byte):
                span = Span(start + found.start(), start + found.end())
                yield Link(span, found.group().decode("utf-8", "replace"))
        elif b"://" in data[node.start_byte : node.end_byte]:
            waiting += node.children
