"""Format repair: where answers cannot be read, the text has to say how an answer looks, before anything else is worth a try."""

from __future__ import annotations

from collections.abc import Sequence

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.backward import Note
from adalang.optimizer.edits import Edit
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.operators.drafting import edited
from adalang.optimizer.operators.text import edits_for
from adalang.optimizer.runs import passing
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param

LEAST_SHARE = 0.05
_BROKEN = ("unreadable", "refused")
_MOST_ROWS = 8


class RepairFormat:
    """The output's form, stated in the text of the prompt whose answers cannot be read: as the file's types tell it, which takes
    no teacher; where that does not help or is there already, as a teacher words it who sees the answers and what is wrong with
    them."""

    name = "repair_format"

    def available(self, search: Search) -> bool:
        known = [result for result in search.batch if result.score is not None]
        broken = sum(result.status in _BROKEN for result in known)
        return bool(search.params("text")) and broken > LEAST_SHARE * len(known)

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        broken = [result for result in results if result.status in _BROKEN]
        by_param: dict[str, list[RowResult]] = {}
        for result in broken:
            if (param := _at_fault(search, result)) is not None:
                by_param.setdefault(param.id, []).append(result)
        if not by_param:
            return []
        name = max(sorted(by_param), key=lambda one: len(by_param[one]))
        param = next(param for param in search.task.info.params if param.id == name)
        rows = by_param[name][:_MOST_ROWS]
        stated = self._stated(search, parent, param, rows)
        if stated:
            return stated
        notes = [Note(name, result.row_id, _told(result), 1.0) for result in rows]
        return await edits_for(search, parent, param, notes, [*rows, *passing(results)])

    @staticmethod
    def _stated(search: Search, parent: Entry, param: Param, rows: Sequence[RowResult]) -> list[Draft]:
        """The contract as the types tell it, at the end of the text; nothing if it was tried or there is none."""
        component = search.task.info.components.get(param.component)
        if component is None or not component.contract or component.contract in parent.candidate.text(param.id):
            return []
        hypothesis = Hypothesis(
            param.id,
            f"Answers cannot be read: {rows[0].error or rows[0].status}.",
            f"Say how an answer looks: {component.contract}",
            tuple(result.row_id for result in rows),
        )
        draft = edited(search, parent, param, hypothesis, [Edit("append", component.contract)])
        if draft is None:
            return []
        search.note_tried(param.id, draft.candidate.text(param.id))
        return [draft]


def _at_fault(search: Search, result: RowResult) -> Param | None:
    """The text of the prompt whose answer could not be read; how to reason is another matter than how to answer."""
    calls = result.trace.calls if result.trace else []
    components = [call.component for call in calls if call.error and call.raw] or [
        call.component for call in calls if call.error
    ]
    texts = search.params("text")
    own = [param for param in texts if param.component in components[-1:]] if components else texts
    plain = [param for param in own if not param.id.endswith(".reasoning_steps")]
    return next(iter(plain or own), None)


def _told(result: RowResult) -> str:
    if result.status == "refused":
        return f"The model refused to answer: {result.error or result.reason}"
    return (
        f"The answer above could not be read: {result.error or result.reason}. State the form of the answer so plainly "
        "that it is kept."
    )
