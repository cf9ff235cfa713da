"""What all wire formats have in common: their names, how texts come in pieces, tokens, and parts of messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol

from adalang.language.models import estimate_tokens
from adalang.runtime.models.types import FilePart, ImagePart, Message, Part, TextPart
from tests.servers.behaviour import Incoming, Reply


class Wire(Protocol):
    """A provider's protocol: reads a request's JSON, writes an answer's, a stream's and an error's."""

    base: ClassVar[str]
    """What a model's `api_base` adds to the server's address."""
    stream_type: ClassVar[str]

    def takes(self, path: str) -> bool:
        """Whether requests are posted there; `path` is decoded and has no query."""
        ...

    def streams(self, path: str, body: Mapping[str, Any]) -> bool: ...

    def key(self, headers: Mapping[str, str]) -> str: ...

    def read(self, number: int, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming: ...

    def write(self, incoming: Incoming, reply: Reply) -> dict[str, Any]: ...

    def frames(self, incoming: Incoming, reply: Reply) -> Iterator[bytes]:
        """The same answer as a stream."""
        ...

    def stream_error(self, message: str) -> bytes:
        """A failure told in the middle of a stream."""
        ...

    def refuse(self, incoming: Incoming, text: str) -> dict[str, Any]: ...

    def error(self, kind: str, message: str) -> dict[str, Any]: ...


def pieces(text: str) -> list[str]:
    """A text in the pieces that a stream brings: words with the blanks before them, none of them whole tokens of JSON."""
    return re.findall(r"\s*\S{1,5}|\s+$", text)


def event(data: Any, name: str = "") -> bytes:
    """A server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def tokens(incoming: Incoming, reply: Reply) -> tuple[int, int]:
    """Sent and received."""
    sent, received = reply.input_tokens, reply.output_tokens
    if sent is None:
        sent = sum(4 + estimate_tokens(message.text) for message in incoming.messages)
    if received is None:
        received = estimate_tokens(reply.text or "")
    return sent, received


def content(parts: list[Part]) -> str | tuple[Part, ...]:
    """Parts of text alone become one text, as a model reads them."""
    if all(isinstance(part, TextPart) for part in parts):
        return "\n".join(part.text for part in parts if isinstance(part, TextPart))
    return tuple(parts)


def media(kind: str, data: str) -> Part:
    """An image, or any other file, of base64."""
    url = f"data:{kind};base64,{data}"
    return ImagePart(url) if kind.startswith("image/") else FilePart(url)


def said(role: str, parts: list[Part], calls: list[Any]) -> Iterator[Message]:
    """A turn, if it says anything."""
    if parts or calls:
        yield Message(role, content(parts), tuple(calls))  # type: ignore[arg-type]


def forced_tool(choice: Mapping[str, Any] | None, tools: Any) -> dict[str, Any] | None:
    """The one tool that the model is made to call, which is how some are asked for structured output."""
    name = (choice or {}).get("name")
    return next((dict(tool) for tool in tools or () if tool["name"] == name), None) if name else None
