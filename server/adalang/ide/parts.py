"""The names that declarations hold for others to use: inputs, params, demos, bindings, fields, columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from weakref import WeakKeyDictionary

from adalang.language.declarations import (
    AgentDeclaration,
    DatasetDeclaration,
    Declaration,
    ListExpression,
    ListType,
    Name,
    ObjectExpression,
    ObjectType,
    OptionalType,
    PipelineDeclaration,
    PromptDeclaration,
    TypeExpression,
    bindings,
)
from adalang.language.lower import Item
from adalang.language.pieces import Piece
from adalang.language.text import Span


def parts_of(declaration: Declaration) -> Mapping[str, tuple[str, Span]]:
    """The names inside a component that others can use: kind and place of its inputs, params, demos and bindings."""
    found: dict[str, tuple[str, Span]] = {}
    for parameter in getattr(declaration, "parameters", ()):
        found[parameter.name.text] = ("input", parameter.name.span)
    if isinstance(declaration, PromptDeclaration | AgentDeclaration):
        found |= {one.name.text: ("param", one.name.span) for one in declaration.params}
        found |= {one.name.text: ("demos", one.name.span) for one in declaration.demos}
    if isinstance(declaration, PipelineDeclaration):
        for binding in bindings(declaration.body):
            found.setdefault(binding.name.text, ("binding", binding.name.span))
    found.pop("", None)
    return found


def row_keys(rows: ListExpression) -> Iterator[Name]:
    """The keys of rows that are written out, or of examples."""
    for row in rows.items:
        if isinstance(row, ObjectExpression):
            yield from (pair.name for pair in row.pairs)


_ORIGINS: WeakKeyDictionary[Piece, Mapping[int, tuple[str, Item]]] = WeakKeyDictionary()


def origins(piece: Piece) -> Mapping[int, tuple[str, Item]]:
    """By identity the names in a piece that types, fields, inputs and columns come from: their kind and declaration."""
    found = _ORIGINS.get(piece)
    if found is None:
        found = _ORIGINS[piece] = dict(_origins_of(piece))
    return found


def _origins_of(piece: Piece) -> Iterator[tuple[int, tuple[str, Item]]]:
    for item in piece.items:
        declaration = item.declaration
        written = [getattr(declaration, "type", None), getattr(declaration, "returns", None)]
        for parameter in getattr(declaration, "parameters", ()):
            yield id(parameter.name), ("input", item)
            written.append(parameter.type)
        for one in written:
            if one is not None:
                yield from ((id(name), ("field", item)) for name in _fields_of(one))
        if declaration.kind == "type":
            yield id(declaration.name), ("type", item)
        if isinstance(declaration, DatasetDeclaration) and isinstance(declaration.value, ListExpression):
            yield from ((id(name), ("column", item)) for name in row_keys(declaration.value))


def _fields_of(written: TypeExpression) -> Iterator[Name]:
    match written:
        case ListType(item=item) | OptionalType(item=item):
            yield from _fields_of(item)
        case ObjectType(fields=fields):
            for one in fields:
                yield one.name
                yield from _fields_of(one.type)
        case _:
            pass
