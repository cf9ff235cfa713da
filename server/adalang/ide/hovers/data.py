"""Data sets, their columns, and files."""

from __future__ import annotations

import json
import os.path
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from adalang.ide.occurrences import first_rows
from adalang.language.checks import Facts
from adalang.language.checks.facts import DataFacts
from adalang.language.datasets import plan
from adalang.language.files import ROWS
from adalang.language.program import Entity, Module, Program
from adalang.language.types import describe, type_of_value

_EXAMPLES = 3
_LOOKED_AT = 100
"""Rows that are looked at for columns and examples."""
_NAMES = 12


def of_dataset(entity: Entity, facts: Facts) -> Iterator[str]:
    """Rows, columns and splits."""
    planned = plan(entity)
    if planned.rows is not None:
        yield _table(len(planned.rows), planned.rows[:_LOOKED_AT])
    files = {"": planned.file} if planned.file else dict(planned.files)
    for split, path in files.items():
        known = facts.data(path)
        if known is not None:
            name = f"`{split}`, {path.name}: " if split else f"{path.name}: "
            yield name + _data(known)
    if planned.file or planned.rows is not None:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in planned.fractions.items())
        yield f"Splits: {shares}" + ("" if planned.explicit else " (the default)")


def of_column(dataset: Entity, name: str, facts: Facts) -> str:
    """What kinds of values a column has, and some of them."""
    rows = first_rows(facts, plan(dataset), _LOOKED_AT)
    values = [row[name] for row in rows if name in row]
    if not values:
        return ""
    kinds = ", ".join(dict.fromkeys(_kind(one) for one in values))
    shown = dict.fromkeys(_short(one) for one in values)
    examples = "\n".join(f"- {one}" for one in list(shown)[:_EXAMPLES])
    missing = f"; missing in {len(rows) - len(values)} of the first {len(rows)} rows" if len(values) < len(rows) else ""
    distinct = f", {len(shown)} different" if len(shown) <= _LOOKED_AT // 4 < len(values) else ""
    return f"A column of `{dataset.declaration.name.text}`: {kinds}{distinct}{missing}\n\n{examples}"


def of_file(program: Program, path: Path, what: str, facts: Facts) -> Iterator[str]:
    """What an imported file declares; how many rows a data file has, and of which columns."""
    if what == "import":
        module = program.modules.get(path)
        yield _declared(module) if module is not None else ""
    elif path.suffix.lower() in ROWS:
        known = facts.data(path)
        yield _data(known) if known is not None else ""


def of_python(folder: Path, text: str, facts: Facts) -> str:
    """The function that a text such as `tools.py:refund` names, with its parameters."""
    file, colon, name = text.rpartition(":")
    known = facts.functions(Path(os.path.normpath(folder / file))) if colon else None
    if known is None or name not in known.functions:
        return ""
    return f"```python\ndef {name}({', '.join(known.functions[name].parameters)})\n```\n\nA function of `{file}`."


def _declared(module: Module) -> str:
    """Its declarations by kind."""
    kinds: dict[str, list[str]] = {}
    for name, item in module.names.items():
        kinds.setdefault(item.declaration.kind, []).append(name)
    return "  \n".join(f"{kind}: {_listed(names)}" for kind, names in kinds.items()) or "It declares nothing."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(f"`{one}`" for one in names[:_NAMES]) + more


def _data(known: DataFacts) -> str:
    return known.error or _table(known.count, known.rows[:_LOOKED_AT])


def _table(count: int, rows: Sequence[Mapping[str, Any]]) -> str:
    columns: dict[str, str] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, _kind(value))
    named = [f"`{name}` {kind}" for name, kind in columns.items()]
    more = f" and {len(named) - _NAMES} more" if len(named) > _NAMES else ""
    return f"{count:,} row{'' if count == 1 else 's'}: {', '.join(named[:_NAMES])}{more}"


def _kind(value: Any) -> str:
    match value:
        case str():
            return "str"
        case list():
            return f"{_kind(value[0])}[]" if value else "list"
        case dict():
            return "object"
        case None:
            return "null"
        case _:
            return describe(type_of_value(value))


def _short(value: Any) -> str:
    """A value as code on one line."""
    text = json.dumps(value, ensure_ascii=False)
    text = text if len(text) <= 80 else text[:79] + "…"
    return f"`{text}`" if "`" not in text else f"`` {text} ``"
