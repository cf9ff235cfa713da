"""One question to a teacher about one call of a run: whose fault is it? All texts and inputs stand side by side in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.optimizer.backward.flow import RESULT, Flow, Node
from adalang.optimizer.backward.loss import shown
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.schema import closed
from adalang.optimizer.task import Task
from adalang.runtime.failures import BugFailure, Failure
from adalang.runtime.models.types import Message

_ROOM_FOR_INPUTS, _SHORTEST = 12_000, 200  # characters


@dataclass(frozen=True, slots=True)
class Share:
    """A param (by id) or an input (by name), its share of the blame (0 to 1), and what should differ."""

    name: str
    share: float
    note: str


def feedback_schema(names: Sequence[str]) -> Mapping[str, Any]:
    """The form of a teacher's answer about these params and inputs: a share of blame and a note for each that has a part."""
    entry = {
        "name": {"enum": list(names), "description": "the param or input, as named in the message"},
        "blame": {"type": "number", "description": "its share of the blame, 0 to 1"},
        "note": {"type": "string", "description": "what should differ, in one or two sentences"},
    }
    return closed({"feedback": {"type": "array", "items": closed(entry)}})


async def ask_for_blame(
    task: Task, candidate: Candidate, flow: Flow, node: Node, feedback: str, expected: Any
) -> list[Share] | None:
    """The teacher's answer, as far as it makes sense; None if there was none to read.

    `expected` is the whole run's right result, if it is known. Equal questions are equal requests: a gateway answers the
    second one from what it knows, whichever row it is about.
    """
    names = list(node.leads)
    try:
        answer = await task.ask(_messages(task, candidate, flow, node, feedback, expected), feedback_schema(names), 0)
    except BugFailure:
        raise
    except Failure:
        return None
    return _read(answer, names)


def _read(answer: Any, names: Sequence[str]) -> list[Share]:
    """The entries that make sense, each name once; shares are held to 0..1 and to a sum of 1."""
    entries = answer.get("feedback", []) if isinstance(answer, Mapping) else []
    found: dict[str, tuple[float, str]] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping) and entry.get("name") in names and isinstance(entry.get("blame"), int | float):
            share = min(1.0, max(0.0, float(entry["blame"])))
            found.setdefault(str(entry["name"]), (share, str(entry.get("note", ""))))
    total = max(1.0, sum(share for share, _ in found.values()))
    return [Share(name, share / total, note) for name, (share, note) in found.items()]


def _messages(task: Task, candidate: Candidate, flow: Flow, node: Node, feedback: str, expected: Any) -> list[Message]:
    parts = _result_parts(node) if node.at == RESULT else _call_parts(task, candidate, flow, node)
    parts.append(f"FEEDBACK: {feedback}")
    if expected is not None:
        steps = ", ".join(name for name in task.info.judged if name)
        what = f"What the score compares {steps} with" if steps else "The right result of the whole chain"
        parts.append(f"{what}: {shown(expected)}")
    parts.append(
        "For each PARAM and each INPUT say what share of the blame it has for this feedback (0 to 1, together at most 1) "
        "and what should differ. An INPUT came from an earlier step: blame it only if a better one would have helped. "
        "Speak of the rule to follow, not of this one example. Answer with JSON."
    )
    return [
        Message("system", "You find the causes of failures in chains of prompts. You are exact and brief."),
        Message("user", "\n\n".join(parts)),
    ]


def _result_parts(node: Node) -> list[str]:
    return ["The result of a chain of prompts is made of what several steps gave.", *_input_parts(node)]


def _call_parts(task: Task, candidate: Candidate, flow: Flow, node: Node) -> list[str]:
    call = flow.calls[node.at]
    component = task.info.components.get(call.component)
    parts = [f"One step of a chain of prompts: {component.signature if component else call.component}"]
    if call.index or call.kind == "step":
        what = "step" if call.kind == "step" else "call"
        parts.append(f"This is its {what} {call.index + 1} in the run; the steps are told in the order of time.")
    for param in node.own:
        parts.append(f"PARAM {param.id} (a text of the step's prompt)\n<<<\n{candidate.text(param.id)}\n>>>")
    parts += _input_parts(node)
    whole = {link.path[0] for link in node.links if len(link.path) == 1 and not link.decides}
    parts += [f"given {name}: {shown(value)}" for name, value in call.inputs.items() if name not in whole]
    if call.kind == "step":
        parts += _step_parts(flow, node)
    parts.append(f"ERROR: {call.error}\nANSWER: {shown(call.raw)}" if call.error else f"OUTPUT: {shown(call.output)}")
    return parts


def _input_parts(node: Node) -> list[str]:
    longest = max(_SHORTEST, _ROOM_FOR_INPUTS // max(1, len(node.links)))
    return [
        f"INPUT {link.name}: {shown(link.value, longest)}"
        + (" (it decided that this step's way was taken)" * link.decides)
        for link in node.links
    ]


def _step_parts(flow: Flow, node: Node) -> list[str]:
    """What an agent had called before a step, in the order of time."""
    links = {link.call: link.name for link in node.links}
    parts = []
    for place, call in enumerate(flow.calls[: node.at]):
        if call.parent != flow.calls[node.at].parent or call.kind == "step":
            continue
        came = f"gave INPUT {links[place]}" if place in links else f"gave {shown(call.output, 500)}"
        asked = f"{call.component}({shown(call.inputs, 500)})"
        parts.append(f"earlier, {asked}: " + (f"failed, {call.error}" if call.error else came))
    return parts
