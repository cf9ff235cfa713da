"""Texts: feedback becomes hypotheses, hypotheses become edits of the text that has most blame."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.backward import Feedback, Note, backward
from adalang.optimizer.case import Case, in_groups, make_case
from adalang.optimizer.edits import Edit, EditRefused
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.operators.drafting import edited, refused
from adalang.optimizer.propose import Proposed, all_hypotheses, write_edit
from adalang.optimizer.runs import concurrently, failing, passing
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param

_MOST_TARGETS, _SHARED_BLAME = 2, 0.5
_DRAWN_AT_ONCE, _DRAWS_FOR_MORE = 4, 2
_ROWS, _ROWS_WHEN_STALLED, _STALLED = 8, 24, 4


class EditText:
    """Feedback to hypotheses to edits of the text that has most blame, and of a second one that has about as much: a row that
    two steps of a chain get wrong is mended only by both."""

    name = "edit_text"

    def available(self, search: Search) -> bool:
        return bool(search.params("text"))

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        wrong = _chosen(search, results)
        if not wrong:
            return []
        # Where to begin is worth further rows; later rounds know what earlier ones have blamed.
        more = None if search.blame else partial(_more_failing, search, parent)
        feedback = await backward(search.task, parent.candidate, wrong, passing(results), more)
        blame = feedback.blame
        if not blame:
            return []
        results = search.sampler.known(parent.candidate.key)
        names = search.blame.keys() | blame.keys()
        search.blame = {name: search.blame.get(name, 0.0) / 2 + blame.get(name, 0.0) for name in sorted(names)}
        urgent = {name: blame[name] * (1 + 1 / (1 + search.visits[name])) for name in sorted(blame)}
        targets = [name for name in urgent if urgent[name] >= _SHARED_BLAME * max(urgent.values())]
        targets = sorted(targets, key=lambda name: -urgent[name])[:_MOST_TARGETS]
        search.log.add("feedback", blame=blame, target=targets[0], targets=targets, notes=feedback.told())
        params = [next(param for param in search.task.info.params if param.id == name) for name in targets]
        drafts = await concurrently(_edits_from(search, parent, one, feedback, results) for one in params)
        return [draft for own in drafts for draft in own]


async def _edits_from(
    search: Search, parent: Entry, param: Param, feedback: Feedback, results: Sequence[RowResult]
) -> list[Draft]:
    keep, digest = feedback.keep.get(param.id, ()), feedback.digests.get(param.id, "")
    return await edits_for(search, parent, param, feedback.notes[param.id], results, keep=keep, digest=digest)


async def edits_for(
    search: Search,
    parent: Entry,
    param: Param,
    notes: Sequence[Note],
    results: Sequence[RowResult],
    *,
    keep: Sequence[str] = (),
    digest: str = "",
) -> list[Draft]:
    """Candidates that change one text, from the notes about it. Raises Failure if no teacher's answer could be read."""
    search.visits[param.id] += 1
    cases = [
        make_case(
            search.task,
            parent.candidate,
            param,
            group,
            {result.row_id: result for result in results},
            passing(results),
            search.rows_to_learn_from(),
            search.ledger.lessons(param.id),
            keep,
            digest,
        )
        for group in in_groups(notes)
    ]
    found = await all_hypotheses(search.task, cases, search.settings.hypotheses, search.round)
    told = [[one.hypothesis.cause, one.hypothesis.change] for one, _ in found]
    search.log.add("hypotheses", param=param.id, hypotheses=told)
    scripts = await concurrently(_script(search, case, one) for one, case in found)
    unique: dict[str, Draft] = {}
    for (one, _), script in zip(found, scripts, strict=True):
        if isinstance(script, str):
            refused(search, one.hypothesis, script)
        elif (draft := edited(search, parent, param, one.hypothesis, script)) is not None:
            unique[draft.candidate.key] = draft
    return list(unique.values())


def _chosen(search: Search, results: Sequence[RowResult]) -> list[RowResult]:
    """The newest failing rows; more of them when the search stalls. What could not be read comes first, for the form of an
    answer is mended first."""
    most = _ROWS if search.idle < _STALLED else _ROWS_WHEN_STALLED
    return sorted(failing(results), key=lambda result: result.status != "unreadable")[:most]


async def _more_failing(search: Search, parent: Entry) -> Sequence[RowResult]:
    """The parent's failing train rows after a few new ones were tried, until one more of them fails."""
    before = search.failing(parent)
    for _ in range(_DRAWS_FOR_MORE):
        rows = search.sampler.draw(parent.candidate.key, _DRAWN_AT_ONCE)
        if not rows or not search.purse.affords(len(rows) * search.runs.samples):
            break
        await search.try_on(parent.candidate, rows)
        if search.failing(parent) > before:
            break
    return failing(search.sampler.known(parent.candidate.key))


async def _script(search: Search, case: Case, proposed: Proposed) -> list[Edit] | str:
    """The edits that came with the hypothesis; where they do not fit, they are asked for once more."""
    if proposed.edits is not None:
        return proposed.edits
    try:
        return await write_edit(search.task, case, proposed.hypothesis, search.round)
    except EditRefused as refusal:
        return str(refusal)
