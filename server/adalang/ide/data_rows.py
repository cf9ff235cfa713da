"""The rows of a component's evals, as inputs that it can be tried with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adalang.language.checks import Facts
from adalang.language.checks.data import rows_of
from adalang.language.checks.scope import Scope, signature
from adalang.language.datasets import data_reference, plan
from adalang.language.declarations import (
    Constant,
    EvalDeclaration,
    Expression,
    ListExpression,
    Member,
    ObjectExpression,
    Reference,
    Text,
    setting,
)
from adalang.language.diagnostics import Report
from adalang.language.program import Entity, Program


@dataclass(frozen=True, slots=True)
class Row:
    """One row as inputs. ``path`` is its file (``None``: it stands in the program), ``number`` its place there, from 1."""

    inputs: Mapping[str, Any]
    path: Path | None
    number: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of ``eval`` that give every input that the component cannot do without."""

    eval: Entity
    rows: tuple[Row, ...]


def evals_of(program: Program, component: Entity) -> Iterator[Entity]:
    """The evals whose target is the component, in the order of the text."""
    for entity in program.entities("eval"):
        declaration = entity.declaration
        assert isinstance(declaration, EvalDeclaration)
        target = program.resolve_expression(declaration.target, entity.module)
        if target is not None and target.id == component.id:
            yield entity


def data_rows(program: Program, component: Entity, facts: Facts, most: int | None = None) -> Rows | None:
    """The rows of the component's first eval that has any, the first ``most`` of them; ``None`` when no eval of it has one."""
    known = signature(program, component).inputs
    required = [name for name, _, optional in known if not optional]
    for entity in evals_of(program, component):
        mapping, found = mapping_of(entity), []
        for values, path, number in _stored_rows(program, entity, facts):
            inputs = dict(_inputs([name for name, _, _ in known], mapping, values))
            if all(name in inputs for name in required):
                found.append(Row(inputs, path, number))
            if len(found) == most:
                break
        if found:
            return Rows(entity, tuple(found))
    return None


def mapping_of(entity: Entity) -> Mapping[str, Expression]:
    """What an eval says about inputs that are not the column of their name: ``inputs = { name = row.column }``."""
    declaration = entity.declaration
    assert isinstance(declaration, EvalDeclaration)
    found = setting(declaration.settings, "inputs")
    pairs = found.value.pairs if found is not None and isinstance(found.value, ObjectExpression) else ()
    return {pair.name.text: pair.value for pair in pairs}


def _inputs(names: list[str], mapping: Mapping[str, Expression], row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in names:
        try:
            if name in mapping:
                yield name, _value(mapping[name], row)
            elif name in row:
                yield name, row[name]
        except LookupError:
            continue


def _value(expression: Expression, row: Mapping[str, Any]) -> Any:
    """An expression over ``row``, as an evaluation reads it.

    Raises:
        LookupError: the row has no such column, or the expression is more than columns and plain values.
    """
    match expression:
        case Text(value=value) | Constant(value=value):
            return value
        case Reference(name="row"):
            return row
        case Member(object=inner, name=name):
            owner = _value(inner, row)
            if owner is None:
                return None
            if not isinstance(owner, Mapping):
                raise LookupError(name.text)
            return owner[name.text]
        case ListExpression(items=items):
            return [_value(one, row) for one in items]
        case ObjectExpression(pairs=pairs):
            return {pair.name.text: _value(pair.value, row) for pair in pairs}
        case _:
            raise LookupError


def _stored_rows(program: Program, entity: Entity, facts: Facts) -> list[tuple[Mapping[str, Any], Path | None, int]]:
    dataset = dataset_of(program, entity)
    if dataset is None:
        return []
    scope = Scope(program, entity.module, Report(entity.module), facts)
    return rows_of(scope, plan(dataset[0])) or []


def dataset_of(program: Program, entity: Entity) -> tuple[Entity, str] | None:
    """An eval's data set, and the split of it that the eval names ("": none)."""
    declaration = entity.declaration
    assert isinstance(declaration, EvalDeclaration)
    data = setting(declaration.settings, "data")
    return data_reference(program, entity.module, data.value) if data is not None else None
