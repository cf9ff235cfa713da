"""Tools by the provider's own means: schemas in the request, calls in the answer, a message of the role `tool` for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.runtime.agents.steps import Step
from adalang.runtime.answers import AnswerForm
from adalang.runtime.models.types import Message, Response
from adalang.runtime.wording import SAID_NOTHING


@dataclass(frozen=True)
class Native:
    """``tools`` are the schemas as the OpenAI protocol has them."""

    tools: tuple[Mapping[str, Any], ...]

    def instruction(self, form: AnswerForm, thinking: str) -> str:
        if not self.tools:
            return form.instruction
        before = f"Before you call tools, write down your reasoning. {thinking}" if thinking else ""
        after = f"When you need no further tool, give the final answer.\n{form.instruction}" if form.instruction else ""
        return "\n".join(part for part in (before, after) if part)

    def told(self, steps: Sequence[Step]) -> list[Message]:
        messages: list[Message] = []
        for step in steps:
            messages.append(Message("assistant", step.text if step.calls else step.text or SAID_NOTHING, step.calls))
            messages += [
                Message("tool", observation, tool_call_id=call.id)
                for call, observation in zip(step.calls, step.observations, strict=True)
            ]
            if not step.calls:
                messages += [Message("user", observation) for observation in step.observations]
        return messages

    def read(self, response: Response) -> Step:
        return Step(response.text, response.tool_calls)
