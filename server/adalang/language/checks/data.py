"""Data sets: files that exist and can be read, splits that make sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, ref

from adalang.language.checks.components import settings_values
from adalang.language.checks.facts import DataFacts
from adalang.language.checks.scope import Scope
from adalang.language.datasets import DatasetPlan, NotConstant, constant, plan
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
from adalang.language.files import ROWS
from adalang.language.lower import Item
from adalang.language.settings import SPLIT_NAMES
from adalang.language.text import Span


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
    if not text.value.lower().endswith(ROWS):
        scope.report.add("ADL502", item, text.span, f"Rows are read from {', '.join(ROWS)} files.")
        return
    if scope.facts.exists(path) is False:
        scope.report.add("ADL501", item, text.span, f"There is no file `{text.value}` (looked beside this file).")
        return
    facts = scope.facts.data(path)
    if facts is not None and facts.error:
        where = f"{text.value}:{facts.line}: " if facts.line else f"{text.value}: "
        scope.report.add("ADL502", item, text.span, where + facts.error)
    elif facts is not None and not facts.count:
        scope.report.add("ADL512", item, text.span, f"{text.value} has no rows.")


def _inline(scope: Scope, item: Item, value: ListExpression) -> None:
    if not value.items:
        scope.report.add("ADL512", item, value.span, "This data set has no rows.")
    rows = plan(scope.program.entity(scope.module, item)).rows
    if rows is not None and len(rows) == len(value.items):
        return  # all are plain objects
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
    before: dict[str, DataFacts] = {}
    for name in SPLIT_NAMES:
        found = setting(declaration.settings, name)
        if found is None or not isinstance(found.value, Text):
            continue
        facts = scope.facts.data(scope.module.path.parent / found.value.value)
        if facts is None:
            continue
        shared = _shared(facts, tuple(before.values()))
        if shared is not None:
            scope.report.add(
                "ADL507",
                item,
                found.value.span,
                f"{shared.count} row{'s' if shared.count != 1 else ''} of `{name}` stand{'s' if shared.count == 1 else ''} in "
                f"`{list(before)[shared.file]}` too (row {shared.row} = row {shared.same_as} there); keep each row in one split.",
            )
        before[name] = facts


@dataclass(frozen=True, slots=True)
class _Shared:
    """How many rows stand in other files too, and the first one's number: it is the row ``same_as`` of the file ``file``."""

    count: int
    row: int
    file: int
    same_as: int


def _shared(facts: DataFacts, others: tuple[DataFacts, ...]) -> _Shared | None:
    """The rows that stand in one of the others too. Remembered, as it takes long."""
    known, key = _SHARED.get(facts), tuple(ref(one) for one in others)
    if known is None or known[0] != key:
        known = _SHARED[facts] = key, _find_shared(facts, others)
    return known[1]


def _find_shared(facts: DataFacts, others: tuple[DataFacts, ...]) -> _Shared | None:
    keys = set().union(*[one.keys for one in others])
    rows = [row for row, key in enumerate(facts.keys, 1) if key in keys]
    if not rows:
        return None
    key = facts.keys[rows[0] - 1]
    file = next(index for index, one in enumerate(others) if key in one.keys)
    return _Shared(len(rows), rows[0], file, others[file].keys.index(key) + 1)


_SHARED: WeakKeyDictionary[DataFacts, tuple[tuple[ref[DataFacts], ...], _Shared | None]] = WeakKeyDictionary()


Rows = tuple[DataFacts, ...]
"""What is known of a data set's rows, file by file."""


def data_of(scope: Scope, planned: DatasetPlan) -> Rows | None:
    """``None`` when a file is not known."""
    if planned.rows is not None:
        return (inline_data(planned),)
    found = [scope.facts.data(path) for path in planned.paths]
    known = tuple(one for one in found if one is not None and not one.error)
    return known if len(known) == len(found) else None


def telling(rows: Rows, column: str) -> Iterator[tuple[int, Any]]:
    """See :meth:`DataFacts.telling`; the rows of each file are counted by themselves."""
    return chain.from_iterable(one.telling(column) for one in rows)


def inline_data(planned: DatasetPlan) -> DataFacts:
    """What is known of rows that stand in the program."""
    found = _INLINE.get(planned)
    if found is None:
        found = _INLINE[planned] = DataFacts.of(planned.rows or ())
    return found


_INLINE: WeakKeyDictionary[DatasetPlan, DataFacts] = WeakKeyDictionary()


def rows_of(scope: Scope, planned: DatasetPlan) -> list[tuple[Mapping[str, Any], Path | None, int]] | None:
    """The rows that are at hand, the first of each file, with the file and the number of each; ``None`` when one is not known."""
    known = data_of(scope, planned)
    if known is None:
        return None
    return [(row, one.path, number) for one in known for number, row in enumerate(one.rows, 1)]
