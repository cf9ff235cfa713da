"""Data sets: files that exist and can be read, splits that make sense."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adalang.language.checks.components import settings_values
from adalang.language.checks.scope import Scope
from adalang.language.datasets import DatasetPlan, NotConstant, constant
from adalang.language.declarations import (
    Constant,
    DatasetDeclaration,
    Hole,
    ListExpression,
    ObjectExpression,
    Setting,
    Text,
    setting,
)
from adalang.language.diagnostics import did_you_mean, replace
from adalang.language.lower import Item
from adalang.language.settings import SPLIT_NAMES
from adalang.language.text import Span

FORMATS = (".jsonl", ".json", ".csv")


def check(scope: Scope, item: Item) -> None:
    declaration = item.declaration
    if not isinstance(declaration, DatasetDeclaration):
        return
    settings_values(scope, item, declaration.settings, "dataset")
    _source(scope, item, declaration)
    split = setting(declaration.settings, "split")
    if split is not None and isinstance(split.value, ObjectExpression):
        _fractions(scope, item, split, split.value)
    _overlap(scope, item, declaration)


def _source(scope: Scope, item: Item, declaration: DatasetDeclaration) -> None:
    value = declaration.value
    if isinstance(value, Text):
        _file(scope, item, value)
    elif isinstance(value, ListExpression):
        _inline(scope, item, value)
    elif value is None:
        files = [one for one in declaration.settings if one.name.text in SPLIT_NAMES]
        for one in files:
            if isinstance(one.value, Text):
                _file(scope, item, one.value)
        if not files and not declaration.problems:
            scope.report.add(
                "ADL512",
                item,
                declaration.name.span,
                f'`{declaration.name.text}` has no rows: write `= "file.jsonl"`, or {{ train = "…", val = "…", test = "…" }}.',
            )
    elif isinstance(value, ObjectExpression):
        name = declaration.name
        written = Span(name.span.end, value.span.start)
        scope.report.add(
            "ADL212",
            item,
            value.span,
            f"Files for each split stand behind the name: `dataset {name.text} {{ train = … }}`, without `=`.",
            fixes=[replace(item, written, " ", title="Remove `=`")],
        )
    elif not isinstance(value, Hole):
        scope.report.add(
            "ADL212",
            item,
            value.span,
            'A data set is a file\'s path or a list of rows: [{ question = "…" }].',
        )


def _file(scope: Scope, item: Item, text: Text) -> None:
    path = scope.module.path.parent / text.value
    if not text.value.endswith(FORMATS):
        scope.report.add("ADL502", item, text.span, f"Rows are read from {', '.join(FORMATS)} files.")
        return
    if scope.facts.exists(path) is False:
        scope.report.add("ADL501", item, text.span, f"There is no file `{text.value}` (looked beside this file).")
        return
    facts = scope.facts.data(path)
    if facts is not None and facts.error:
        where = f"{text.value}:{facts.line}: " if facts.line else f"{text.value}: "
        scope.report.add("ADL502", item, text.span, where + facts.error)
    elif facts is not None and not facts.rows:
        scope.report.add("ADL512", item, text.span, f"{text.value} has no rows.")


def _inline(scope: Scope, item: Item, value: ListExpression) -> None:
    if not value.items:
        scope.report.add("ADL512", item, value.span, "This data set has no rows.")
    for one in value.items:
        if isinstance(one, Hole):
            continue
        if not isinstance(one, ObjectExpression):
            scope.report.add("ADL502", item, one.span, 'A row is an object: { question = "…", answer = "…" }.')
            continue
        try:
            constant(one)
        except NotConstant:
            if not item.declaration.problems:
                scope.report.add(
                    "ADL502", item, one.span, "A row holds plain values only: texts, numbers, lists, objects."
                )


def _fractions(scope: Scope, item: Item, split: Setting, value: ObjectExpression) -> None:
    total = 0.0
    for pair in value.pairs:
        name = pair.name.text
        if name not in SPLIT_NAMES:
            meant = did_you_mean(name, SPLIT_NAMES)
            scope.report.add(
                "ADL105",
                item,
                pair.name.span,
                f"No split is called `{name}`."
                + (f" Did you mean `{meant}`?" if meant else " There are train, val and test."),
                fixes=[replace(item, pair.name.span, meant)] if meant else (),
            )
        fraction = pair.value.value if isinstance(pair.value, Constant) else None
        if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
            scope.report.add("ADL212", item, pair.value.span, f"`{name}` takes a fraction of the rows, from 0 to 1.")
        else:
            total += fraction
    if total > 1 + 1e-9:
        scope.report.add(
            "ADL509", item, split.value.span, f"These fractions add up to {total:g}; at most 1 can be given."
        )


def _overlap(scope: Scope, item: Item, declaration: DatasetDeclaration) -> None:
    """The same row in two splits' files, ids aside, would let the search see its own exam."""
    seen: dict[str, tuple[str, int]] = {}
    for name in SPLIT_NAMES:
        found = setting(declaration.settings, name)
        if found is None or not isinstance(found.value, Text):
            continue
        facts = scope.facts.data(scope.module.path.parent / found.value.value)
        shared: tuple[str, int, int] | None = None
        count = 0
        for number, row in enumerate(facts.rows if facts else (), 1):
            key = row_key(row)
            if key in seen and seen[key][0] != name:
                count += 1
                shared = shared or (*seen[key], number)
            seen.setdefault(key, (name, number))
        if shared:
            scope.report.add(
                "ADL507",
                item,
                found.value.span,
                f"{count} row{'s' if count != 1 else ''} of `{name}` stand{'s' if count == 1 else ''} in `{shared[0]}` too "
                f"(row {shared[2]} = row {shared[1]} there); keep each row in one split.",
            )


def row_key(row: Mapping[str, Any]) -> str:
    """Equal for rows that differ only in their ids, letter case and white space."""
    plain = {name: value for name, value in row.items() if name != "id"}
    return " ".join(json.dumps(plain, sort_keys=True, ensure_ascii=False, default=str).casefold().split())


def rows_of(scope: Scope, planned: DatasetPlan) -> list[tuple[Mapping[str, Any], Path | None, int]] | None:
    """All rows that are known, with the file and the number of each; ``None`` when a file is not known."""
    if planned.rows is not None:
        return [(row, None, number) for number, row in enumerate(planned.rows, 1)]
    result: list[tuple[Mapping[str, Any], Path | None, int]] = []
    paths = [planned.file] if planned.file else list(planned.files.values())
    for path in paths:
        facts = scope.facts.data(path)
        if facts is None or facts.error:
            return None
        result += [(row, path, number) for number, row in enumerate(facts.rows, 1)]
    return result
