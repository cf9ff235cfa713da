"""Document symbols: a file's declarations with their parts, in the order of the text.

They say what is written, not what it means, so that a piece's symbols depend on its own bytes alone and are kept with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from adalang.language.declarations import (
    COMPONENT_KINDS,
    AgentDeclaration,
    Binding,
    Declaration,
    Demos,
    EvalDeclaration,
    Expression,
    ImportDeclaration,
    ModelDeclaration,
    Name,
    ObjectType,
    Param,
    Parameter,
    PipelineDeclaration,
    PromptDeclaration,
    Text,
    TypeDeclaration,
    TypeExpression,
    bindings,
)
from adalang.language.lower import Item
from adalang.language.pieces import Piece
from adalang.language.program import Program
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Symbol:
    """``kind`` is the declaration's word, or "input", "param", "demos", "binding" or "field" for a part of one.

    ``name_span`` lies inside ``span``, and so do the children, in the order of the text.
    """

    name: str
    kind: str
    detail: str
    span: Span
    name_span: Span
    children: tuple[Symbol, ...] = ()

    def shifted(self, by: int) -> Symbol:
        children = tuple(one.shifted(by) for one in self.children)
        return replace(self, span=self.span.shifted(by), name_span=self.name_span.shifted(by), children=children)


def symbols(program: Program) -> list[Symbol]:
    """The symbols of the root file; a declaration without a name yet is called by its keyword."""
    return [one.shifted(start) for start, piece in program.root.pieces for one in piece_symbols(piece)]


_KEPT: WeakKeyDictionary[Piece, tuple[Symbol, ...]] = WeakKeyDictionary()


def piece_symbols(piece: Piece) -> tuple[Symbol, ...]:
    """The symbols of a piece; their places count from its start."""
    found = _KEPT.get(piece)
    if found is None:
        found = _KEPT[piece] = tuple(_declared(_Written(piece, item), item) for item in piece.items)
    return found


class _Written:
    """What stands in a declaration, by spans that count from its start."""

    def __init__(self, piece: Piece, item: Item) -> None:
        self._source, self._start = piece.source, item.start

    def __call__(self, part: Expression | TypeExpression | None) -> str:
        """A part on one line; nothing for one that is missing."""
        if part is None:
            return ""
        text = " ".join(self._source.slice(part.span.shifted(self._start)).split())
        return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


_WIDEST = 80


def _declared(written: _Written, item: Item) -> Symbol:
    declaration = item.declaration
    children = sorted(_parts(written, declaration), key=lambda one: (one.span.start, one.span.end))
    name = declaration.name
    if isinstance(declaration, ImportDeclaration) and isinstance(declaration.path, Text):
        name = Name(declaration.path.value, declaration.path.span)
    if not name.text.strip():
        name = Name(declaration.kind, Span(0, min(len(declaration.kind), declaration.span.end)))
    found = Symbol(
        name.text, declaration.kind, _detail(written, declaration), declaration.span, name.span, tuple(children)
    )
    return found.shifted(item.start)


def _detail(written: _Written, declaration: Declaration) -> str:
    if declaration.kind in COMPONENT_KINDS:
        parameters: tuple[Parameter, ...] = declaration.parameters  # type: ignore[union-attr]
        inputs = ", ".join(f"{one.name.text}: {written(one.type)}".removesuffix(": ") for one in parameters)
        returns = written(declaration.returns)  # type: ignore[union-attr]
        return f"{declaration.kind}({inputs})" + (f" -> {returns}" if returns else "")
    match declaration:
        case ModelDeclaration(value=value):
            return f"model {written(value)}".rstrip()
        case TypeDeclaration(type=declared):
            return f"type {written(declared)}".rstrip()
        case EvalDeclaration(target=target):
            return f"eval of {written(target)}".rstrip()
        case _:
            return declaration.kind


# ---- parts


def _parts(written: _Written, declaration: Declaration) -> Iterator[Symbol]:
    parameters: tuple[Parameter, ...] = getattr(declaration, "parameters", ())
    for parameter in parameters:
        yield from _part("input", parameter, written(parameter.type))
    match declaration:
        case PromptDeclaration(params=params, demos=demos) | AgentDeclaration(params=params, demos=demos):
            for param in params:
                yield from _part("param", param)
            for one in demos:
                yield from _part("demos", one)
        case PipelineDeclaration(body=body):
            for binding in bindings(body):
                yield from _part("binding", binding)
        case TypeDeclaration(type=declared):
            yield from _fields(written, declared)
        case _:
            pass


def _fields(written: _Written, declared: TypeExpression) -> Iterator[Symbol]:
    for one in declared.fields if isinstance(declared, ObjectType) else ():
        if one.name.text.strip():
            children = tuple(_fields(written, one.type))
            yield Symbol(one.name.text, "field", written(one.type), one.span, one.name.span, children)


def _part(kind: str, part: Parameter | Param | Demos | Binding, detail: str = "") -> Iterator[Symbol]:
    if part.name.text.strip():
        yield Symbol(part.name.text, kind, detail, part.span, part.name.span)
