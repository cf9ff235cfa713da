"""Tools by plain text, for models that take none: the model writes what it wants called, and reads what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.runtime.agents.steps import Step, arguments_text
from adalang.runtime.answers import AnswerForm
from adalang.runtime.models.types import Message, Response, ToolCall
from adalang.runtime.wording import SAID_NOTHING

# Before a label stands what begins a line, and never a line's end: that would read blank lines again and again.
_FINAL = re.compile(r"^[ \t*#]*final answer[\s*]*:[\s*]*", re.IGNORECASE | re.MULTILINE)
# The same label, also a shorter one, where nothing but a thought stands before it.
_LABEL = re.compile(r"^[ \t*#]*(?:final )?answer[\s*]*:[\s*]*", re.IGNORECASE | re.MULTILINE)
_BEFORE_LABEL = re.compile(r"[\s*#]*(?:thought\b|\Z)", re.IGNORECASE)
_ACTION = re.compile(r"^[ \t*#-]*action[\s*]*:[\s*`]*([\w.-]+)", re.IGNORECASE | re.MULTILINE)
_BEFORE_INPUT = re.compile(r"(?:[\s*`(]|action input\s*\**:|json\b)*", re.IGNORECASE)
# What a model writes that goes on by itself instead of waiting for its tools.
_MADE_UP = re.compile(r"^[ \t*#]*observation\b", re.IGNORECASE | re.MULTILINE)
_ENDS_ACTION = re.compile(r"^[ \t]*(?:\**(?:action|thought|final answer)\b|```)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class React:
    """``functions`` are the tools' schemas; nothing of them goes into a request but the text that tells of them."""

    functions: tuple[Mapping[str, Any], ...]

    @property
    def tools(self) -> tuple[Mapping[str, Any], ...]:
        return ()

    def instruction(self, form: AnswerForm, thinking: str) -> str:
        if not self.functions:
            return form.instruction
        listed = "\n".join(_described(tool["function"]) for tool in self.functions)
        thought = f"Begin with a line `Thought:` and your reasoning. {thinking}\n" if thinking else ""
        answer = f"Final answer: the answer\n{form.instruction}".rstrip()
        return (
            f"You can use these tools:\n{listed}\n\n{thought}"
            "To use tools write one line for each, and nothing after them; what they gave is then told to you:\n"
            'Action: name {"input": "value"}\n'
            f"When you need no further tool, end with:\n{answer}"
        )

    def told(self, steps: Sequence[Step]) -> list[Message]:
        return [message for step in steps for message in told_as_text(step)]

    def read(self, response: Response) -> Step:
        text = response.text
        final, action = _FINAL.search(text), _ACTION.search(text)
        if final and not (action and action.start() < final.start()):
            return Step(text[final.end() :].strip())
        if not action:
            start = _after_label(text)
            return Step(text[start or 0 :].strip(), unmarked=start is None and bool(self.functions))
        if made_up := _MADE_UP.search(text, action.end()):
            text = text[: made_up.start()]
        actions = list(_ACTION.finditer(text))
        calls = tuple(
            ToolCall(f"call_{nth}", action[1], _arguments(text[action.end() :])) for nth, action in enumerate(actions)
        )
        return Step(text[: actions[0].start()].strip(), calls)


@dataclass(frozen=True)
class Closing(React):
    """The last word: the conversation so far as plain text, for some providers take no calls without tools beside them. All that
    comes is the answer, but for what calls one of the tools, by ``names``, once more: then there is none."""

    functions: tuple[Mapping[str, Any], ...] = ()
    names: Container[str] = ()

    def instruction(self, form: AnswerForm, thinking: str) -> str:
        return form.instruction

    def read(self, response: Response) -> Step:
        asked = super().read(response).calls
        if any(one.name in self.names and one.arguments.startswith("{") for one in asked):
            return Step("")
        return Step(response.text[_after_label(response.text) or 0 :].strip())


def told_as_text(step: Step) -> list[Message]:
    """A step as a turn of the assistant and one of the user."""
    asked = [f"Action: {call.name} {arguments_text(call)}" for call in step.calls]
    said = "\n".join(part for part in (step.text, *asked) if part) or SAID_NOTHING
    labels = [f"Observation of {call.name}: " for call in step.calls] or [""] * len(step.observations)
    heard = "\n".join(label + text for label, text in zip(labels, step.observations, strict=True))
    return [Message("assistant", said), Message("user", heard)]


def _after_label(text: str) -> int | None:
    """Where the answer begins that follows a label."""
    label = _LABEL.search(text)
    return label.end() if label and _BEFORE_LABEL.match(text, 0, label.start()) else None


def _described(function: Mapping[str, Any]) -> str:
    inputs = json.dumps(function["parameters"], ensure_ascii=False)
    told = " ".join(str(function.get("description") or "").split())
    return f"- {function['name']}: {told} Input: {inputs}" if told else f"- {function['name']}: Input: {inputs}"


def _arguments(rest: str) -> str:
    """The JSON that follows a tool's name; whatever stands there up to the next line of its own kind, if it is none."""
    before = _BEFORE_INPUT.match(rest)
    text = rest[before.end() :] if before else rest
    if text.startswith("{"):
        try:
            return json.dumps(json.JSONDecoder().raw_decode(text)[0], ensure_ascii=False)
        except (ValueError, RecursionError):
            pass
    end = _ENDS_ACTION.search(text)
    return (text[: end.start()] if end else text).strip()
