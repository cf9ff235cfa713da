"""What a lane brings back from one attempt, before it is judged, and its form in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adalang.runtime.models.types import ToolCall, Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a model.

    `text` is None when there is none; `refusal` is why the model or its provider would not give a whole one; `usd` is None where no
    price is known; `seconds` is how long it took.
    """

    text: str | None
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0
    refusal: str = ""

    @property
    def usage(self) -> Usage:
        """What this answer cost."""
        return Usage(
            calls=1,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            usd=self.usd or 0.0,
            seconds=self.seconds,
            priced=self.usd is not None,
        )

    @property
    def cut_off(self) -> bool:
        """Whether the answer ended only because it had reached its greatest length."""
        return self.finish_reason == "length"


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as the store and recordings keep it."""
    return {
        "text": answer.text,
        "tool_calls": [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in answer.tool_calls],
        "finish_reason": answer.finish_reason,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "usd": answer.usd,
        "seconds": answer.seconds,
        "refusal": answer.refusal,
    }


def answer_from_json(data: Mapping[str, Any]) -> Answer:
    """The inverse of `answer_json`; everything may be missing but the text."""
    return Answer(
        text=data["text"],
        tool_calls=tuple(ToolCall(**call) for call in data.get("tool_calls", ())),
        finish_reason=data.get("finish_reason", "stop"),
        input_tokens=data.get("input_tokens", 0),
        output_tokens=data.get("output_tokens", 0),
        usd=data.get("usd", 0.0),
        seconds=data.get("seconds", 0.0),
        refusal=data.get("refusal", ""),
    )
