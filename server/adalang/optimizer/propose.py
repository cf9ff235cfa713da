"""From feedback to new texts: a teacher names several causes, and for each it writes the edit, all in one answer.

Messages hold what a teacher needs and no more: at most eight failing rows, a few passing ones to keep, the other texts of
the same prompt to read, and what was tried in vain. An answer that cannot be read, or an edit that does not fit exactly,
is dropped; it is never adopted in part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.backward import Feedback, Note, loss_text, shown
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.edits import EDITS_SCHEMA, Edit, EditRefused, apply_edits, read_edits
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.task import Param, Task
from adalang.runtime.failures import BugFailure, Failure
from adalang.runtime.models.types import Message

MOST_FAILING, MOST_PASSING = 8, 8
_LONGEST_INPUT = 1500
_ROOM_FOR_OTHERS = 8000  # characters

HYPOTHESES_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "hypotheses": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "cause": {"type": "string", "description": "why the text leads to these failures"},
                    "change": {"type": "string", "description": "what to change in the text, as an order"},
                    "examples": {
                        "type": "array",
                        "items": {"type": "integer"},
                        "description": "the numbers of the failing examples that the change should mend",
                    },
                    "edits": EDITS_SCHEMA["properties"]["edits"],
                },
                "required": ["cause", "change", "examples", "edits"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["hypotheses"],
    "additionalProperties": False,
}

_ROLE = (
    "You improve one text of a prompt, so that a model that follows it makes fewer mistakes on inputs that nobody has seen "
    "yet. You look for rules, never for single examples, and you never copy an example into the text."
)


@dataclass(frozen=True, slots=True)
class Case:
    """All that a teacher is shown about one text. `keep`: what passing rows did with it; `digest`: what many notes say together."""

    param: Param
    text: str
    siblings: Mapping[str, str]
    failing: Sequence[tuple[RowResult, str]]
    passing: Sequence[RowResult]
    others: Sequence[RowResult]
    lessons: Sequence[str]
    keep: Sequence[str] = ()
    digest: str = ""


def make_case(
    task: Task,
    candidate: Candidate,
    param: Param,
    feedback: Feedback,
    passing: Sequence[RowResult],
    seen: Sequence[RowResult],
    lessons: Sequence[str],
) -> Case:
    """The case for a param: the failing rows with most blame first; notes of one row's several calls are kept in order.

    `seen` are further train rows, newest last, of which as many are shown (input and right answer only) as are short.
    """
    by_row: dict[str, list[Note]] = {}
    for note in feedback.notes.get(param.id, ()):
        by_row.setdefault(note.row, []).append(note)
    results = {result.row_id: result for result in feedback.rows}
    rows = sorted(by_row, key=lambda row: -sum(note.blame for note in by_row[row]))[:MOST_FAILING]
    siblings = {
        other.id: candidate.text(other.id)
        for other in task.info.params
        if other.kind == "text" and other.id != param.id and other.component == param.component
    }
    return Case(
        param,
        candidate.text(param.id),
        siblings,
        [(results[row], _joined(by_row[row])) for row in rows],
        passing[:MOST_PASSING],
        _short(
            [result for result in reversed(seen) if result.row_id not in rows and result not in passing[:MOST_PASSING]]
        ),
        lessons,
        feedback.keep.get(param.id, ()),
        feedback.digests.get(param.id, ""),
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


async def hypotheses(task: Task, case: Case, most: int, sample: int) -> list[Proposed]:
    """Up to `most` different causes with a change for each, in one call. Raises Failure if no answer was readable."""
    order = (
        f"Name up to {most} different causes for these failures, the most frequent first, and for each the one change to "
        f"the text that would mend it, and nothing else. Write each change {_EDIT_ORDER}. Each change is tried alone. Keep "
        "right what is right. Answer with JSON."
    )
    answer = await task.ask(
        [Message("system", _ROLE), Message("user", f"{_described(task, case)}\n\n{order}")], HYPOTHESES_SCHEMA, sample
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
        edits = read_edits(entry)
        apply_edits(case.text, edits)
    except EditRefused:
        return None
    return edits


async def write_edit(task: Task, case: Case, hypothesis: Hypothesis, sample: int) -> list[Edit]:
    """The edit script for one hypothesis whose own did not fit, in a call of its own. Raises EditRefused if there is none."""
    order = (
        f"Cause: {hypothesis.cause}\nChange: {hypothesis.change}\n\n"
        f"Carry out this change, and nothing else, {_EDIT_ORDER}. Answer with JSON."
    )
    messages = [Message("system", _ROLE), Message("user", f"{_described(task, case)}\n\n{order}")]
    try:
        edits = read_edits(await task.ask(messages, EDITS_SCHEMA, sample))
    except BugFailure:
        raise
    except Failure as failure:
        raise EditRefused(f"the teacher gave no readable edit ({failure})") from failure
    apply_edits(case.text, edits)
    return edits


def _described(task: Task, case: Case) -> str:
    component = task.info.components.get(case.param.component)
    parts = []
    if task.info.aim:
        parts.append(f"The aim: {task.info.aim}")
    if component is not None:
        parts.append(f"The prompt: {component.signature}")
        parts += [
            f"Its {role} message, with names in double braces filled in at each call:\n{text}"
            for role, text in component.templates
        ]
    parts += [
        f"Another text of the prompt, {name}, to read and not to change:\n{text}"
        for name, text in case.siblings.items()
    ]
    wish = f" ({case.param.doc})" if case.param.doc else ""
    parts.append(f"The text to improve, {case.param.id}{wish}:\n<<<\n{case.text}\n>>>")
    parts.append(
        "Failing examples:\n" + "\n".join(_failing_line(nth, *one) for nth, one in enumerate(case.failing, start=1))
    )
    if case.digest:
        parts.append(f"What the feedback on all of them says together:\n{case.digest}")
    if right := case.keep or [_passing_line(result) for result in case.passing]:
        parts.append("Examples that are right and must stay right:\n" + "\n".join(right))
    if case.others:
        parts.append("More inputs and what is right for them:\n" + "\n".join(map(_other_line, case.others)))
    if case.lessons:
        parts.append("Tried before, in vain:\n" + "\n".join(f"- {lesson}" for lesson in case.lessons))
    return "\n\n".join(parts)


def _rows_meant(case: Case, numbers: object) -> tuple[str, ...]:
    """The ids of the failing rows that a teacher named by number; all of them if it named none."""
    rows = [result.row_id for result, _ in case.failing]
    meant = numbers if isinstance(numbers, list) else []
    return tuple(
        dict.fromkeys(rows[nth - 1] for nth in meant if isinstance(nth, int) and 1 <= nth <= len(rows))
    ) or tuple(rows)


def _failing_line(nth: int, result: RowResult, note: str) -> str:
    said = note if note != loss_text(result) or result.reason else ""
    line = {
        "example": nth,
        "inputs": _cut(result.inputs),
        "output": _cut_value(result.output),
        "expected": _cut_value(result.expected),
        "feedback": said[:_LONGEST_INPUT],
    }
    return json.dumps(
        {name: value for name, value in line.items() if value not in (None, "")}, ensure_ascii=False, default=str
    )


def _passing_line(result: RowResult) -> str:
    return json.dumps(
        {"inputs": _cut(result.inputs), "output": _cut_value(result.output)}, ensure_ascii=False, default=str
    )


def _other_line(result: RowResult) -> str:
    return json.dumps({"inputs": result.inputs, "expected": result.expected}, ensure_ascii=False, default=str)


def _short(results: Sequence[RowResult]) -> list[RowResult]:
    """The first results that fit together into the room for further examples; those without a right answer are left out."""
    room, found = _ROOM_FOR_OTHERS, []
    for result in results:
        room -= len(_other_line(result))
        if room < 0:
            break
        if result.expected is not None:
            found.append(result)
    return found


def _cut(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _cut_value(value) for name, value in inputs.items()}


def _cut_value(value: Any) -> Any:
    return value if len(text := shown(value)) <= _LONGEST_INPUT else text[:_LONGEST_INPUT]


def _joined(notes: Sequence[Note]) -> str:
    if len(notes) == 1:
        return notes[0].text
    return " ".join(f"(call {note.call + 1}) {note.text}" for note in sorted(notes, key=lambda note: note.call))
