"""A run as a tree on the terminal."""

from __future__ import annotations

import re

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from adalang.cli.common import money
from adalang.report.visible import visible
from adalang.store.records import RunRecord
from adalang.tracing.spans import Span, as_json, spans_of

_SHORT = 100
_WIDTH_OF_A_FILE = 200
"""Columns where nobody looks on: lines are long enough for what they say, and the same everywhere."""


def print_tree(record: RunRecord, full: bool) -> None:
    """Print the calls below each other, each with what it took, its inputs and what came of it."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    branches: dict[int | None, Tree] = {}
    for span in spans_of(record):
        node = Tree(_title(span, record), guide_style="dim")
        for name, value in _details(span, full):
            node.add(
                Text.assemble((f"{name}: ", "dim"), (visible(_shown(value, full)), "red" if name == "error" else ""))
            )
        if span.parent is None:
            branches[span.place] = node
        else:
            branches[span.parent].add(node)
            branches[span.place] = node
    for span in spans_of(record):
        if span.parent is None:
            console.print(branches[span.place])


def _title(span: Span, record: RunRecord) -> Text:
    took = f"{1000 * span.seconds:.0f} ms" if span.seconds < 1 else f"{span.seconds:.1f} s"
    usage = span.usage
    parts = [took]
    if usage.tokens:
        parts.append(f"{usage.input_tokens} + {usage.output_tokens} tokens")
    if usage.calls:
        parts.append(money(usage.usd, usage.priced))
    if span.cached:
        parts.append("cached")
    if span.attempts > 1:
        parts.append(f"{span.attempts} attempts")
    name = f"{span.binding} = {span.component}" if span.binding else span.component
    return Text.assemble(
        ("✗ " if span.error else "", "red"),
        (visible(name), "bold"),
        (f" {span.kind}{f' · {visible(span.model)}' if span.model else ''}", "cyan"),
        (f"  {', '.join(parts)}", "dim"),
    )


def _details(span: Span, full: bool) -> list[tuple[str, object]]:
    details: list[tuple[str, object]] = [(name, value) for name, value in dict(span.inputs or {}).items()]
    if full:
        details += span.turns
        details += [("reasoning", span.reasoning)] if span.reasoning else []
        details += [("wrote", span.raw)] if span.raw else []
    return [*details, ("error", span.error) if span.error else ("->", span.result)]


def _shown(value: object, full: bool) -> str:
    text = value if isinstance(value, str) else as_json(value)
    if full:
        return text
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}… ({len(text):,} characters)"
