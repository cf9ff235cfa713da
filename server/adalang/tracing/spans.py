"""A kept run as a tree of spans, for whoever shows or sends it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adalang.runtime.models.types import Usage
from adalang.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class Span:
    """One call. ``place`` counts the run's calls from 0, ``parent`` is the caller's; ``depth`` is 0 at a root.

    ``began`` is in seconds since 1970. ``usage`` was paid now, ``answer_usage`` when the answers were bought.
    """

    place: int
    parent: int | None
    depth: int
    component: str
    kind: str
    binding: str = ""
    inputs: Any = None
    output: Any = None
    raw: str = ""
    reasoning: str = ""
    messages: tuple[Mapping[str, Any], ...] = ()
    error: str = ""
    model: str = ""
    attempts: int = 0
    finish_reason: str = ""
    began: float = 0.0
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    answer_usage: Usage = field(default_factory=Usage)

    @property
    def cached(self) -> bool:
        """Whether its answer was there already."""
        return self.usage.cached_calls > 0 and self.usage.calls == 0

    @property
    def answer(self) -> str:
        """What the model wrote."""
        return self.raw or (self.output if isinstance(self.output, str) else as_json(self.output))

    @property
    def turns(self) -> list[tuple[str, str]]:
        """The messages as who says what, calls of tools and files among it."""
        return [(str(one.get("role", "?")), _said(one)) for one in self.messages]

    @property
    def result(self) -> str:
        """The output as a text; of an agent's step that asks for tools, the calls."""
        asked = self.output.get("calls") if self.kind == "step" and isinstance(self.output, Mapping) else None
        if isinstance(asked, list) and all(isinstance(one, Mapping) for one in asked):
            return ",\n".join(_called(one.get("tool"), one.get("arguments")) for one in asked)
        return self.output if isinstance(self.output, str) else as_json(self.output)


def spans_of(record: RunRecord) -> list[Span]:
    """The calls of a run, each behind its caller and before the next one that the same caller made."""
    children: dict[int | None, list[int]] = {}
    for place, call in enumerate(record.calls):
        parent = call.get("parent")
        # Only an earlier call can be the caller: what a damaged trace says else would never end.
        children.setdefault(parent if isinstance(parent, int) and 0 <= parent < place else None, []).append(place)
    found: list[Span] = []
    waiting: list[tuple[int, int | None, int]] = [(place, None, 0) for place in reversed(children.get(None, []))]
    while waiting:
        place, parent, depth = waiting.pop()
        found.append(_span(record.calls[place], place, parent, depth))
        waiting += [(child, place, depth + 1) for child in reversed(children.get(place, []))]
    return found


def _said(message: Mapping[str, Any]) -> str:
    content = message.get("content", "")
    parts = [_part(one) for one in content] if isinstance(content, list) else [str(content)]
    calls = [_called(one.get("name"), one.get("arguments")) for one in message.get("tool_calls", ())]
    return "\n".join(part for part in [*parts, *calls] if part)


def _part(part: Any) -> str:
    """A text, an image or a file of a message."""
    return " ".join(f"[{name}: {value}]" for name, value in part.items()) if isinstance(part, Mapping) else str(part)


def _called(tool: Any, arguments: Any) -> str:
    """`refund(reference="L-1003", amount=12.0)`"""
    try:
        given = json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:  # as the model wrote it
        given = arguments
    if isinstance(given, Mapping):
        return f"{tool}({', '.join(f'{name}={as_json(value)}' for name, value in given.items())})"
    return f"{tool}({'' if given is None else given})"


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


_PLAIN = (
    "component", "kind", "binding", "inputs", "output", "raw", "reasoning", "error", "model", "attempts", "finish_reason", "began",
    "seconds",
)  # fmt: skip


def _span(call: Mapping[str, Any], place: int, parent: int | None, depth: int) -> Span:
    plain = {name: call[name] for name in _PLAIN if name in call}
    usage = _usage(call.get("usage", {}))
    answer = _usage(call["answer_usage"]) if "answer_usage" in call else usage
    messages = tuple(call.get("messages", ()))
    named = {"component": "?", "kind": "?"} | plain
    return Span(place, parent, depth, messages=messages, usage=usage, answer_usage=answer, **named)


def _usage(told: Mapping[str, Any]) -> Usage:
    known = {
        name: told[name]
        for name in ("calls", "cached_calls", "input_tokens", "output_tokens", "usd", "seconds")
        if name in told
    }
    return Usage(**known, priced=bool(told.get("priced", not told)))
