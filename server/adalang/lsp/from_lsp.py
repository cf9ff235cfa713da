"""From the protocol's positions to ours."""

from __future__ import annotations

from adalang.language.text import Encoding, Position, SourceText, Span
from adalang.lsp import types


def offset(source: SourceText, position: types.Position, encoding: Encoding) -> int:
    return source.offset(Position(position.line, position.character), encoding)


def span(source: SourceText, found: types.Range, encoding: Encoding) -> Span:
    start, end = offset(source, found.start, encoding), offset(source, found.end, encoding)
    return Span(min(start, end), max(start, end))
