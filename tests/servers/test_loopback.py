"""The same pipeline gets the same answers over HTTP as from the built-in model, in both protocols."""

from __future__ import annotations

from typing import Any

import pytest

from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import Message, ModelSpec, Request
from tests.servers import LoopbackServer, Protocol

LABELS = "Answer with exactly one of these labels and nothing else: billing, shipping, other"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["billing", "shipping", "other"]}},
    "required": ["label"],
}
DEMOS = (
    Message("user", "Where is my parcel?"),
    Message("assistant", "shipping"),
    Message("user", "I was charged twice on my card."),
    Message("assistant", "billing"),
)
ASKED = ("The card was charged again", "My parcel did not arrive", "Good morning", "two\n\nlines, “quoted” 日本語")


@pytest.mark.parametrize("schema", [None, SCHEMA], ids=["text", "schema"])
@pytest.mark.parametrize(
    ("protocol", "model"),
    [
        ("openai", "openai/gpt-4o-mini"),
        ("anthropic", "anthropic/claude-sonnet-4-5"),
        ("anthropic", "anthropic/claude-3-haiku-20240307"),
    ],
)
async def test_the_answers_are_those_of_the_built_in_model(
    protocol: Protocol, model: str, schema: dict[str, Any] | None
) -> None:
    async with LoopbackServer(protocol, api_key="a-key") as server:
        gateway = Gateway(None)
        remote = ModelSpec(model, {"api_base": server.api_base}, {"api_key": "a-key"})
        for asked in ASKED:
            messages = (Message("system", LABELS), *DEMOS, Message("user", asked))
            here = await gateway.complete(Request(ModelSpec("builtin/lexical"), messages, schema=schema))
            there = await gateway.complete(Request(remote, messages, schema=schema))
            assert there.text.replace(" ", "") == here.text.replace(" ", "")
            assert there.usage.input_tokens > 0 and there.usage.output_tokens > 0
            assert server.log[-1].messages == messages
        await gateway.aclose()
