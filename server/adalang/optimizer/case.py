"""What a teacher is shown about one text, and no more than it needs.

At most eight failing rows, a few passing ones to keep, further rows as far as they are short, the other texts of the same
prompt to read, and what was tried in vain.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.backward import Note, loss_text, shown
from adalang.optimizer.backward.loss import LONGEST_VALUE
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Example, Param, Task

MOST_FAILING, MOST_PASSING = 8, 8
_ROOM_FOR_OTHERS = 8000  # characters


@dataclass(frozen=True, slots=True)
class Case:
    """All that a teacher is shown about one text. `keep`: what passing rows did with it; `digest`: what many notes say together."""

    param: Param
    text: str
    siblings: Mapping[str, str]
    failing: Sequence[tuple[RowResult, str]]
    passing: Sequence[RowResult]
    others: Sequence[Example]
    lessons: Sequence[str]
    keep: Sequence[str] = ()
    digest: str = ""


def make_case(
    task: Task,
    candidate: Candidate,
    param: Param,
    notes: Sequence[Note],
    results: Mapping[str, RowResult],
    passing: Sequence[RowResult],
    further: Sequence[Example],
    lessons: Sequence[str],
    keep: Sequence[str] = (),
    digest: str = "",
) -> Case:
    """The case for a param: the failing rows with most blame first; notes of one row's several calls are kept in order.

    `further` are train rows, the best last, of which as many are shown (input and right answer only) as are short.
    """
    by_row: dict[str, list[Note]] = {}
    for note in notes:
        by_row.setdefault(note.row, []).append(note)
    rows = sorted(by_row, key=lambda row: -sum(note.blame for note in by_row[row]))[:MOST_FAILING]
    told = {*rows, *(result.row_id for result in passing[:MOST_PASSING])}
    return Case(
        param,
        candidate.text(param.id),
        siblings_of(task, candidate, param),
        [(results[row], _joined(by_row[row])) for row in rows],
        passing[:MOST_PASSING],
        _short([row for row in reversed(further) if row.id not in told]),
        lessons,
        keep,
        digest,
    )


def siblings_of(task: Task, candidate: Candidate, param: Param) -> dict[str, str]:
    """The other texts of the same prompt, by id."""
    others = (one for one in task.info.params if one.kind == "text" and one.component == param.component)
    return {one.id: candidate.text(one.id) for one in others if one.id != param.id}


def in_groups(notes: Sequence[Note]) -> list[list[Note]]:
    """Notes for one call each: together if they are on at most eight rows, else dealt out to about as many calls as each
    then sees rows. A teacher that is shown fifty failures at once sees none of them."""
    rows = list(dict.fromkeys(note.row for note in notes))
    count = 1 if len(rows) <= MOST_FAILING else max(math.isqrt(len(rows) - 1) + 1, -(-len(rows) // MOST_FAILING))
    place = {row: nth % count for nth, row in enumerate(rows)}
    return [[note for note in notes if place[note.row] == nth] for nth in range(count)]


def described(task: Task, case: Case) -> str:
    """The case with the text that is to be improved."""
    wish = f" ({case.param.doc})" if case.param.doc else ""
    text = f"The text to improve, {case.param.id}{wish}:\n<<<\n{case.text}\n>>>"
    return "\n\n".join([*about_prompt(task, case.param, case.siblings), text, *about_rows(case)])


def about_prompt(task: Task, param: Param, siblings: Mapping[str, str]) -> list[str]:
    """Paragraphs on the aim, the prompt and its other texts."""
    component = task.info.components.get(param.component)
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
        f"Another text of the prompt, {name}, to read and not to change:\n{text}" for name, text in siblings.items()
    ]
    return parts


def about_rows(case: Case) -> list[str]:
    """Paragraphs on what fails, what must stay right, what else there is, and what was tried in vain."""
    lines = [_failing_line(nth, *one) for nth, one in enumerate(case.failing, start=1)]
    parts = ["Failing examples:\n" + "\n".join(lines)] if lines else []
    if case.digest:
        parts.append(f"What the feedback on all of them says together:\n{case.digest}")
    if right := case.keep or [_passing_line(result) for result in case.passing]:
        parts.append("Examples that are right and must stay right:\n" + "\n".join(right))
    if case.others:
        parts.append("More inputs and what is right for them:\n" + "\n".join(map(_other_line, case.others)))
    if case.lessons:
        parts.append("Tried before, in vain:\n" + "\n".join(f"- {lesson}" for lesson in case.lessons))
    return parts


def _failing_line(nth: int, result: RowResult, note: str) -> str:
    said = note if note != loss_text(result) or result.reason else ""
    line = {
        "example": nth,
        "inputs": _cut(result.inputs),
        "output": _short_value(result.output),
        "expected": _short_value(result.expected),
        "feedback": said if len(said) <= LONGEST_VALUE else f"{said[:LONGEST_VALUE]}…",
    }
    return json.dumps(
        {name: value for name, value in line.items() if value not in (None, "")}, ensure_ascii=False, default=str
    )


def _passing_line(result: RowResult) -> str:
    line = {"inputs": _cut(result.inputs), "output": _short_value(result.output)}
    return json.dumps(line, ensure_ascii=False, default=str)


def _other_line(row: Example) -> str:
    return json.dumps({"inputs": row.inputs, "expected": row.expected}, ensure_ascii=False, default=str)


def _short(rows: Sequence[Example]) -> list[Example]:
    """The first rows that fit together into the room for further examples; those without a right answer are left out."""
    room, found = _ROOM_FOR_OTHERS, []
    for row in rows:
        room -= len(_other_line(row))
        if room < 0:
            break
        if row.expected is not None:
            found.append(row)
    return found


def _cut(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _short_value(value) for name, value in inputs.items()}


def _short_value(value: Any) -> Any:
    return value if len(text := shown(value)) <= LONGEST_VALUE else text


def _joined(notes: Sequence[Note]) -> str:
    if len(notes) == 1:
        return notes[0].text
    return " ".join(f"(call {note.call + 1}) {note.text}" for note in sorted(notes, key=lambda note: note.call))
