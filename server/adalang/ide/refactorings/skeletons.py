"""An eval for a component, and an optimize block for an eval, to start from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from adalang.ide.changes import Change, in_file
from adalang.ide.layout import STEP, declaration_behind, unique
from adalang.ide.placeholders import plainest
from adalang.ide.refactorings.names import file_names
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.language.checks.data import rows_of
from adalang.language.checks.scope import Scope, Signature, signature
from adalang.language.datasets import plan
from adalang.language.declarations import COMPONENT_KINDS, OptimizeDeclaration
from adalang.language.diagnostics import Report
from adalang.language.edits import value_literal
from adalang.language.program import Entity
from adalang.language.reach import trainable
from adalang.language.types import PASSAGE, Labels, ListOf, ObjectOf, OptionalOf, Type

_BUDGET = "{ calls = 600 }"


def offers(selected: Selection) -> Iterator[Refactoring]:
    item = selected.item
    if item is None or not selected.is_on_name:
        return
    name = item.declaration.name.text
    if not name or selected.module.names.get(name) is not item:
        return
    entity = selected.program.entity(selected.module, item)
    if entity.kind in COMPONENT_KINDS:
        yield Refactoring(f"Add an eval of `{name}`", "refactor.rewrite", partial(_eval, selected, entity))
    elif entity.kind == "eval" and _can_be_optimized(selected, entity):
        title = f"Add an optimize block for `{name}`"
        yield Refactoring(title, "refactor.rewrite", partial(_optimize, selected, entity))


# ---- optimize


def _can_be_optimized(selected: Selection, entity: Entity) -> bool:
    program = selected.program
    target = program.resolve_expression(entity.declaration.target, entity.module)  # type: ignore[union-attr]
    for item in selected.module.items:
        if isinstance(item.declaration, OptimizeDeclaration):
            found = program.resolve_expression(item.declaration.target, selected.module)
            if found is not None and found.id == entity.id:
                return False
    return target is not None and target.kind in COMPONENT_KINDS and bool(trainable(program, target))


def _optimize(selected: Selection, entity: Entity) -> Change:
    newline = selected.source.newline
    text = f"optimize {entity.declaration.name.text} {{{newline}{STEP}budget = {_BUDGET}{newline}}}"
    return in_file(selected.module.path, declaration_behind(selected.source, entity.item.span.end, text))


# ---- eval


def _eval(selected: Selection, entity: Entity) -> Change:
    """The eval reads a data set that gives all inputs and has a further column, or else rows to be filled in."""
    name, known = entity.declaration.name.text, signature(selected.program, entity)
    taken = file_names(selected.program, selected.module)
    newline = selected.source.newline
    data, expected = _fitting_data(selected, known) or ("", "")
    blocks = []
    if not data:
        data, expected = unique(f"{name}_examples", taken), unique("expected", [one for one, _, _ in known.inputs])
        row: dict[str, Any] = {one: plainest(declared) for one, declared, _ in known.inputs}
        row[expected] = plainest(_expected_type(known.returns))
        blocks.append(f"dataset {data} = [{newline}{STEP}{value_literal(row, STEP, newline)},{newline}]")
    settings = [f"data = {data}", f"expect = row.{expected}", f"metric = {metric_for(known.returns)}"]
    body = "".join(f"{newline}{STEP}{one}" for one in settings)
    blocks.append(f"eval {unique(f'{name}_quality', taken)} of {name} {{{body}{newline}}}")
    text = (newline * 2).join(blocks)
    return in_file(selected.module.path, declaration_behind(selected.source, entity.item.span.end, text))


def _fitting_data(selected: Selection, known: Signature) -> tuple[str, str] | None:
    """A data set of the file with a column for each input, and the column that is left for the right answer."""
    scope = Scope(selected.program, selected.module, Report(selected.module), selected.facts)
    needed = {name for name, _, optional in known.inputs if not optional}
    for entity in selected.program.entities("dataset"):
        if entity.module.path != selected.module.path:
            continue
        rows = rows_of(scope, plan(entity)) or []
        columns = set(rows[0][0]) if rows else set()
        left = [one for one in (rows[0][0] if rows else ()) if one not in needed and one != "id"]
        if needed <= columns and left:
            return entity.declaration.name.text, next((one for one in ANSWERS if one in left), left[0])
    return None


ANSWERS = ("expected", "answer", "label", "output", "target", "gold")
"""What columns with the right answer are mostly called."""


def _expected_type(returns: Type) -> Type:
    """What is written as the right answer: of passages a source."""
    return Labels(("",)) if isinstance(returns, ListOf) and returns.item == PASSAGE else returns


def metric_for(returns: Type) -> str:
    """The built-in metric that scores most answers of a type."""
    match returns:
        case OptionalOf(item=inner):
            return metric_for(inner)
        case ListOf(item=item):
            return "recall" if item == PASSAGE else "f1"
        case ObjectOf():
            return "json_match"
        case _:
            return "exact_match"
