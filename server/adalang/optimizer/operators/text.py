"""Texts: feedback becomes hypotheses, hypotheses become edits of the text that has most blame."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.backward import MOST_ROWS, Feedback, backward
from adalang.optimizer.batch import failing, more_failing
from adalang.optimizer.edits import Edit, EditRefused, apply_edits
from adalang.optimizer.gates import refuse_text
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.propose import Case, Proposed, hypotheses, make_case, write_edit
from adalang.optimizer.runs import PASS, concurrently
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param

_MOST_TARGETS, _SHARED_BLAME = 2, 0.5


class EditText:
    """Feedback to hypotheses to edits of the text that has most blame, and of a second one that has about as much: a row that
    two steps of a chain get wrong is mended only by both."""

    name = "edit_text"

    def available(self, search: Search) -> bool:
        return any(param.kind == "text" for param in search.task.info.params)

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        failed = failing(results)[:MOST_ROWS]
        if not failed:
            return []
        passing = [result for result in results if result.score is not None and result.score >= PASS]
        more = partial(more_failing, search, parent)
        feedback = await backward(search.task, parent.candidate, failed, passing, more)
        blame = feedback.blame
        if not blame:
            return []
        urgent = {name: blame[name] * (1 + 1 / (1 + search.visits[name])) for name in sorted(blame)}
        targets = [name for name in urgent if urgent[name] >= _SHARED_BLAME * max(urgent.values())]
        targets = sorted(targets, key=lambda name: -urgent[name])[:_MOST_TARGETS]
        search.log.add("feedback", blame=blame, target=targets[0], targets=targets, notes=feedback.told())
        drafts = await concurrently(self._drafts(search, parent, name, feedback, passing) for name in targets)
        return [draft for own in drafts for draft in own]

    async def _drafts(
        self,
        search: Search,
        parent: Entry,
        target: str,
        feedback: Feedback,
        passing: Sequence[RowResult],
    ) -> list[Draft]:
        """Candidates that change one text, from what it was told."""
        search.visits[target] += 1
        param = next(param for param in search.task.info.params if param.id == target)
        case = make_case(
            search.task,
            parent.candidate,
            param,
            feedback,
            passing,
            list(search.seen.values()),
            search.ledger.lessons(target),
        )
        found = await hypotheses(search.task, case, search.settings.hypotheses, search.round)
        told = [[one.hypothesis.cause, one.hypothesis.change] for one in found]
        search.log.add("hypotheses", param=target, hypotheses=told)
        scripts = await concurrently(self._script(search, case, one) for one in found)
        drafts = (
            _gated_text(search, parent, param, one.hypothesis, script)
            for one, script in zip(found, scripts, strict=True)
        )
        unique = {draft.candidate.key: draft for draft in drafts if draft is not None}
        return list(unique.values())

    @staticmethod
    async def _script(search: Search, case: Case, proposed: Proposed) -> list[Edit] | str:
        """The edits that came with the hypothesis; where they do not fit, they are asked for once more."""
        if proposed.edits is not None:
            return proposed.edits
        try:
            return await write_edit(search.task, case, proposed.hypothesis, search.round)
        except EditRefused as refused:
            return str(refused)


def _gated_text(
    search: Search, parent: Entry, param: Param, hypothesis: Hypothesis, script: list[Edit] | str
) -> Draft | None:
    """The draft, or None with the reason kept in log and ledger."""
    if isinstance(script, str):
        reason: str | None = script
    else:
        before = parent.candidate.text(param.id)
        after = apply_edits(before, script)
        tried = [value for value in search.was_tried(param.id) if isinstance(value, str)]
        component = search.task.info.components.get(param.component)
        words = component.words if component else ()
        reason = refuse_text(before, after, tried=tried, data=search.data, words=words, most=param.most)
        if reason is None:
            return Draft(parent.candidate.with_value(param.id, after), hypothesis, tuple(script))
    search.ledger.add(hypothesis, reason or "")
    search.log.add("gated", param=param.id, change=hypothesis.change, reason=reason)
    return None
