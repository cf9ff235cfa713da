"""Scores by the values of a column: where a component is good, and where it is not.

Slices are for looking, not for proving: of twenty of them one will lie outside its interval by luck.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.results import Evaluation, is_void
from adalang.evaluation.statistics import Interval, score_interval
from adalang.language.data import canonical_json
from adalang.language.diagnostics import did_you_mean
from adalang.runtime.failures import BugFailure

FEW = 10
"""Rows below which a slice is marked: its interval spans most of what is possible."""

_MANY_NUMBERS = 12  # from so many different numbers on they are put into ranges
_RANGES = 5
_MOST = 30  # slices that are shown; the rarest values beyond are one slice together
_NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows with one value of a column (or numbers within one range), and their score."""

    value: str
    rows: tuple[str, ...]
    interval: Interval
    void: bool

    @property
    def few(self) -> bool:
        return self.interval.n < FEW

    def to_json(self) -> dict[str, Any]:
        known = not self.void and self.interval.n > 0
        return {
            "value": self.value,
            "rows": len(self.rows),
            "n": self.interval.n,
            "score": self.interval.mean if known else None,
            "low": self.interval.low if known else None,
            "high": self.interval.high if known else None,
            "few": self.few,
            "void": self.void,
        }


def slices(found: Evaluation, column: str) -> list[Slice]:
    """An evaluation by a column of its data (`row.lang` is written `lang`; inside objects `meta.lang`).

    Raises:
        BugFailure: no row has such a column; the message names those that there are.
    """
    cut = []
    for value, rows in groups(found.columns, column).items():
        inside = set(rows)
        results = [result for result in found.rows if result.row_id in inside]
        scored = [result for result in results if result.score is not None]
        interval = score_interval(
            [result.score or 0.0 for result in scored], [found.example(result.row_id) for result in scored]
        )
        cut.append(Slice(value, tuple(rows), interval, is_void(results)))
    return cut


def groups(columns: Mapping[str, Mapping[str, Any]], column: str) -> dict[str, list[str]]:
    """Row ids by a column's values: numbers from low to high, in ranges of about equal size where there are many; other
    values by how many rows have them.

    Raises:
        BugFailure: no row has such a column.
    """
    values = {row: _at(found, column) for row, found in columns.items()}
    if all(value is _MISSING for value in values.values()):
        known = sorted({name for found in columns.values() for name in found})
        meant = did_you_mean(column, known)
        hint = f"did you mean `{meant}`?" if meant else f"there are: {', '.join(known) or 'none'}"
        raise BugFailure(f"no row has a column `{column}`; {hint}")
    numbers = {row: number for row, value in values.items() if (number := _number(value)) is not None}
    present = [row for row, value in values.items() if value is not _MISSING]
    if len(numbers) == len(present) and len(set(numbers.values())) > 1:
        grouped = _by_number(numbers)
    else:
        grouped = _gather(present, lambda row: _text(values[row]))
        grouped = dict(sorted(grouped.items(), key=lambda group: (-len(group[1]), group[0])))
        grouped = _without_rare(grouped)
    missing = [row for row, value in values.items() if value is _MISSING]
    return grouped | ({_NONE: missing} if missing else {})


_MISSING = object()


def _at(values: Mapping[str, Any], column: str) -> Any:
    """The column itself, or a path into objects."""
    if column in values:
        return values[column]
    found: Any = values
    for name in column.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return _MISSING
        found = found[name]
    return found


def _number(value: Any) -> float | None:
    """Cells of a CSV file are texts, and still numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number + 0.0 if math.isfinite(number) else None  # there is one zero


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)


def _by_number(numbers: Mapping[str, float]) -> dict[str, list[str]]:
    ordered = sorted(numbers, key=lambda row: numbers[row])
    if len(set(numbers.values())) < _MANY_NUMBERS:
        return _gather(ordered, lambda row: f"{numbers[row]:g}")
    grouped: dict[str, list[str]] = {}
    start = 0
    for nth in range(1, _RANGES + 1):
        end = max(start, round(nth * len(ordered) / _RANGES))
        while 0 < end < len(ordered) and numbers[ordered[end]] == numbers[ordered[end - 1]]:
            end += 1  # equal numbers stay together
        if end > start:
            low, high = numbers[ordered[start]], numbers[ordered[end - 1]]
            grouped[f"{low:g}" if low == high else f"{low:g} to {high:g}"] = ordered[start:end]
        start = end
    return grouped


def _gather(rows: Sequence[str], value: Callable[[str], str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for row in rows:
        grouped.setdefault(value(row), []).append(row)
    return grouped


def _without_rare(grouped: dict[str, list[str]]) -> dict[str, list[str]]:
    if len(grouped) <= _MOST:
        return grouped
    kept = dict(list(grouped.items())[: _MOST - 1])
    rare = [rows for value, rows in grouped.items() if value not in kept]
    return kept | {f"({len(rare)} rarer values)": [row for rows in rare for row in rows]}
