"""What a proposal's test has shown, told in full: hypothesis, figures, examples mended and broken, price."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adalang.engine.anchoring import Anchored
from adalang.engine.proposals import evidence_line
from adalang.figures import percent, points
from adalang.language.markdown import fenced
from adalang.store.records import Evidence, Proposal


def explanation(proposal: Proposal, anchored: Anchored | None) -> str:
    """The whole story of a proposal, as Markdown."""
    evidence = proposal.evidence
    parts = [f"# Proposal {proposal.id}: {evidence_line(proposal)}"]
    if anchored is not None and anchored.stale:
        parts.append(f"**Stale:** {anchored.stale}. It can be dismissed, not applied.")
    if anchored is not None and anchored.outdated:
        parts.append(f"**Tested on an older version:** {anchored.outdated}. The figures below are of that version.")
    if evidence.hypothesis:
        parts.append(f"**Hypothesis.** {evidence.hypothesis}")
    parts.append(_evidence(evidence))
    parts += [f"- {note}" for note in evidence.notes]
    for change in proposal.changes:
        parts.append(f"## {change.param}\n\nBefore:\n\n{_fenced(change.before)}\n\nAfter:\n\n{_fenced(change.after)}")
    parts += _examples("Examples mended", evidence.mended_examples, evidence.mended)
    parts += _examples("Examples broken", evidence.broken_examples, evidence.broken)
    return "\n\n".join(parts) + "\n"


def _evidence(evidence: Evidence) -> str:
    rows = [
        ("score", f"{percent(evidence.before)} -> {percent(evidence.after)}"),
        ("examples", _examples_tested(evidence)),
        (
            f"{100 * evidence.extra.get('confidence', 0.95):.3g} % interval of the difference",
            f"[{points(evidence.low)}, {points(evidence.high)}] points",
        ),
        (
            "p",
            f"{evidence.p:.2g} (held against {evidence.alpha:.2g})"
            if evidence.p is not None and evidence.alpha
            else "-",
        ),
        *_saving(evidence),
        ("examples mended / broken", f"{evidence.mended} / {evidence.broken}"),
        ("tokens per call", f"{evidence.tokens_before:.0f} -> {evidence.tokens_after:.0f}"),
        ("USD per call", f"{evidence.usd_before:.6f} -> {evidence.usd_after:.6f}"),
        ("price of the search", f"{evidence.calls_spent} calls, {evidence.usd_spent:.2f} USD"),
    ]
    return "| | |\n| --- | --- |\n" + "\n".join(f"| {name} | {value} |" for name, value in rows)


def _saving(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What stands behind "the same for less"."""
    if cheaper := evidence.extra.get("cheaper"):
        yield "counts as the same", f"no more than {100 * cheaper['margin']:.0f} points lower"
        interval = f"[{percent(cheaper['low'])}, {percent(cheaper['high'])}]"
        yield "price against before", f"{percent(cheaper['ratio'])} {interval} ({cheaper['unit']})"


def _examples_tested(evidence: Evidence) -> str:
    if not evidence.holdout_n:
        return "none: not tested"
    return f"{evidence.holdout_n} held-out" if evidence.verified else f"{evidence.holdout_n}, not confirmed"


_CELL = 200
"""Characters that a table shows of one value."""


def _examples(title: str, examples: Sequence[Mapping[str, Any]], count: int) -> Iterator[str]:
    """A few of ``count`` examples as a table, long values cut."""
    if not examples:
        return
    columns = ("inputs", "expected", "before", "after")
    rows = [f"| {' | '.join(_cell(one.get(name)) for name in columns)} |" for one in examples]
    shown = f"{len(examples)} of {max(count, len(examples))}"
    head = f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"
    yield "\n".join([f"## {title}: {shown}\n", head, *rows])


def _cell(value: Any) -> str:
    """A value on one line; of inputs the names too, but for a single one."""
    if isinstance(value, Mapping) and len(value) == 1:
        value = next(iter(value.values()))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    flat = " ".join(text.split())
    short = flat if len(flat) <= _CELL else flat[: _CELL - 1] + "…"
    return re.sub(r"([\\|*_`<>\[\]])", r"\\\1", short)


def _fenced(value: Any) -> str:
    return fenced(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2))
