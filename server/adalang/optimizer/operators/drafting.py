"""From a new text to a draft, through the static gates; what is refused stays in log and ledger with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from adalang.optimizer.archive import Entry
from adalang.optimizer.edits import Edit, apply_edits
from adalang.optimizer.gates import refuse_text
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param


def edited(search: Search, parent: Entry, param: Param, hypothesis: Hypothesis, edits: Sequence[Edit]) -> Draft | None:
    """The parent with edits of one text that fit it, or None if a gate refuses the result."""
    before = parent.candidate.text(param.id)
    after = apply_edits(before, edits)
    tried = [value for value in search.was_tried(param.id) if isinstance(value, str)]
    words = search.task.info.words(param)
    reason = refuse_text(before, after, tried=tried, data=search.data, words=words, most=param.most)
    if reason is not None:
        refused(search, hypothesis, reason)
        return None
    return Draft(parent.candidate.with_value(param.id, after), hypothesis, tuple(edits))


def rewritten(search: Search, parent: Entry, param: Param, hypothesis: Hypothesis, text: str) -> Draft | None:
    """The parent with one text replaced as a whole, or None if a gate refuses it."""
    before = parent.candidate.text(param.id)
    if not text.strip() or text == before:
        refused(search, hypothesis, "nothing would change")
        return None
    return edited(
        search, parent, param, hypothesis, [Edit("replace", text, before) if before else Edit("append", text)]
    )


def refused(search: Search, hypothesis: Hypothesis, reason: str) -> None:
    search.ledger.add(hypothesis, reason)
    search.log.add("gated", param=hypothesis.param, change=hypothesis.change, reason=reason)
