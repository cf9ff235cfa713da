"""When which call of a run was under way, as an SVG chart."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from adalang.report.charts import duration
from adalang.tracing.spans import Span

_WIDTH, _NAMES, _TIMES = 960, 240, 90
_ROW, _TOP = 22, 24
_INDENT = 14
_NAME_LENGTH = 34
_TICKS = 4
COLOURS = {
    "prompt": "var(--line-1, #2461c2)",
    "tool": "var(--line-2, #b5541c)",
    "retriever": "var(--line-3, #18703a)",
    "agent": "var(--line-4, #7b4cb3)",
    "pipeline": "var(--quiet, #59636e)",
}
_FAILED = "var(--bad, #b3261e)"


def timeline(spans: Sequence[Span], prefix: str, title: str) -> Markup:
    """A bar for each span, in their order; a click on one leads to the element `prefix` + its place."""
    if not spans:
        return Markup()
    first = min(span.began for span in spans)
    whole = max(max(span.began + span.seconds for span in spans) - first, 1e-6)
    room = _WIDTH - _NAMES - _TIMES
    bottom = _TOP + _ROW * len(spans)
    parts = []
    for tick in range(_TICKS + 1):
        at = _NAMES + room * tick / _TICKS
        parts.append(
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP - 4}" y2="{bottom}"/>'
            f'<text x="{at:.1f}" y="{_TOP - 10}" text-anchor="middle">{escape(duration(whole * tick / _TICKS))}</text>'
        )
    for number, span in enumerate(spans):
        left = _NAMES + room * (span.began - first) / whole
        parts.append(_bar(span, prefix, _TOP + _ROW * number, left, max(2.0, room * span.seconds / whole)))
    head = (
        f'<svg class="chart timeline" viewBox="0 0 {_WIDTH} {bottom + 6}" role="img" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>"
    )
    return Markup(head + "".join(parts) + "</svg>")


def _bar(span: Span, prefix: str, top: int, left: float, width: float) -> str:
    name = span.component if len(span.component) <= _NAME_LENGTH else span.component[: _NAME_LENGTH - 1] + "…"
    colour = _FAILED if span.error else COLOURS.get(span.kind, COLOURS["pipeline"])
    kept = ' fill-opacity="0.35" stroke-dasharray="3 2"' if span.cached else ' fill-opacity="0.75"'
    told = f"{span.component} ({span.kind}): {duration(span.seconds)}{', cached' if span.cached else ''}{f', {span.error}' if span.error else ''}"
    middle = top + _ROW // 2
    return (
        f'<a href="#{prefix}{span.place}"><title>{escape(told)}</title>'
        f'<text class="label" x="{4 + _INDENT * min(span.depth, 8)}" y="{middle}" dy="4">{escape(name)}</text>'
        f'<rect x="{left:.1f}" y="{top + 4}" width="{width:.1f}" height="{_ROW - 8}" rx="2" fill="{colour}" stroke="{colour}"{kept}/>'
        f'<text x="{_WIDTH - 4}" y="{middle}" dy="4" text-anchor="end">{escape(duration(span.seconds))}</text></a>'
    )
