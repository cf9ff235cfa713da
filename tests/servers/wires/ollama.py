"""Ollama's chat."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from adalang.runtime.models.types import ImagePart, Message, Part, TextPart, ToolCall
from tests.servers.behaviour import Incoming, Reply
from tests.servers.wires.common import content, pieces, tokens


class Ollama:
    """POST /api/chat"""

    base: ClassVar[str] = ""
    stream_type: ClassVar[str] = "application/x-ndjson"

    def takes(self, path: str) -> bool:
        return path == "/api/chat"

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return bool(body.get("stream", True))

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("Authorization", "").removeprefix("Bearer ")

    def read(self, number: int, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming:
        form = body.get("format")
        schema = form if isinstance(form, Mapping) else None
        tools = tuple(body.get("tools") or ())
        turns = tuple(_turn(turn) for turn in body["messages"])
        return Incoming(number, body["model"], turns, schema, tools, body, headers, path)

    def write(self, incoming: Incoming, reply: Reply) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text or ""}
        if reply.tool_calls:
            message["tool_calls"] = _calls(reply)
        return _line(incoming, message) | _end(incoming, reply)

    def frames(self, incoming: Incoming, reply: Reply) -> Iterator[bytes]:
        for piece in pieces(reply.text or ""):
            yield _bytes(_line(incoming, {"role": "assistant", "content": piece}))
        if reply.tool_calls:
            yield _bytes(_line(incoming, {"role": "assistant", "content": "", "tool_calls": _calls(reply)}))
        yield _bytes(_line(incoming, {"role": "assistant", "content": ""}) | _end(incoming, reply))

    def stream_error(self, message: str) -> bytes:
        return _bytes({"error": message})

    def refuse(self, incoming: Incoming, text: str) -> dict[str, Any]:
        return self.write(incoming, Reply(text))  # it has no word for it

    def error(self, kind: str, message: str) -> dict[str, Any]:
        return {"error": message}


def _bytes(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"


def _line(incoming: Incoming, message: dict[str, Any]) -> dict[str, Any]:
    return {"model": incoming.model, "created_at": "2024-01-01T00:00:00Z", "message": message, "done": False}


def _end(incoming: Incoming, reply: Reply) -> dict[str, Any]:
    sent, received = tokens(incoming, reply)
    told = {"prompt_eval_count": sent, "eval_count": received}
    return {"done": True, "done_reason": {"length": "length"}.get(reply.finish_reason, "stop"), **told}


def _calls(reply: Reply) -> list[dict[str, Any]]:
    return [{"function": {"name": name, "arguments": json.loads(told)}} for name, told in reply.tool_calls]


def _turn(turn: Mapping[str, Any]) -> Message:
    calls = tuple(
        ToolCall("", call["function"]["name"], json.dumps(call["function"]["arguments"]))
        for call in turn.get("tool_calls") or ()
    )
    parts: list[Part] = [TextPart(turn["content"])] if turn.get("content") else []
    parts += [ImagePart(f"data:image/png;base64,{one}") for one in turn.get("images") or ()]
    return Message(turn["role"], content(parts), calls, turn.get("tool_call_id") or turn.get("tool_name") or "")
