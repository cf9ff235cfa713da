"""From feedback to new texts: a teacher names several causes, and for each it writes the edit, all in one answer.

An answer that cannot be read, or an edit that does not fit exactly, is dropped; it is never adopted in part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adalang.optimizer.case import Case, described
from adalang.optimizer.edits import EDITS_SCHEMA, Edit, EditRefused, read_edits, trimmed
from adalang.optimizer.gates import Sketch, sketch
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.runs import concurrently
from adalang.optimizer.schema import closed
from adalang.optimizer.task import Task
from adalang.runtime.failures import BugFailure, Failure
from adalang.runtime.models.types import Message

_HYPOTHESIS = {
    "cause": {"type": "string", "description": "why the text leads to these failures"},
    "change": {"type": "string", "description": "what to change in the text, as an order"},
    "examples": {
        "type": "array",
        "items": {"type": "integer"},
        "description": "the numbers of the failing examples that the change should mend",
    },
    "edits": EDITS_SCHEMA["properties"]["edits"],
}

HYPOTHESES_SCHEMA = closed({"hypotheses": {"type": "array", "items": closed(_HYPOTHESIS)}})

PURPOSE = (
    "You improve one text of a prompt, so that a model that follows it makes fewer mistakes on inputs that nobody has seen "
    "yet. You look for rules, never for single examples, and you never copy an example into the text."
)


_EDIT_ORDER = (
    "as the smallest edit of the text: a list of edits, each either a replacement (`find` is copied from the text letter for "
    "letter and occurs in it exactly once; an empty `text` deletes it) or an addition at the end (`append`)"
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A hypothesis and its edit script; `edits` is None where the teacher wrote none that fits the text."""

    hypothesis: Hypothesis
    edits: list[Edit] | None


async def all_hypotheses(task: Task, cases: Sequence[Case], most: int, sample: int) -> list[tuple[Proposed, Case]]:
    """Up to `most` hypotheses out of all cases of one text, each with its case; what several cases say comes first, once.

    An answer that cannot be read is dropped. Raises Failure if none could be.
    """
    answers = await concurrently(_readable(task, case, most, sample) for case in cases)
    if all(isinstance(answer, Failure) for answer in answers) and isinstance(answers[0], Failure):
        raise answers[0]
    found: dict[Sketch, list[tuple[Proposed, Case]]] = {}
    read = [(case, answer) for case, answer in zip(cases, answers, strict=True) if isinstance(answer, list)]
    for nth in range(most):
        for case, answer in read:
            for one in answer[nth : nth + 1]:
                found.setdefault(sketch(one.hypothesis.change), []).append((one, case))
    merged = sorted(found.values(), key=lambda same: -len(same))[:most]
    return [(_together([one for one, _ in same]), same[0][1]) for same in merged]


def _together(same: Sequence[Proposed]) -> Proposed:
    rows = tuple(dict.fromkeys(row for one in same for row in one.hypothesis.rows))
    edits = next((one.edits for one in same if one.edits is not None), None)
    return Proposed(replace(same[0].hypothesis, rows=rows), edits)


async def _readable(task: Task, case: Case, most: int, sample: int) -> list[Proposed] | Failure:
    try:
        return await hypotheses(task, case, most, sample)
    except BugFailure:
        raise
    except Failure as failure:
        return failure


async def hypotheses(task: Task, case: Case, most: int, sample: int) -> list[Proposed]:
    """Up to `most` different causes with a change for each, in one call. Raises Failure if no answer was readable."""
    order = (
        f"Name up to {most} different causes for these failures, the most frequent first, and for each the one change to "
        f"the text that would mend it, and nothing else. Write each change {_EDIT_ORDER}. Each change is tried alone. Keep "
        "right what is right. Answer with JSON."
    )
    answer = await task.ask(
        [Message("system", PURPOSE), Message("user", f"{described(task, case)}\n\n{order}")], HYPOTHESES_SCHEMA, sample
    )
    entries = answer.get("hypotheses", []) if isinstance(answer, Mapping) else []
    found = [
        Proposed(
            Hypothesis(case.param.id, cause.strip(), change.strip(), _rows_meant(case, entry.get("examples"))),
            _fitting(case, entry),
        )
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping)
        and isinstance(cause := entry.get("cause"), str)
        and isinstance(change := entry.get("change"), str)
        and change.strip()
    ]
    first = {one.hypothesis.change: one for one in reversed(found)}
    return [one for one in found if first[one.hypothesis.change] is one][:most]


def _fitting(case: Case, entry: Mapping[str, Any]) -> list[Edit] | None:
    """The edits that came with a hypothesis, if they can be read and fit."""
    try:
        return trimmed(case.text, read_edits(entry))
    except EditRefused:
        return None


async def write_edit(task: Task, case: Case, hypothesis: Hypothesis, sample: int) -> list[Edit]:
    """The edit script for one hypothesis whose own did not fit, in a call of its own. Raises EditRefused if there is none."""
    order = (
        f"Cause: {hypothesis.cause}\nChange: {hypothesis.change}\n\n"
        f"Carry out this change, and nothing else, {_EDIT_ORDER}. Answer with JSON."
    )
    messages = [Message("system", PURPOSE), Message("user", f"{described(task, case)}\n\n{order}")]
    try:
        edits = read_edits(await task.ask(messages, EDITS_SCHEMA, sample))
    except BugFailure:
        raise
    except Failure as failure:
        raise EditRefused(f"the teacher gave no readable edit ({failure})") from failure
    return trimmed(case.text, edits)


def _rows_meant(case: Case, numbers: object) -> tuple[str, ...]:
    """The ids of the failing rows that a teacher named by number; all of them if it named none."""
    rows = [result.row_id for result, _ in case.failing]
    meant = numbers if isinstance(numbers, list) else []
    return tuple(
        dict.fromkeys(rows[nth - 1] for nth in meant if isinstance(nth, int) and 1 <= nth <= len(rows))
    ) or tuple(rows)
