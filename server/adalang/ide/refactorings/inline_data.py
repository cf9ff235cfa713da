"""Rows that are written in a program go to a JSONL file beside it; each row keeps its values, its id and its split."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from adalang.ide.changes import Change, NewFile
from adalang.ide.placement import unique
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.language.datasets import NotConstant, constant
from adalang.language.declarations import DatasetDeclaration, ListExpression
from adalang.language.literal import quote
from adalang.language.text import Edit


def offers(selected: Selection) -> Iterator[Refactoring]:
    item = selected.item
    declaration = item.declaration if item is not None else None
    if item is None or not isinstance(declaration, DatasetDeclaration) or not declaration.name.text:
        return
    value = declaration.value
    if not isinstance(value, ListExpression) or not value.items:
        return
    path = _free(selected, declaration.name.text)
    title = f"Move the rows to the new file {path.name}"
    rows = _rows(value)
    if rows is None:
        yield Refactoring(title, "refactor.rewrite", None, "A row holds more than plain values.")
        return
    edit = Edit(value.span.shifted(item.start), quote(path.name))
    yield Refactoring(title, "refactor.rewrite", partial(_change, selected, edit, path, rows), creates=True)


def _change(selected: Selection, edit: Edit, path: Path, rows: list[dict[str, Any]]) -> Change:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return Change({selected.module.path: (edit,)}, (NewFile(path, lines),))


def _free(selected: Selection, name: str) -> Path:
    """A path beside the file where nothing is, as far as is known."""
    folder, taken = selected.module.path.parent, set[str]()
    while True:
        stem = unique(name, taken)
        path = folder / f"{stem}.jsonl"
        if selected.facts.exists(path) is not True:
            return path
        taken.add(stem)


def _rows(value: ListExpression) -> list[dict[str, Any]] | None:
    try:
        rows = constant(value)
    except NotConstant:
        return None
    return rows if all(isinstance(row, dict) for row in rows) else None
