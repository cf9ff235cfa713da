"""Several changes in one candidate, so that one trial does the work of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adalang.optimizer.candidate import Candidate, Choice
from adalang.optimizer.edits import Edit, EditRefused, apply_edits
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft


def joined(parent: Candidate, drafts: Sequence[Draft]) -> Draft | None:
    """All changes of a parent on top of each other, or None if there are not at least two that fit together."""
    together, used = parent, []
    for draft in drafts:
        found = _with(together, parent, draft)
        if found is not None:
            together = found
            used.append(draft)
    if len(used) < 2:
        return None
    changes = " ".join(draft.hypothesis.change for draft in used)
    rows = tuple(dict.fromkeys(row for draft in used for row in draft.hypothesis.rows))
    hypothesis = Hypothesis(used[0].hypothesis.param, "Several causes at once.", changes, rows)
    uses = frozenset[str]().union(*(draft.uses for draft in used))
    steps = tuple(step for draft in used for step in draft.steps(parent))
    return Draft(together, hypothesis, (), uses, tuple(draft.candidate.key for draft in used), steps)


def on_top(base: Candidate, parent: Candidate, draft: Draft) -> Draft | None:
    """A parent's draft on top of another of its children, or None if it does not fit that one or changes nothing.

    Of two options of one choice the draft's is taken.
    """
    param = draft.hypothesis.param
    value = draft.candidate.values[param]
    both = base.with_value(param, value) if isinstance(value, Choice) else _with(base, parent, draft)
    return replace(draft, candidate=both) if both is not None and both != base else None


def _with(together: Candidate, parent: Candidate, draft: Draft) -> Candidate | None:
    param = draft.hypothesis.param
    if together.values[param] == parent.values[param]:
        changed = [one for one in draft.candidate.values if draft.candidate.values[one] != parent.values[one]]
        for one in changed:
            together = together.with_value(one, draft.candidate.values[one])
        return together
    text = _edited(together.text(param), draft.edits) if draft.edits else None
    return together.with_value(param, text) if text is not None else None


def _edited(text: str, edits: Sequence[Edit]) -> str | None:
    """The text with the edits, or None if they do not fit it (any more) or bring nothing that it does not say already."""
    there = set(text.splitlines())
    if all(edit.action == "append" and set(edit.text.splitlines()) <= there for edit in edits):
        return None
    try:
        return apply_edits(text, edits)
    except EditRefused:
        return None
