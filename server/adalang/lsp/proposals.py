"""Proposals as the editor shows them: where they stand in the current text, and the edits that would apply them now.

Pure: a stored proposal and a program in, an answer out. A text that is still what the proposal was made against is replaced
exactly; one that has changed elsewhere is merged three ways; one that has changed in the same lines makes the proposal stale,
and nothing is offered but to dismiss it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adalang.engine.proposals import current_value, evidence_line, new_values, why_outdated
from adalang.ide.preview import fenced
from adalang.language.declarations import Text
from adalang.language.edits import EditRefused, Hunk, apply_changes, apply_hunks, hunks
from adalang.language.fingerprint import FileHash
from adalang.language.program import Program
from adalang.language.reach import Trainable, trainables
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


@dataclass(frozen=True, slots=True)
class Part:
    """One of ``count`` changes that a proposal makes, which can be made without the others: a run of lines of a param's text,
    or all examples of a demos block. ``span`` is where it stands in the file now."""

    param: str
    number: int
    count: int
    path: Path
    span: Span
    value: Any
    gist: str
    """What it adds, or takes out, in a few words."""

    @property
    def title(self) -> str:
        return f"Try change {self.number} of {self.count} alone, untested so: {self.gist}"

    def edits(self, program: Program) -> Mapping[Path, tuple[Edit, ...]]:
        """The edits that make this change alone.

        Raises:
            EditRefused: it cannot be written exactly.
        """
        return apply_changes(program, {self.param: self.value})


def parts_of(found: Anchored) -> tuple[Part, ...]:
    """The single changes of a proposal; none where there is only one, or where it is stale."""
    known = trainables(found.program)
    changes = [
        (name, *one)
        for name, value in ({} if found.stale else found.values).items()
        for one in _changes(known[name], value)
    ]
    if len(changes) < 2:
        return ()
    return tuple(
        Part(name, number, len(changes), known[name].owner.module.path, span, value, gist)
        for number, (name, span, value, gist) in enumerate(changes, 1)
    )


def _changes(one: Trainable, value: Any) -> Iterator[tuple[Span, Any, str]]:
    """Where each change stands, the new value with that change alone, and its gist."""
    start, current = one.owner.item.start, current_value(one)
    text = getattr(one.part, "value", None)
    if not isinstance(current, str) or not isinstance(value, str) or not isinstance(text, Text):
        count = len(value)
        yield one.part.span.shifted(start), value, f"the examples of `{one.id}` ({count} now)"
        return
    lines = current.split("\n")
    for hunk in hunks(current, value):
        low = sum(len(line) + 1 for line in lines[: hunk.start])
        high = low + max(0, sum(len(line) + 1 for line in hunk.removed) - 1)
        span = Span(text.source_offset(min(low, len(current))), text.source_offset(min(high, len(current))))
        yield span.shifted(start), apply_hunks(current, [hunk]), _gist(hunk)


def _gist(hunk: Hunk) -> str:
    added = next((line.strip() for line in hunk.added if line.strip()), "")
    removed = next((line.strip() for line in hunk.removed if line.strip()), "")
    text = added or removed
    short = text if len(text) <= _GIST else f"{text[: _GIST - 1]}…"
    return f"`{short}`" if added else f"without `{short}`" if removed else "empty lines"


_GIST = 50
"""Characters that a title shows of a change."""


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


def doubt(found: Anchored) -> str:
    """Why somebody should look before the edit is made; "" where its test speaks for it."""
    if not found.proposal.evidence.verified:
        return f"A hint: {evidence_line(found.proposal)}. Nothing is proven."
    if found.outdated:
        return f"{evidence_line(found.proposal)}, but {found.outdated}."
    return ""


def doubt_of_part(found: Anchored, part: Part) -> str:
    """Why somebody should look before one change is made without the others."""
    if not found.proposal.evidence.verified:
        return f"One of the {part.count} changes of a hint. Nothing is proven, of it or of them together."
    return f"The {part.count} changes were tested together ({evidence_line(found.proposal)}); this one alone was not."


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


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _points(difference: float) -> str:
    return f"{100 * difference:+.0f}"
