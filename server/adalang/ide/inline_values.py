"""Inline values: what the names of a component held in its last run, beside the lines that declare them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adalang.language.declarations import (
    COMPONENT_KINDS,
    Binding,
    Declaration,
    Name,
    PipelineDeclaration,
    Return,
    statements,
)
from adalang.language.program import Program
from adalang.language.text import Span

Values = Mapping[str, Mapping[str, str]]
"""By component, the short text of each name's value in its last call: of inputs, of bound names, and of "return"."""

_WIDEST = 60


@dataclass(frozen=True, slots=True)
class InlineValue:
    """``text`` is shown at the end of ``span``'s line, a place in the root file."""

    span: Span
    text: str


def texts(inputs: Mapping[str, Any], bindings: Mapping[str, str], output: Any) -> Mapping[str, str]:
    """The values of one call as :data:`Values` has them. ``bindings``: the names that a pipeline bound, as short JSON already."""
    return {**{name: _json(value) for name, value in inputs.items()}, **bindings, "return": _json(output)}


def inline_values(program: Program, span: Span, values: Values) -> list[InlineValue]:
    """The known values of the names that the root file declares inside ``span``, without those of names that are gone."""
    found = []
    for item in program.root.items:
        declaration = item.declaration
        if declaration.kind not in COMPONENT_KINDS or declaration.name.text not in values:
            continue
        known = values[declaration.name.text]
        for name in _names(declaration):
            place = name.span.shifted(item.start)
            if name.text in known and place.touches(span):
                found.append(InlineValue(place, f"{name.text} = {_short(known[name.text])}"))
    return found


def _names(declaration: Declaration) -> Iterator[Name]:
    for parameter in getattr(declaration, "parameters", ()):
        yield parameter.name
    if isinstance(declaration, PipelineDeclaration):
        for statement in statements(declaration.body):
            if isinstance(statement, Binding):
                yield statement.name
            elif isinstance(statement, Return):
                yield Name("return", statement.value.span)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _WIDEST else flat[: _WIDEST - 1] + "…"
