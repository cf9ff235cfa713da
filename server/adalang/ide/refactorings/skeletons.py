"""An eval for a component, and an optimize block for an eval, to start from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from adalang.ide.changes import Change, in_file
from adalang.ide.placeholders import plainest
from adalang.ide.placement import declaration_behind, unique
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
from adalang.language.text import STEP
from adalang.language.types import PASSAGE, STR, ListOf, ObjectOf, OptionalOf, Type, misfit

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
    """The eval reads a data set that gives all inputs and right answers, or else rows to be filled in."""
    name, known = entity.declaration.name.text, signature(selected.program, entity)
    taken = file_names(selected.program, selected.module)
    newline = selected.source.newline
    data, expected = _fitting_data(selected, known) or ("", "")
    blocks = []
    if not data:
        data, column = unique(f"{name}_examples", taken), unique("expected", [one for one, _, _ in known.inputs])
        row: dict[str, Any] = {one: plainest(declared) for one, declared, _ in known.inputs}
        row[column] = plainest(_expected_type(known.returns))
        expected = f"row.{column}"
        blocks.append(f"dataset {data} = [{newline}{STEP}{value_literal(row, STEP, newline)},{newline}]")
    settings = [f"data = {data}", f"expect = {expected}", f"metric = {metric_for(known.returns)}"]
    body = "".join(f"{newline}{STEP}{one}" for one in settings)
    blocks.append(f"eval {unique(f'{name}_quality', taken)} of {name} {{{body}{newline}}}")
    text = (newline * 2).join(blocks)
    return in_file(selected.module.path, declaration_behind(selected.source, entity.item.span.end, text))


def _fitting_data(selected: Selection, known: Signature) -> tuple[str, str] | None:
    """A data set of the file whose rows fit each input, and what they say is right."""
    scope = Scope(selected.program, selected.module, Report(selected.module), selected.facts)
    for entity in selected.program.entities("dataset"):
        if entity.module.path == selected.module.path:
            rows = [row for row, _, _ in rows_of(scope, plan(entity)) or ()]
            expected = right_answer(rows, known) if _give_inputs(rows, known) else None
            if expected is not None:
                return entity.declaration.name.text, expected
    return None


def _give_inputs(rows: Sequence[Mapping[str, Any]], known: Signature) -> bool:
    return all(
        misfit(row[name], declared) is None if name in row else optional
        for row in rows
        for name, declared, optional in known.inputs
    )


def right_answer(rows: Sequence[Mapping[str, Any]], known: Signature) -> str | None:
    """The columns that hold right answers, as it seems, as an expression: of those that are no inputs, and whose values
    could all be answers, one that is called so, else the first; or those that are called as fields of the answer."""
    inputs = {name for name, _, _ in known.inputs}
    columns = [one for one in (rows[0] if rows else ()) if one not in inputs and one != "id" and one.isidentifier()]
    whole = [one for one in columns if _all_answer(rows, one, known.returns)]
    if whole:
        return f"row.{next((one for one in _ANSWERS if one in whole), whole[0])}"
    fields = known.returns.fields if isinstance(known.returns, ObjectOf) else ()
    parts = [one.name for one in fields if one.name in columns and _all_answer(rows, one.name, one.type)]
    return f"{{ {', '.join(f'{one} = row.{one}' for one in parts)} }}" if parts else None


def _all_answer(rows: Sequence[Mapping[str, Any]], column: str, returns: Type) -> bool:
    return all(column not in row or _is_answer(row[column], returns) for row in rows)


_ANSWERS = ("expected", "answer", "label", "output", "target", "gold")
"""What columns with the right answer are mostly called."""


def _is_answer(value: Any, returns: Type) -> bool:
    """Whether a row may hold the value as the right answer, or several of which any is right."""
    declared = _expected_type(returns)
    accepted = value if isinstance(value, list) and value and not isinstance(declared, ListOf) else [value]
    return all(misfit(one, declared) is None for one in accepted)


def _expected_type(returns: Type) -> Type:
    """What is written as the right answer: of passages a source."""
    return STR if isinstance(returns, ListOf) and returns.item == PASSAGE else returns


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
