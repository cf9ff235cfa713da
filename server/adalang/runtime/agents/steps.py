"""What a conversation with tools is made of, whatever way the model is told of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from adalang.runtime.answers import AnswerForm
from adalang.runtime.fitting import excess
from adalang.runtime.models.types import Message, Request, Response, ToolCall

LEFT_OUT = "(left out, to fit the model's window)"


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the model, and what came of the calls in it, in their order. ``text`` is what it wrote itself;
    ``unmarked``: as neither of the two that it was told to write, a call or a final answer."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    observations: tuple[str, ...] = ()
    unmarked: bool = False


class Dialect(Protocol):
    """A way to tell a model of its tools and to read what it wants of them. ``tools`` go with each request."""

    @property
    def tools(self) -> tuple[Mapping[str, Any], ...]: ...

    def instruction(self, form: AnswerForm, thinking: str) -> str:
        """What ends the first system message. ``thinking`` asks for the reasoning before a step ("" for none)."""
        ...

    def told(self, steps: Sequence[Step]) -> list[Message]:
        """The steps so far as messages after the opening."""
        ...

    def read(self, response: Response) -> Step:
        """The model's answer; without calls its text is the final answer."""
        ...


def within(request: Request, room: int | None, steps: Sequence[Step], write: Any) -> tuple[Request, int]:
    """The request with the oldest observations left out until it fits, and how many are.

    ``write`` makes the request of steps. The newest step stays whole, so the request may still be too long.
    """
    left_out = 0
    shown = list(steps)
    for at, step in enumerate(steps[:-1]):
        if room is None or excess(request, room) <= 0:
            break
        shown[at] = replace(step, observations=(LEFT_OUT,) * len(step.observations))
        left_out += len(step.observations)
        request = write(shown)
    return request, left_out


def arguments_text(call: ToolCall) -> str:
    """The arguments on one line, as the model wrote them if that is no JSON."""
    try:
        return json.dumps(json.loads(call.arguments or "{}"), ensure_ascii=False)
    except ValueError:
        return " ".join(call.arguments.split())
