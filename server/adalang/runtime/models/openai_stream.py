"""A streamed answer of the OpenAI protocol, put together as the body that the server would have sent without streaming."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from typing import Any

from adalang.runtime.models.streams import Say, StreamCutOff

_WHOLE = ("id", "created", "model", "service_tier", "system_fingerprint")
_SERVER_ERROR = 500


class Assembly:
    """Chunks in, the body of a completion out. ``say`` is told the text as it comes."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._whole: dict[str, Any] = {}
        self._message: dict[str, Any] = {}
        self._calls: list[dict[str, Any]] = []
        self._by_index: dict[Any, dict[str, Any]] = {}
        self._usage: Any = None
        self.finish_reason: str | None = None

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Take one chunk. Raises what a malformed one makes Python raise."""
        self._whole |= {name: chunk[name] for name in _WHOLE if chunk.get(name) is not None}
        self._usage = chunk.get("usage") or self._usage
        for choice in chunk.get("choices") or ():
            if choice.get("index"):
                continue  # the first answer is the one that counts
            self._add_delta(choice.get("delta") or {})
            self.finish_reason = choice.get("finish_reason") or self.finish_reason

    def body(self, *, told_usage: bool = True) -> dict[str, Any]:
        """The completion; without its usage where it was not the server that told it."""
        message = {"role": "assistant", "content": None, **self._message}
        if self._calls:
            message["tool_calls"] = self._calls
        return {
            **self._whole,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason or "stop"}],
            "usage": self._usage if told_usage else None,
        }

    def _add_delta(self, delta: Mapping[str, Any]) -> None:
        for name, value in delta.items():
            if name == "tool_calls":
                for call in value or ():
                    self._add_call(call)
            elif name == "role" or value is None:
                continue
            elif isinstance(value, str):
                self._message[name] = self._message.get(name, "") + value
            else:
                self._message[name] = value
        if said := delta.get("content"):
            self._say(said)

    def _add_call(self, piece: Mapping[str, Any]) -> None:
        """A call comes in pieces of one index; where servers give none, an id begins a new one."""
        index = piece.get("index")
        if index is None:
            index = piece.get("id") or (next(reversed(self._by_index)) if self._by_index else 0)
        call = self._by_index.get(index)
        if call is None:
            call = {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
            self._by_index[index] = call
            self._calls.append(call)
        told, function = piece.get("function") or {}, call["function"]
        call["id"] = call["id"] or piece.get("id") or ""
        function["name"] = function["name"] or told.get("name") or ""
        function["arguments"] += told.get("arguments") or ""


async def assembled(chunks: AsyncIterable[bytes], say: Say) -> dict[str, Any]:
    """The body of a streamed completion, or of the error that the server told in its place.

    Raises:
        StreamCutOff: it ended before the answer did.
        ValueError: what was sent is no JSON.
    """
    assembly = Assembly(say)
    ended = False
    async for data in _events(chunks):
        if data == b"[DONE]":
            ended = True
            break
        chunk = json.loads(data)
        if chunk.get("error") is not None:
            return {"error": _with_status(chunk["error"])}
        assembly.add(chunk)
    if not ended and assembly.finish_reason is None:
        raise StreamCutOff
    return assembly.body()


async def _events(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The data of server-sent events. Each of this protocol's is one line of JSON."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()
    if rest.startswith(b"data:") and rest.rstrip().endswith((b"}", b"]")):
        yield rest[5:].strip()


def _with_status(error: Any) -> Any:
    """An error told after the request was accepted is the server's, unless it gives a status of its own."""
    if not isinstance(error, Mapping):
        return {"message": str(error), "code": _SERVER_ERROR}
    try:
        int(error["code"])
    except (KeyError, TypeError, ValueError):
        return {**error, "code": _SERVER_ERROR}
    return dict(error)
