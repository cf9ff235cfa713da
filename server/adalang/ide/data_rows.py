"""The inputs that a component is run with: how a person gives them, and the rows of its evals to take them from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from adalang.language.checks import Facts
from adalang.language.checks.data import data_of
from adalang.language.checks.facts import DataFacts
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
from adalang.language.types import Labels, OptionalOf, Primitive, Type, Unknown, describe


@dataclass(frozen=True, slots=True)
class Row:
    """One row as inputs. ``path`` is its file (``None``: it stands in the program), ``number`` its place there, from 1 (0: a
    person gave the inputs)."""

    inputs: Mapping[str, Any]
    path: Path | None
    number: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of ``eval`` that give every input that the component cannot do without. There are ``count`` such rows."""

    eval: Entity
    rows: tuple[Row, ...]
    count: int


def evals_of(program: Program, component: Entity) -> Iterator[Entity]:
    """The evals whose target is the component, in the order of the text."""
    for entity in program.entities("eval"):
        declaration = entity.declaration
        assert isinstance(declaration, EvalDeclaration)
        target = program.resolve_expression(declaration.target, entity.module)
        if target is not None and target.id == component.id:
            yield entity


def data_rows(program: Program, component: Entity, facts: Facts, most: int) -> Rows | None:
    """The rows of the component's first eval that has any, the first ``most`` of them; ``None`` when no eval of it has one.

    Rows that are not at hand are read from their files, which takes long: for threads.
    """
    return _read(program, component, facts, most, most)


def data_row(program: Program, component: Entity, facts: Facts, number: int) -> Rows | None:
    """Of these rows the one of a number, from 1; beyond the end the last one. Reads as :func:`data_rows` does."""
    return _read(program, component, facts, number, 1)


def _read(program: Program, component: Entity, facts: Facts, most: int, kept: int) -> Rows | None:
    """The last ``kept`` of the first ``most`` rows."""
    for entity in evals_of(program, component):
        rows = _usable(program, component, entity, facts, lambda data: data.every_row())
        found = deque(enumerate(islice(rows, most), 1), kept)
        if found:
            count = _count_of_all(program, component, entity, facts)
            if count is None:
                count = found[-1][0] + sum(1 for _ in rows)
            return Rows(entity, tuple(row for _, row in found), count)
    return None


def first_row(program: Program, component: Entity, facts: Facts) -> Row | None:
    """The first row of an eval of the component that gives every input, as far as rows are at hand."""
    rows = (
        _usable(program, component, entity, facts, lambda data: data.rows) for entity in evals_of(program, component)
    )
    return next(chain.from_iterable(rows), None)


def _usable(
    program: Program,
    component: Entity,
    entity: Entity,
    facts: Facts,
    rows_of: Callable[[DataFacts], Iterable[Mapping[str, Any]]],
) -> Iterator[Row]:
    known, mapping = signature(program, component).inputs, mapping_of(entity)
    names = [name for name, _, _ in known]
    required = [name for name, _, optional in known if not optional]
    for data in _data(program, entity, facts):
        for number, values in enumerate(rows_of(data), 1):
            inputs = dict(_inputs(names, mapping, values))
            if all(name in inputs for name in required):
                yield Row(inputs, data.path, number)


def _count_of_all(program: Program, component: Entity, entity: Entity, facts: Facts) -> int | None:
    """How many rows there are, if every one of them surely gives every input."""
    mapping, known = mapping_of(entity), _data(program, entity, facts)
    for name in [name for name, _, optional in signature(program, component).inputs if not optional]:
        column = column_of(mapping[name]) if name in mapping else name
        if column is None or not all(column in one.columns and one.columns[column].is_whole for one in known):
            return None
    return sum(one.count for one in known)


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


def column_of(expression: Expression) -> str | None:
    """The column that ``row.column`` names; none behind a dot that is still to be typed."""
    if isinstance(expression, Member) and isinstance(expression.object, Reference) and expression.object.name == "row":
        return expression.name.text or None
    return None


def _data(program: Program, entity: Entity, facts: Facts) -> tuple[DataFacts, ...]:
    dataset = dataset_of(program, entity)
    if dataset is None:
        return ()
    return data_of(Scope(program, entity.module, Report(entity.module), facts), plan(dataset[0])) or ()


def dataset_of(program: Program, entity: Entity) -> tuple[Entity, str] | None:
    """An eval's data set, and the split of it that the eval names ("": none)."""
    declaration = entity.declaration
    assert isinstance(declaration, EvalDeclaration)
    data = setting(declaration.settings, "data")
    return data_reference(program, entity.module, data.value) if data is not None else None


# ---- what a person asks to run


class InputsRefused(ValueError):
    """There are no such inputs; the message says why, and what to do."""


def inputs_to_run(program: Program, component: Entity, given: Mapping[str, Any] | None, facts: Facts) -> Row:
    """The inputs to run a component with. Reads as :func:`data_rows` does.

    Args:
        given: the inputs themselves, or ``{"row": n}`` for those of a row of its data, from 1 (where no input is called
            ``row``), or ``None``: the first row's, and none where every input has a default.

    Raises:
        InputsRefused: there is no such row.
    """
    known = signature(program, component).inputs
    row = given.get("row") if given is not None and given.keys() == {"row"} else None
    is_row = isinstance(row, int) and not isinstance(row, bool) and all(name != "row" for name, _, _ in known)
    if given is not None and not is_row:
        return Row(given, None, 0)
    if given is None and all(optional for _, _, optional in known):
        return Row({}, None, 0)
    number = row if isinstance(row, int) and is_row else 1
    found = data_row(program, component, facts, max(number, 1))
    if found is None:
        raise InputsRefused(
            f"`{component.id}` needs inputs, and no eval of it has an example to take them from. Write one, or run it in a "
            f"terminal: adalang run {program.path.name}:{component.id} --set …"
        )
    if not 1 <= number <= found.count:
        raise InputsRefused(f"The eval `{found.eval.id}` has no row {number}; it has {found.count}.")
    return found.rows[0]


@dataclass(frozen=True, slots=True)
class AskedInput:
    """An input, and how a person gives it: "text" as it is, "choice" of the ``choices``, or "json"."""

    name: str
    type: str
    required: bool
    kind: Literal["text", "choice", "json"]
    choices: tuple[str, ...] = ()


def asked_inputs(program: Program, component: Entity) -> Iterator[AskedInput]:
    """The inputs of a component, in their order."""
    for name, declared, optional in signature(program, component).inputs:
        kind, choices = _asked_as(declared)
        yield AskedInput(name, describe(declared), not optional, kind, choices)


def _asked_as(declared: Type) -> tuple[Literal["text", "choice", "json"], tuple[str, ...]]:
    match declared:
        case OptionalOf(item=item):
            return _asked_as(item)
        case Labels(labels=labels):
            return "choice", labels
        case Primitive(name="str") | Unknown():
            return "text", ()
        case _:
            return "json", ()
