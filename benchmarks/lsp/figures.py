"""Samples, and how they are shown: Markdown tables for people, JSON for programs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from roster import FLOOR, PEER, SUBJECT


@dataclass
class Figures:
    """Samples of one measurement of one server, in its unit; or why there are none."""

    unit: str
    samples: list[float] = field(default_factory=list)
    failure: str | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def p95(self) -> float:
        return sorted(self.samples)[math.ceil(0.95 * len(self.samples)) - 1]


Table = dict[str, dict[str, Figures]]
"""By the label of the measurement, then by server. What a server does not offer is left out."""


def markdown(title: str, table: Table, servers: list[str]) -> Iterator[str]:
    """Lines: medians, with p95 in brackets where it says something, and the subject's ratio to the floor and to the peer."""
    ratios = [name for name in (FLOOR, PEER) if SUBJECT in servers and name in servers]
    yield from (f"### {title}", "", _row(["", *servers, *(f"{SUBJECT} : {name}" for name in ratios)]))
    yield _row(["---", *("---:" for _ in servers + ratios)])
    failures: dict[str, list[str]] = {}
    for label, row in table.items():
        if not row:
            continue
        yield _row([label, *(_cell(row.get(name)) for name in servers), *(_ratio(row, name) for name in ratios)])
        for name, one in row.items():
            if one.failure:
                failures.setdefault(f"{name}: {one.failure}", []).append(label)
    yield ""
    if failures:
        yield from ("Failed:", "", *(f"- {reason} ({'; '.join(labels)})" for reason, labels in failures.items()), "")


def as_json(tables: Iterable[tuple[str, Table]]) -> dict[str, Any]:
    return {
        title: {label: {name: _figures_as_json(one) for name, one in row.items()} for label, row in table.items()}
        for title, table in tables
    }


def _figures_as_json(one: Figures) -> dict[str, Any]:
    if one.failure or not one.samples:
        return {"unit": one.unit, "failure": one.failure}
    samples = [round(sample, 3) for sample in one.samples]
    return {"unit": one.unit, "p50": round(one.median, 3), "p95": round(one.p95, 3), "samples": samples}


def _cell(one: Figures | None) -> str:
    if one is None:
        return "–"
    if one.failure or not one.samples:
        return "failed"
    tail = f" ({_number(one.p95)})" if len(one.samples) >= 20 else ""
    return f"{_number(one.median)}{tail} {one.unit}"


def _ratio(row: dict[str, Figures], other: str) -> str:
    mine, theirs = row.get(SUBJECT), row.get(other)
    if mine is None or theirs is None or not (mine.samples and theirs.samples) or mine.failure or theirs.failure:
        return "–"
    return f"{mine.median / theirs.median:.2f}" if theirs.median else "–"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == 0 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
