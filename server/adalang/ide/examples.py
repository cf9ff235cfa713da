"""An input to try a component with: the first example of an eval of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adalang.language.checks import Facts
from adalang.language.checks.data import rows_of
from adalang.language.checks.scope import Scope, signature
from adalang.language.datasets import data_reference, plan
from adalang.language.declarations import (
    EvalDeclaration,
    Expression,
    Member,
    ObjectExpression,
    Reference,
    setting,
)
from adalang.language.diagnostics import Report
from adalang.language.program import Entity, Program


def example_inputs(program: Program, component: Entity, facts: Facts) -> Mapping[str, Any] | None:
    """The component's inputs from the first row that gives them all; ``None`` when no eval of it has one."""
    known = signature(program, component).inputs
    required = [name for name, _, optional in known if not optional]
    if not required:
        return {}
    for entity in program.entities("eval"):
        declaration = entity.declaration
        assert isinstance(declaration, EvalDeclaration)
        target = program.resolve_expression(declaration.target, entity.module)
        if target is None or target.id != component.id:
            continue
        mapping = _mapping(declaration)
        columns = {name: mapping.get(name, name) for name, _, _ in known}
        for row in _rows(program, entity, declaration, facts):
            inputs = {name: row[column] for name, column in columns.items() if column in row}
            if all(name in inputs for name in required):
                return inputs
    return None


def _mapping(declaration: EvalDeclaration) -> dict[str, str]:
    """Which column gives which input, where the eval says so by ``inputs = { name = row.column }``."""
    found = setting(declaration.settings, "inputs")
    pairs = found.value.pairs if found is not None and isinstance(found.value, ObjectExpression) else ()
    return {pair.name.text: _column(pair.value) for pair in pairs}


def _column(expression: Expression) -> str:
    match expression:
        case Member(object=Reference(name="row"), name=name):
            return name.text
        case _:
            return ""


def _rows(program: Program, entity: Entity, declaration: EvalDeclaration, facts: Facts) -> list[Mapping[str, Any]]:
    data = setting(declaration.settings, "data")
    reference = data_reference(program, entity.module, data.value) if data is not None else None
    if reference is None:
        return []
    scope = Scope(program, entity.module, Report(entity.module), facts)
    return [row for row, _, _ in rows_of(scope, plan(reference[0])) or []]
