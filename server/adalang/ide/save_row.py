"""A run as a row of the data of an eval: which columns it gets, where it belongs, and why it cannot go there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adalang.ide.data_rows import column_of, dataset_of, evals_of, mapping_of
from adalang.language.checks import Facts
from adalang.language.checks.data import inline_data
from adalang.language.checks.facts import DataFacts
from adalang.language.checks.scope import signature
from adalang.language.data import type_name
from adalang.language.datasets import DatasetPlan, NotConstant, constant, plan
from adalang.language.declarations import (
    DatasetDeclaration,
    EvalDeclaration,
    Expression,
    ListExpression,
    ObjectExpression,
    setting,
    walk,
)
from adalang.language.edits import EditRefused, value_literal
from adalang.language.files import LINES, one_more_line
from adalang.language.program import Entity, Module, Program, link
from adalang.language.text import Edit, SourceText, Span
from adalang.language.types import misfit


class RowRefused(ValueError):
    """The row cannot be saved; the message is a sentence that says why."""


class Contradicted(RowRefused):
    """A row of the data says that something else is right."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row for the data of ``eval``. ``path`` is the file for it: a data file, or a source file that ``edits`` change.

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

    Reads all rows, from their files where they are not at hand: for threads.

    Raises:
        RowRefused: no eval can; the reason is the first one's. Or the data of any of them says that something else is right.
    """
    reason = misfit(output, signature(program, component).returns)
    if reason is not None:
        raise RowRefused(f"The output of `{component.id}` {reason}.")
    rows: list[NewRow] = []
    refused = []
    for entity in evals_of(program, component):
        try:
            rows.append(_row_of(program, component, entity, inputs, output, facts))
        except Contradicted:
            raise
        except RowRefused as error:
            refused.append(error)
    if rows:
        return rows[0]
    nowhere = RowRefused(f"No eval of `{component.id}` has data that a row could be added to; write an eval first.")
    raise next(iter(refused), nowhere)


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
    known = _known(found, facts)
    same_as = _same_row(values, given, _places(dataset[0], known))
    path = _file_of(found, dataset[1]) if found.rows is None else None
    _columns_fit(program, dataset[0], values, known)
    if path is not None:
        return NewRow(entity, values, path, same_as=same_as)
    edits = () if same_as else _inline_edits(dataset[0], values)
    return NewRow(entity, values, dataset[0].module.path, edits, same_as)


# ---- columns


def _input_columns(component: Entity, entity: Entity, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    mapping = mapping_of(entity)
    for name, value in inputs.items():
        written = mapping.get(name)
        column = name if written is None else column_of(written)
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
    column = column_of(expect.value)
    if column is not None:
        return {column: output}
    if isinstance(expect.value, ObjectExpression) and isinstance(output, Mapping):
        columns = {column_of(pair.value): output.get(pair.name.text) for pair in expect.value.pairs}
        if None not in columns:
            return {str(name): value for name, value in columns.items()}
    raise RowRefused(f"The eval `{entity.id}` does not read the expected output from columns.")


def _is_plain(expression: Expression, value: Any) -> bool:
    try:
        return bool(constant(expression) == value)
    except NotConstant:
        return False


def _columns_fit(program: Program, dataset: Entity, values: Mapping[str, Any], known: Sequence[DataFacts]) -> None:
    for name in _columns_read(program, dataset):
        if name not in values and any(name in one.columns for one in known):
            raise RowRefused(
                f"The rows of `{dataset.id}` have a column `{name}` that an eval reads and the run does not give."
            )
    for name, value in values.items():
        kinds = {kind for one in known if name in one.columns for kind in one.columns[name].kinds} - {"null"}
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
                column = column_of(inner)
                if column is not None:
                    yield column


def _same_row(
    values: Mapping[str, Any], given: Mapping[str, Any], known: Iterable[tuple[str, Mapping[str, Any]]]
) -> str:
    for place, row in known:
        if any(name not in row or row[name] != value for name, value in given.items()):
            continue
        for name, value in values.items():
            if name in row and row[name] != value:
                said = json.dumps(row[name], ensure_ascii=False)
                raise Contradicted(f"There is {place} with these inputs and `{name}` = {said}; change it there.")
        return place
    return ""


# ---- places


def _file_of(found: DatasetPlan, split: str) -> Path | None:
    """The file for a new row: with one for each split it is what the search learns from, never the exam."""
    path = found.file or found.files.get("train") or found.files.get(split) or next(iter(found.files.values()), None)
    if path is None:
        raise RowRefused(f"The data set `{found.id}` names no file.")
    if path.suffix.lower() not in LINES or any(sign in path.name for sign in "*?["):
        raise RowRefused(f"Rows are added to .jsonl files only, and `{found.id}` is {path.name}.")
    return path


def _known(planned: DatasetPlan, facts: Facts) -> list[DataFacts]:
    """What is known of the rows. A file that is missing or empty has none."""
    if planned.rows is not None:
        return [inline_data(planned)]
    known = []
    for path in planned.paths:
        found = facts.data(path)
        if found is not None and found.line:
            raise RowRefused(f"{path.name}:{found.line} cannot be read: {found.error}")
        known += [found] if found is not None else []
    return known


def _places(dataset: Entity, known: Sequence[DataFacts]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every row with its place in words."""
    for one in known:
        place = one.path.name if one.path is not None else f"`{dataset.id}`"
        for number, row in enumerate(one.every_row(), 1):
            yield f"row {number} of {place}", row


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


def at_the_end(source: SourceText, line: str) -> Edit:
    """The edit that adds a line, given without its end, to a text."""
    end = len(source.data)
    is_ended = not source.data or source.data.endswith((b"\n", b"\r"))
    return Edit(Span(end, end), one_more_line(line, source.newline, is_ended=is_ended))
