"""Symbols as the protocol has them. A piece's are kept as long as it stands on the same line, as most do while one types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from adalang.ide.symbols import Symbol, piece_symbols
from adalang.language.pieces import Piece
from adalang.language.program import Module
from adalang.language.text import Encoding, SourceText, Span
from adalang.lsp import types
from adalang.lsp.to_lsp import SYMBOL_KINDS


@dataclass(frozen=True, slots=True)
class _Converted:
    """The symbols of a piece that starts at ``line``."""

    line: int
    encoding: Encoding
    symbols: tuple[types.DocumentSymbol, ...]


_KEPT: WeakKeyDictionary[Piece, _Converted] = WeakKeyDictionary()


def document_symbols(module: Module, encoding: Encoding) -> list[types.DocumentSymbol]:
    """The symbols of a file, nested."""
    found: list[types.DocumentSymbol] = []
    for start, piece in module.pieces:
        line, kept = module.source.line_of(start), _KEPT.get(piece)
        if kept is None or kept.line != line or kept.encoding != encoding:
            symbols = tuple(_symbol(piece.source, line, one, encoding) for one in piece_symbols(piece))
            kept = _KEPT[piece] = _Converted(line, encoding, symbols)
        found += kept.symbols
    return found


def flat(
    uri: str, symbols: list[types.DocumentSymbol], container: str | None = None
) -> Iterator[types.SymbolInformation]:
    """For clients that know no nested ones."""
    for one in symbols:
        yield types.SymbolInformation(types.Location(uri, one.range), one.name, one.kind, container_name=container)
        yield from flat(uri, list(one.children or ()), one.name)


def _symbol(source: SourceText, line: int, found: Symbol, encoding: Encoding) -> types.DocumentSymbol:
    """``line`` is the file's line on which ``source`` starts."""
    return types.DocumentSymbol(
        name=found.name,
        detail=found.detail,
        kind=SYMBOL_KINDS[found.kind],
        range=_range(source, line, found.span, encoding),
        selection_range=_range(source, line, found.name_span, encoding),
        children=[_symbol(source, line, child, encoding) for child in found.children],
    )


def _range(source: SourceText, line: int, span: Span, encoding: Encoding) -> types.Range:
    start, end = source.position(span.start, encoding), source.position(span.end, encoding)
    return types.Range(types.Position(line + start.line, start.column), types.Position(line + end.line, end.column))
