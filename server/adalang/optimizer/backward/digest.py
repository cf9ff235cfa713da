"""Many notes about one text made few: a teacher loses sight of single remarks when it is given dozens at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from adalang.optimizer.backward.walk import Note
from adalang.optimizer.runs import concurrently
from adalang.optimizer.schema import closed
from adalang.optimizer.task import Task
from adalang.runtime.failures import BugFailure, Failure
from adalang.runtime.models.types import Message

MOST_AT_ONCE = 8

_SCHEMA = closed({"summary": {"type": "string", "description": "what the remarks ask for, most frequent first"}})


async def digest(task: Task, param: str, notes: Sequence[Note]) -> str:
    """What the notes about a param say together; "" where they are few enough to be read one by one, or are on
    so many rows that those are dealt out to several calls anyway.

    `m` notes make ⌈√m⌉ groups in the order of rows and time; each is summed up, and the summaries once more.
    """
    if len(notes) <= MOST_AT_ONCE or len({note.row for note in notes}) > MOST_AT_ONCE:
        return ""
    count = math.ceil(math.sqrt(len(notes)))
    size = math.ceil(len(notes) / count)
    lines = [f"- ({note.row}, call {note.call + 1}) {note.text}" for note in notes]
    groups = [lines[at : at + size] for at in range(0, len(lines), size)]
    summaries = await concurrently(_summary(task, param, group) for group in groups)
    told = [f"- {summary}" for summary in summaries if summary]
    return await _summary(task, param, told) if len(told) > 1 else "".join(summaries)


async def _summary(task: Task, param: str, lines: Sequence[str]) -> str:
    order = (
        f"Remarks on the text {param} of a prompt, in the order of time:\n" + "\n".join(lines) + "\n\n"
        "Sum up what should differ in the text: at most five points, the most frequent first, no single examples. "
        "Answer with JSON."
    )
    messages = [
        Message("system", "You sum up remarks on prompts. You are exact and brief, and add nothing."),
        Message("user", order),
    ]
    try:
        answer = await task.ask(messages, _SCHEMA, 0)
    except BugFailure:
        raise
    except Failure:
        return ""
    said = answer.get("summary") if isinstance(answer, Mapping) else None
    return said.strip() if isinstance(said, str) else ""
