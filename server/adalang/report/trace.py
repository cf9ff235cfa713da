"""The page of kept runs: each as a tree beside its timeline, and below each call all that went in and came out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adalang.report.charts import duration
from adalang.report.page import page
from adalang.runtime.models.types import Usage
from adalang.store.records import RunRecord
from adalang.tracing.spans import Span, as_json, spans_of

_KINDS = ("prompt", "step", "tool", "retriever", "agent", "pipeline")
_TICKS = 4
_WIDE = 70
"""Characters from which JSON is shown on several lines."""


@dataclass(frozen=True)
class Node:
    """A span with those that it called. ``name`` is what its caller knows it by, ``after`` are the seconds until it began,
    ``left`` and ``width`` place its bar, in percent."""

    span: Span
    name: str
    after: float
    left: float
    width: float
    called: list[Node] = field(default_factory=list)

    @property
    def look(self) -> str:
        """The class of its colour."""
        return self.span.kind if self.span.kind in _KINDS else "other"

    @property
    def opened(self) -> bool:
        """Whether the page shows at once all that went in and came out: of a root, and where something went wrong."""
        return not self.span.depth or bool(self.span.error)

    @property
    def paid(self) -> Usage:
        """By this call and those below it, in this run."""
        return sum((one.paid for one in self.called), self.span.usage)

    @property
    def worth(self) -> Usage:
        """The same, with what answers that were kept had cost when they were bought."""
        return sum((one.worth for one in self.called), self.span.answer_usage)

    @property
    def brief(self) -> str:
        """What came of it, in a line."""
        return " ".join((self.span.error or self.span.result)[:300].split())

    @property
    def inputs(self) -> Mapping[str, str]:
        given = self.span.inputs if isinstance(self.span.inputs, Mapping) else {}
        return {str(name): text_of(value) for name, value in given.items()}

    @property
    def output(self) -> str:
        return self.span.result if self.span.kind == "step" else text_of(self.span.output)


@dataclass(frozen=True)
class Shown:
    """One run on the page; `number` counts them from 1."""

    record: RunRecord
    number: int

    @property
    def prefix(self) -> str:
        return f"run-{self.number}-"

    @property
    def when(self) -> str:
        return datetime.fromtimestamp(self.record.created).strftime("%Y-%m-%d %H:%M:%S")

    @property
    def usage(self) -> Usage:
        told = {name: value for name, value in self.record.usage.items() if name in Usage.__dataclass_fields__}
        return Usage(**{"priced": not told, **told})

    @property
    def spans(self) -> list[Span]:
        return spans_of(self.record)

    @property
    def failures(self) -> int:
        return sum(bool(span.error) for span in self.spans)

    @property
    def ticks(self) -> list[str]:
        """The times at the lines of the timeline, from the first to the last."""
        _, whole = _extent(self.spans)
        return [duration(whole * number / _TICKS) for number in range(_TICKS + 1)]

    @property
    def roots(self) -> list[Node]:
        first, whole = _extent(self.spans)
        nodes: dict[int, Node] = {}
        roots: list[Node] = []
        for span in self.spans:
            siblings = nodes[span.parent].called if span.parent is not None else roots
            steps = sum(one.span.kind == "step" for one in siblings)
            name = f"step {steps + 1}" if span.kind == "step" else span.component
            after = span.began - first
            left, width = 100 * after / whole, 100 * span.seconds / whole
            node = nodes[span.place] = Node(span, name, after, min(left, 99.5), max(min(width, 100 - left), 0.5))
            siblings.append(node)
        return roots


def _extent(spans: Sequence[Span]) -> tuple[float, float]:
    """When the first began, and the seconds until the last has ended."""
    first = min((span.began for span in spans), default=0.0)
    return first, max(max((span.began + span.seconds for span in spans), default=0.0) - first, 1e-6)


def trace_page(records: Sequence[RunRecord], *, made: str = "") -> str:
    """The page of these runs, in their order."""
    shown = [Shown(record, number) for number, record in enumerate(records, 1)]
    title = f"Trace of {records[0].component}" if len(records) == 1 else f"{len(records)} traces"
    return page("trace.html.j2", title, made=made, runs=shown, duration=duration)


def text_of(value: object) -> str:
    """A text as it is, anything else as JSON: a short one in a line."""
    if isinstance(value, str):
        return value
    text = as_json(value)
    return text if len(text) <= _WIDE else json.dumps(value, ensure_ascii=False, indent=2, default=str)
