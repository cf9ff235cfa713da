"""Restart: where edits lead nowhere any more, a text is written anew instead of being changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.backward import Note, loss_text
from adalang.optimizer.case import Case, about_prompt, about_rows, make_case
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.operators.drafting import refused, rewritten
from adalang.optimizer.propose import PURPOSE
from adalang.optimizer.runs import concurrently, failing, passing
from adalang.optimizer.schema import closed
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param
from adalang.runtime.failures import RefusedFailure, UnreadableFailure
from adalang.runtime.models.types import Message

PLATEAU = 5
"""Rounds without gain from which a fresh start is worth its price, and rounds from one to the next."""

_TEXTS_AT_ONCE = 2
_MOST_ROWS = 8

TEXT_SCHEMA = closed({"new_text": {"type": "string", "description": "the new text of the prompt, as a whole"}})


class Restart:
    """A fresh text for the param that was blamed most, from the aim, the prompt around it, what fails and what passes, and
    what was tried in vain. The file's own text is shown for what it wants and knows; later wordings are not."""

    name = "restart"

    def __init__(self) -> None:
        self._last = -PLATEAU

    def available(self, search: Search) -> bool:
        return min(search.idle, search.round - self._last) >= PLATEAU and bool(search.params("text"))

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        self._last = search.round
        wrong = failing(results)[:_MOST_ROWS]
        if not wrong:
            return []
        texts = search.params("text")
        param = max(texts, key=lambda one: search.blame.get(one.id, 0.0) / (1 + search.visits[f"restart {one.id}"]))
        search.visits[f"restart {param.id}"] += 1
        notes = [Note(param.id, result.row_id, loss_text(result), 1.0) for result in wrong]
        case = make_case(
            search.task,
            parent.candidate,
            param,
            notes,
            {result.row_id: result for result in wrong},
            passing(results),
            search.rows_to_learn_from(),
            search.ledger.lessons(param.id),
        )
        drafts = await concurrently(
            _fresh(search, parent, param, case, _TEXTS_AT_ONCE * search.round + nth) for nth in range(_TEXTS_AT_ONCE)
        )
        unique = {draft.candidate.key: draft for draft in drafts if draft is not None}
        return list(unique.values())


async def _fresh(search: Search, parent: Entry, param: Param, case: Case, sample: int) -> Draft | None:
    hypothesis = Hypothesis(param.id, "Edits of this text lead no further.", "Write the text anew.")
    try:
        answer = await search.task.ask(_messages(search, param, case), TEXT_SCHEMA, sample)
    except (UnreadableFailure, RefusedFailure) as failure:
        refused(search, hypothesis, f"the teacher gave no readable text ({failure})")
        return None
    text = answer.get("new_text") if isinstance(answer, Mapping) else None
    if not isinstance(text, str):
        refused(search, hypothesis, "the teacher gave no text")
        return None
    return rewritten(search, parent, param, hypothesis, text.strip())


def _messages(search: Search, param: Param, case: Case) -> list[Message]:
    wish = f" ({param.doc})" if param.doc else ""
    first = search.archive.incumbent.candidate.text(param.id)
    keep = [word for word in search.task.info.words(param) if word in case.text]
    parts = about_prompt(search.task, param, case.siblings)
    parts.append(f"The author's text of {param.id}{wish}, for what it wants and knows:\n<<<\n{first}\n>>>")
    parts += about_rows(case)
    order = (
        "Edits of this text have led no further. Write it anew, from the beginning: what the task is, how to decide, what to "
        "mind, in plain sentences and as short as can be. Keep every fact that the examples cannot tell; keep nothing else."
    )
    if keep:
        order += f" These names must stand in it: {', '.join(keep)}."
    parts.append(f"{order} Answer with JSON.")
    return [Message("system", PURPOSE), Message("user", "\n\n".join(parts))]
