"""Proposals as the editor shows them: where they stand in the current text, and the edits that would apply them now.

Pure: a stored proposal and a program in, an answer out. A text that is still what the proposal was made against is replaced
exactly; one that has changed elsewhere is merged three ways; one that has changed in the same lines makes the proposal stale,
and nothing is offered but to dismiss it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adalang.engine.proposals import current_value, evidence_line, new_values, why_outdated
from adalang.language.edits import EditRefused, apply_changes
from adalang.language.fingerprint import FileHash
from adalang.language.program import Program
from adalang.language.reach import trainables
from adalang.language.text import Edit, Span
from adalang.store.records import Evidence, Proposal


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a changed param's name stands."""

    path: Path
    span: Span


@dataclass(frozen=True)
class Anchored:
    """A proposal in the current text: the values that its params would get, or why it is ``stale``.

    ``outdated``: why its test does not speak for the current text; "" when it does, or when the proposal is stale.
    """

    proposal: Proposal
    program: Program
    marks: tuple[Mark, ...]
    values: Mapping[str, Any]
    stale: str = ""
    outdated: str = ""

    @property
    def is_applied(self) -> bool:
        """Whether the text holds all of it already."""
        return not self.stale and not self.values

    def edits(self) -> Mapping[Path, tuple[Edit, ...]]:
        """The edits that apply it to the current text, by file.

        Raises:
            EditRefused: it is stale, or cannot be written exactly.
        """
        if self.stale:
            raise EditRefused(self.stale)
        return apply_changes(self.program, self.values)


def anchor(proposal: Proposal, program: Program, file_hash: FileHash) -> Anchored:
    """Find the proposal's place in the program that its file is now. Cheap, unless ``file_hash`` reads files."""
    known = trainables(program)
    changed = [one for change in proposal.changes if (one := known.get(change.param)) is not None]
    marks = tuple(Mark(one.owner.module.path, one.part.name.span.shifted(one.owner.item.start)) for one in changed)
    try:
        values = new_values(program, proposal)
    except EditRefused as error:
        return Anchored(proposal, program, marks, {}, str(error))
    new = {name: value for name, value in values.items() if value != current_value(known[name])}
    outdated = why_outdated(program, proposal, file_hash) if new else ""
    return Anchored(proposal, program, marks, new, outdated=outdated)


# ---- words


def message(found: Anchored) -> str:
    """The diagnostic's text."""
    kind = "Proposed edit" if found.proposal.evidence.verified else "Unverified hint"
    if found.outdated:
        kind += ", tested on an older version"
    why = f" It is stale: {found.stale}." if found.stale else ""
    return f"{kind}: {evidence_line(found.proposal)}.{why}"


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
    parts += _examples("Examples mended", evidence.mended_examples)
    parts += _examples("Examples broken", evidence.broken_examples)
    return "\n\n".join(parts) + "\n"


def _evidence(evidence: Evidence) -> str:
    rows = [
        ("score", f"{_percent(evidence.before)} -> {_percent(evidence.after)}"),
        ("examples", _examples_tested(evidence)),
        (
            f"{100 * evidence.extra.get('confidence', 0.95):.3g} % interval of the difference",
            f"[{_points(evidence.low)}, {_points(evidence.high)}] points",
        ),
        (
            "p",
            f"{evidence.p:.2g} (held against {evidence.alpha:.2g})"
            if evidence.p is not None and evidence.alpha
            else "-",
        ),
        ("examples mended / broken", f"{evidence.mended} / {evidence.broken}"),
        ("tokens per call", f"{evidence.tokens_before:.0f} -> {evidence.tokens_after:.0f}"),
        ("USD per call", f"{evidence.usd_before:.6f} -> {evidence.usd_after:.6f}"),
        ("price of the search", f"{evidence.calls_spent} calls, {evidence.usd_spent:.2f} USD"),
    ]
    return "| | |\n| --- | --- |\n" + "\n".join(f"| {name} | {value} |" for name, value in rows)


def _examples_tested(evidence: Evidence) -> str:
    if not evidence.holdout_n:
        return "none: not tested"
    return f"{evidence.holdout_n} held-out" if evidence.verified else f"{evidence.holdout_n}, not confirmed"


def _examples(title: str, examples: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"## {title}\n\n" + "\n\n".join(_fenced(one) for one in examples)] if examples else []


def _fenced(value: Any) -> str:
    import json

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    longest = max((len(run) for run in text.split() if set(run) == {"`"}), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _points(difference: float) -> str:
    return f"{100 * difference:+.0f}"
