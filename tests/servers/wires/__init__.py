"""The wire formats of providers, by name: reading a request's JSON, writing an answer's, a stream's and an error's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tests.servers.wires.anthropic import Anthropic
from tests.servers.wires.bedrock import Bedrock
from tests.servers.wires.common import Wire
from tests.servers.wires.gemini import Gemini
from tests.servers.wires.ollama import Ollama
from tests.servers.wires.openai import Azure, OpenAI
from tests.servers.wires.responses import Responses

Protocol = Literal["openai", "anthropic", "gemini", "ollama", "azure", "responses", "bedrock"]

WIRES: Mapping[str, Wire] = {
    "openai": OpenAI(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "ollama": Ollama(),
    "azure": Azure(),
    "responses": Responses(),
    "bedrock": Bedrock(),
}

__all__ = ["WIRES", "Protocol", "Wire"]
