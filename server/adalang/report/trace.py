"""The page of kept runs: for each its timeline, and its calls below each other with all that went in and came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from adalang.report.charts import duration
from adalang.report.page import page
from adalang.report.timeline import timeline
from adalang.runtime.models.types import Usage
from adalang.store.records import RunRecord
from adalang.tracing.spans import Span, as_json, spans_of


@dataclass(frozen=True)
class Node:
    """A span with those that it called."""

    span: Span
    called: list[Node] = field(default_factory=list)

    @property
    def opened(self) -> bool:
        """Whether the page shows it unfolded: the first levels, and where something went wrong."""
        return self.span.depth < 2 or bool(self.span.error)

    @property
    def inputs(self) -> Mapping[str, str]:
        given = self.span.inputs if isinstance(self.span.inputs, Mapping) else {}
        return {str(name): text_of(value) for name, value in given.items()}


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
        return Usage(**told)

    @property
    def spans(self) -> list[Span]:
        return spans_of(self.record)

    @property
    def chart(self) -> Markup:
        return timeline(self.spans, self.prefix, f"Timeline of {self.record.component}")

    @property
    def roots(self) -> list[Node]:
        nodes: dict[int, Node] = {}
        roots: list[Node] = []
        for span in self.spans:
            node = nodes[span.place] = Node(span)
            (nodes[span.parent].called if span.parent is not None else roots).append(node)
        return roots


def trace_page(records: Sequence[RunRecord], *, made: str = "") -> str:
    """The page of these runs, in their order."""
    shown = [Shown(record, number) for number, record in enumerate(records, 1)]
    title = f"Trace of {records[0].component}" if len(records) == 1 else f"{len(records)} traces"
    return page("trace.html.j2", title, made=made, runs=shown, text_of=text_of, duration=duration)


def text_of(value: object) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else as_json(value)
