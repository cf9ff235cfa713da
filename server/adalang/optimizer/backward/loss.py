"""Why a row failed: in the metric's own words where it has any, and in a teacher's only where nothing else says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.schema import closed
from adalang.optimizer.task import Task
from adalang.runtime.failures import BugFailure, Failure
from adalang.runtime.models.types import Message

LONGEST_VALUE = 1500  # characters

_SCHEMA = closed({"diagnosis": {"type": "string", "description": "what is wrong with the output, in one sentence"}})


def shown(value: Any, longest: int = LONGEST_VALUE) -> str:
    """A value as JSON, cut where it is too long to help."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def loss_text(result: RowResult) -> str:
    """Why a row failed, in the metric's words if it has any."""
    if result.status == "unreadable":
        return f"The answer could not be read: {result.error or 'it has not the form asked for'}."
    if result.status == "refused":
        return "The model refused to answer."
    return result.reason or f"Expected {shown(result.expected)}, got {shown(result.output)}."


async def diagnosis(task: Task, result: RowResult) -> str:
    """`loss_text`; a teacher is asked only where the metric gave a score and nothing else, and no right answer is known."""
    if result.status != "ok" or result.reason or result.expected is not None:
        return loss_text(result)
    parts = [f"The aim: {task.info.aim}"] if task.info.aim else []
    parts += [
        f"The step: {task.info.components[task.info.target].signature}"
        if task.info.target in task.info.components
        else "",
        *(f"given {name}: {shown(value)}" for name, value in result.inputs.items()),
        f"OUTPUT: {shown(result.output)}",
        f"It scored {result.score or 0:.2f} of 1, and the metric does not say why. Say what is wrong with the output. "
        "Answer with JSON.",
    ]
    messages = [
        Message("system", "You judge the outputs of prompts. You are exact and brief."),
        Message("user", "\n\n".join(part for part in parts if part)),
    ]
    try:
        answer = await task.ask(messages, _SCHEMA, 0)
    except BugFailure:
        raise
    except Failure:
        answer = {}
    said = answer.get("diagnosis") if isinstance(answer, Mapping) else None
    return said.strip() if isinstance(said, str) and said.strip() else f"It scored {result.score or 0:.2f} of 1."
