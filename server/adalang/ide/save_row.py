"""A run as a row of the data of an eval: which columns it gets, where it belongs, and why it cannot go there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adalang.ide.data_rows import dataset_of, evals_of, mapping_of
from adalang.language.checks import Facts
from adalang.language.checks.scope import signature
from adalang.language.data import type_name
from adalang.language.datasets import DatasetPlan, NotConstant, constant, plan
from adalang.language.declarations import (
    DatasetDeclaration,
    EvalDeclaration,
    Expression,
    ListExpression,
    Member,
    ObjectExpression,
    Reference,
    setting,
    walk,
)
from adalang.language.edits import EditRefused, value_literal
from adalang.language.program import Entity, Module, Program, link
from adalang.language.text import Edit, Span
from adalang.language.types import misfit

ROW_FILES = (".jsonl", ".ndjson")


class RowRefused(ValueError):
    """The row cannot be saved; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row for the data of ``eval``. ``path`` is the file that gets it: a data file, or the source file that ``edits`` change.

    ``same_as``: the row that says the same already (``row 3 of tickets.jsonl``), "" when none does.
    """

    eval: Entity
    values: Mapping[str, Any]
    path: Path
    edits: tuple[Edit, ...] = ()
    same_as: str = ""

    @property
    def line(self) -> str:
        """The row as a line of a JSON Lines file, without its end. Half surrogates, which UTF-8 cannot hold, are escaped."""
        text = json.dumps(self.values, ensure_ascii=False)
        return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half.group()):04x}", text)


def new_row(program: Program, component: Entity, inputs: Mapping[str, Any], output: Any, facts: Facts) -> NewRow:
    """The row that makes the run an example of the first eval of the component that can take it.

    Raises:
        RowRefused: no eval can; the reason is the first one's.
    """
    reason = misfit(output, signature(program, component).returns)
    if reason is not None:
        raise RowRefused(f"The output of `{component.id}` {reason}.")
    refused: RowRefused | None = None
    for entity in evals_of(program, component):
        try:
            return _row_of(program, component, entity, inputs, output, facts)
        except RowRefused as error:
            refused = refused or error
    raise refused or RowRefused(
        f"No eval of `{component.id}` has data that a row could be added to; write an eval first."
    )


def _row_of(
    program: Program, component: Entity, entity: Entity, inputs: Mapping[str, Any], output: Any, facts: Facts
) -> NewRow:
    dataset = dataset_of(program, entity)
    if dataset is None:
        raise RowRefused(f"The eval `{entity.id}` names no data.")
    given = dict(_input_columns(component, entity, inputs))
    values = {**given, **_expected_columns(entity, output)}
    for name, value in given.items():
        if values[name] != value:
            raise RowRefused(f"The eval `{entity.id}` reads both an input and the expected output from `{name}`.")
    found = plan(dataset[0])
    path = _file_of(found, dataset[1]) if found.rows is None else None
    known = _known_rows(dataset[0], found, facts)
    _columns_fit(program, dataset[0], values, [row for _, row in known])
    same_as = _same_row(values, given, known)
    if path is not None:
        return NewRow(entity, values, path, same_as=same_as)
    edits = () if same_as else _inline_edits(dataset[0], values)
    return NewRow(entity, values, dataset[0].module.path, edits, same_as)


# ---- columns


def _input_columns(component: Entity, entity: Entity, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    mapping = mapping_of(entity)
    for name, value in inputs.items():
        written = mapping.get(name)
        column = name if written is None else _column(written)
        if column is not None:
            yield column, value
        elif written is None or not _is_plain(written, value):
            raise RowRefused(f"The eval `{entity.id}` does not read `{name}` of `{component.id}` from one column.")


def _expected_columns(entity: Entity, output: Any) -> dict[str, Any]:
    declaration = entity.declaration
    assert isinstance(declaration, EvalDeclaration)
    expect = setting(declaration.settings, "expect")
    if expect is None:
        return {}
    column = _column(expect.value)
    if column is not None:
        return {column: output}
    if isinstance(expect.value, ObjectExpression) and isinstance(output, Mapping):
        columns = {_column(pair.value): output.get(pair.name.text) for pair in expect.value.pairs}
        if None not in columns:
            return {str(name): value for name, value in columns.items()}
    raise RowRefused(f"The eval `{entity.id}` does not read the expected output from columns.")


def _column(expression: Expression) -> str | None:
    """The column that ``row.column`` names."""
    if isinstance(expression, Member) and isinstance(expression.object, Reference) and expression.object.name == "row":
        return expression.name.text
    return None


def _is_plain(expression: Expression, value: Any) -> bool:
    try:
        return bool(constant(expression) == value)
    except NotConstant:
        return False


def _columns_fit(
    program: Program, dataset: Entity, values: Mapping[str, Any], known: Sequence[Mapping[str, Any]]
) -> None:
    for name in _columns_read(program, dataset):
        if name not in values and any(name in row for row in known):
            raise RowRefused(
                f"The rows of `{dataset.id}` have a column `{name}` that an eval reads and the run does not give."
            )
    for name, value in values.items():
        kinds = {type_name(row[name]) for row in known if name in row} - {"null"}
        kind = type_name(value)
        if kinds and kind != "null" and kind not in kinds and not {kind, *kinds} <= {"int", "float"}:
            raise RowRefused(
                f"The column `{name}` of `{dataset.id}` holds {' or '.join(sorted(kinds))}; the run gives {kind}."
            )


def _columns_read(program: Program, dataset: Entity) -> Iterator[str]:
    """Every column of a data set that an eval of the program names."""
    for entity in program.entities("eval"):
        found = dataset_of(program, entity)
        if found is None or found[0].id != dataset.id:
            continue
        for one in entity.declaration.settings:  # type: ignore[union-attr]
            for inner in walk(one.value):
                column = _column(inner)
                if column is not None:
                    yield column


def _same_row(
    values: Mapping[str, Any], given: Mapping[str, Any], known: Sequence[tuple[str, Mapping[str, Any]]]
) -> str:
    for place, row in known:
        if any(name not in row or row[name] != value for name, value in given.items()):
            continue
        for name, value in values.items():
            if name in row and row[name] != value:
                said = json.dumps(row[name], ensure_ascii=False)
                raise RowRefused(f"There is {place} with these inputs and `{name}` = {said}; change it there.")
        return place
    return ""


# ---- places


def _file_of(found: DatasetPlan, split: str) -> Path | None:
    """The file for a new row: with one for each split it is what the search learns from, never the exam."""
    path = found.file or found.files.get("train") or found.files.get(split) or next(iter(found.files.values()), None)
    if path is None:
        raise RowRefused(f"The data set `{found.id}` names no file.")
    if path.suffix.lower() not in ROW_FILES or any(sign in path.name for sign in "*?["):
        raise RowRefused(f"Rows are added to .jsonl files only, and `{found.id}` is {path.name}.")
    return path


def _known_rows(dataset: Entity, planned: DatasetPlan, facts: Facts) -> list[tuple[str, Mapping[str, Any]]]:
    """Every row with its place in words. A file that is missing or empty has none."""
    if planned.rows is not None:
        return [(f"row {number} of `{dataset.id}`", row) for number, row in enumerate(planned.rows, 1)]
    known = []
    for path in (planned.file,) if planned.file else planned.files.values():
        found = facts.data(path)
        if found is not None and found.line:
            raise RowRefused(f"{path.name}:{found.line} cannot be read: {found.error}")
        rows = found.rows if found is not None else ()
        known += [(f"row {number} of {path.name}", row) for number, row in enumerate(rows, 1)]
    return known


def _inline_edits(dataset: Entity, values: Mapping[str, Any]) -> tuple[Edit, ...]:
    """The edits that write the row behind the last one of a list in the program; proven by reading the result.

    Raises:
        RowRefused: the row cannot be written there.
    """
    declaration, module = dataset.declaration, dataset.module
    assert isinstance(declaration, DatasetDeclaration)
    if not isinstance(declaration.value, ListExpression):
        raise RowRefused(f"The data set `{dataset.id}` is no list of rows.")
    try:
        edits = _appended(module, declaration.value, dataset.item.start, values)
    except EditRefused as error:
        raise RowRefused(str(error)) from error
    before = plan(dataset).rows or ()
    after = link(Module.parse(module.path, module.source.apply(edits)), lambda path: None)
    entity = after.resolve(declaration.name.text)
    rows = plan(entity).rows if entity is not None and entity.kind == "dataset" else None
    if rows is None or [*rows] != [*before, dict(values)]:
        raise RowRefused(f"The row cannot be written into `{dataset.id}`; mend the mistakes in it first.")
    return tuple(edits)


def _appended(module: Module, rows: ListExpression, start: int, values: Mapping[str, Any]) -> list[Edit]:
    source, span = module.source, rows.span.shifted(start)
    if not rows.items:
        return [Edit(Span(span.start, span.end), f"[{value_literal(values)}]")]
    last = rows.items[-1].span.shifted(start)
    rest = source.slice(Span(last.end, span.end))
    comma = "" if "," in re.sub("#[^\r\n]*", "", rest) else ","
    bracket = source.line_span(source.line_of(span.end - 1))
    if source.slice(Span(bracket.start, span.end - 1)).strip(" \t"):
        at = last.end if comma else span.end - 1
        return [Edit(Span(at, at), f"{comma} {value_literal(values)}")]
    line = source.slice(source.line_span(source.line_of(rows.items[-1].span.start + start)))
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    written = f"{indent}{value_literal(values, indent, source.newline)},{source.newline}"
    missing = [Edit(Span(last.end, last.end), comma)] if comma else []
    return [*missing, Edit(Span(bracket.start, bracket.start), written)]
