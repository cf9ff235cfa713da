"""Textual feedback, carried from the metric back to the params that had a part in a failure.

Where the way back has no fork (one component, one text), the metric's own words go straight to the text and no call is
made. Else the calls of a failing run are walked in reverse order of time, and at each one a teacher is asked once, with
all of the call's params and inputs side by side, what share of the blame each has and what should differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.runs import concurrently
from adalang.optimizer.task import Component, Param, Task
from adalang.runtime.failures import BugFailure, Failure
from adalang.runtime.models.types import Message
from adalang.runtime.trace import Call

LEAST_BLAME = 0.1
DEEPEST = 6
_LONGEST_VALUE = 1500
_MODEL_KINDS = ("prompt", "agent")


def feedback_schema(names: Sequence[str]) -> Mapping[str, Any]:
    """The form of a teacher's answer about these params and inputs: a share of blame and a note for each that has a part."""
    entry = {
        "name": {"enum": list(names), "description": "the param or input, as named in the message"},
        "blame": {"type": "number", "description": "its share of the blame, 0 to 1"},
        "note": {"type": "string", "description": "what should differ, in one or two sentences"},
    }
    entries = {"type": "array", "items": _closed(entry)}
    return _closed({"feedback": entries})


def _closed(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Note:
    """What one failing row says about one param. `call` is the place of the component's call in the run (time order)."""

    param: str
    row: str
    text: str
    blame: float
    call: int = 0


@dataclass(frozen=True, slots=True)
class _Feedback:
    text: str
    blame: float
    depth: int


async def backward(task: Task, candidate: Candidate, failing: Sequence[RowResult]) -> dict[str, list[Note]]:
    """Notes by param id for some failing rows; the rows' order is kept. Params that have no part are absent."""
    per_row = await concurrently(_row_notes(task, candidate, result) for result in failing)
    notes: dict[str, list[Note]] = {}
    for note in (note for row in per_row for note in row):
        notes.setdefault(note.param, []).append(note)
    return notes


def loss_text(result: RowResult) -> str:
    """Why a row failed, in the metric's words if it has any."""
    if result.status == "unreadable":
        return f"The answer could not be read: {result.error or 'it has not the form asked for'}."
    if result.status == "refused":
        return "The model refused to answer."
    return result.reason or f"Expected {shown(result.expected)}, got {shown(result.output)}."


def shown(value: Any) -> str:
    """A value as JSON, cut where it is too long to help."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text)} characters)"


async def _row_notes(task: Task, candidate: Candidate, result: RowResult) -> list[Note]:
    params = _params_by_component(task)
    calls = result.trace.calls if result.trace else []
    touched = {call.component for call in calls if params.get(call.component)}
    if not touched:
        touched = {name for name, own in params.items() if own}
    if len(touched) == 1 and len(own := params[next(iter(touched))]) == 1:
        return [Note(own[0].id, result.row_id, loss_text(result), 1.0)]
    if not calls:
        every = [param for name in sorted(touched) for param in params[name]]
        return [Note(param.id, result.row_id, loss_text(result), 1 / len(every)) for param in every]
    return await _walk(task, candidate, result, params)


def _params_by_component(task: Task) -> dict[str, list[Param]]:
    """Demos are left out: examples are chosen by trial, not by argument."""
    found: dict[str, list[Param]] = {}
    for param in task.info.params:
        if param.kind == "text":
            found.setdefault(param.component, []).append(param)
    return found


async def _walk(
    task: Task, candidate: Candidate, result: RowResult, params: Mapping[str, Sequence[Param]]
) -> list[Note]:
    calls = [call for call in result.trace.calls if call.component in task.info.components] if result.trace else []
    pending: dict[int, list[_Feedback]] = {}
    if (last := _last_call(task, calls)) is not None:
        pending[last] = [_Feedback(loss_text(result), 1.0, 0)]
    notes: list[Note] = []
    for at in range(len(calls) - 1, -1, -1):
        received = [one for one in pending.get(at, []) if one.blame >= LEAST_BLAME and one.depth < DEEPEST]
        if not received:
            continue
        own, sources = params.get(calls[at].component, ()), _sources(task, calls, at)
        for name, blame, text in await _shares(task, candidate, calls[at], received, own, sources):
            if name in sources:
                depth = max(one.depth for one in received) + 1
                pending.setdefault(sources[name], []).append(_Feedback(text, blame, depth))
            else:
                notes.append(Note(name, result.row_id, text, blame, calls[at].index))
    return notes[::-1]


def _last_call(task: Task, calls: Sequence[Call]) -> int | None:
    """The call that the run's result came from: the last one whose component feeds none other."""
    ends = [at for at, call in enumerate(calls) if not task.info.components[call.component].feeds]
    own = [at for at in ends if calls[at].component != task.info.target or len(ends) == 1]
    return own[-1] if own else (len(calls) - 1 if calls else None)


def _sources(task: Task, calls: Sequence[Call], at: int) -> dict[str, int]:
    """For each input that an earlier call gave: the place of that call."""
    found: dict[str, int] = {}
    for name, value in calls[at].inputs.items():
        earlier = [i for i in range(at) if calls[at].component in task.info.components[calls[i].component].feeds]
        same = [i for i in earlier if _holds(value, calls[i].output)]
        if same:
            found[name] = same[-1]
    return found


def _holds(value: Any, part: Any) -> bool:
    """Whether an input is, or visibly contains, an output."""
    if value == part:
        return True
    if isinstance(value, list | tuple):
        return any(_holds(item, part) for item in value)
    if isinstance(part, Mapping):
        return any(_holds(value, item) for item in part.values() if item not in (None, "", True, False))
    return isinstance(value, str) and isinstance(part, str) and part != "" and part in value


async def _shares(
    task: Task,
    candidate: Candidate,
    call: Call,
    received: Sequence[_Feedback],
    own: Sequence[Param],
    sources: Mapping[str, int],
) -> list[tuple[str, float, str]]:
    """(param id or input, share of blame, note) for one call; without a fork the feedback passes through unchanged."""
    text = "\n".join(one.text for one in received)
    blame = min(1.0, sum(one.blame for one in received))
    names = [param.id for param in own] + list(sources)
    if len(names) <= 1:
        return [(name, blame, text) for name in names]
    if not own and call.kind not in _MODEL_KINDS:
        return [(name, blame / len(names), text) for name in names]
    messages = _blame_messages(task.info.components[call.component], candidate, call, text, own, list(sources))
    try:
        answer = await task.ask(messages, feedback_schema(names), 0)
    except BugFailure:
        raise
    except Failure:
        return [(name, blame / len(names), text) for name in names]
    return [(name, blame * share, note) for name, share, note in _read(answer, names)]


def _read(answer: Any, names: Sequence[str]) -> list[tuple[str, float, str]]:
    """The entries that make sense, each name once; shares are held to 0..1 and to a sum of 1."""
    entries = answer.get("feedback", []) if isinstance(answer, Mapping) else []
    found: dict[str, tuple[float, str]] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping) and entry.get("name") in names and isinstance(entry.get("blame"), int | float):
            found.setdefault(
                str(entry["name"]), (min(1.0, max(0.0, float(entry["blame"]))), str(entry.get("note", "")))
            )
    total = max(1.0, sum(share for share, _ in found.values()))
    return [(name, share / total, note) for name, (share, note) in found.items()]


def _blame_messages(
    component: Component, candidate: Candidate, call: Call, feedback: str, own: Sequence[Param], inputs: Sequence[str]
) -> list[Message]:
    parts = [f"One step of a chain of prompts: {component.signature}"]
    for param in own:
        parts.append(f"PARAM {param.id} (a text of the step's prompt)\n<<<\n{candidate.text(param.id)}\n>>>")
    for name, value in call.inputs.items():
        parts.append(f"{'INPUT' if name in inputs else 'given'} {name}: {shown(value)}")
    parts.append(f"OUTPUT: {shown(call.output)}")
    parts.append(f"FEEDBACK: {feedback}")
    parts.append(
        "For each PARAM and each INPUT say what share of the blame it has for this feedback (0 to 1, together at most 1) "
        "and what should differ. An INPUT came from an earlier step: blame it only if a better one would have helped. "
        "Speak of the rule to follow, not of this one example. Answer with JSON."
    )
    return [
        Message("system", "You find the causes of failures in chains of prompts. You are exact and brief."),
        Message("user", "\n\n".join(parts)),
    ]
