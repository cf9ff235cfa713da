"""Anthropic's messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from adalang.runtime.models.types import FilePart, ImagePart, Message, Part, TextPart, ToolCall
from tests.servers.behaviour import Incoming, Reply
from tests.servers.wires.common import content, event, forced_tool, media, pieces, said, tokens


class Anthropic:
    """POST /v1/messages"""

    base: ClassVar[str] = ""
    stream_type: ClassVar[str] = "text/event-stream"

    def takes(self, path: str) -> bool:
        return path == "/v1/messages"

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return bool(body.get("stream"))

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-api-key", "")

    def read(self, number: int, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming:
        turns = [message for turn in body["messages"] for message in _turns(turn)]
        if body.get("system"):
            turns.insert(0, Message("system", _content(body["system"])))
        tools = tuple(body.get("tools") or ())
        return Incoming(number, body["model"], tuple(turns), _schema(body), tools, body, headers, path)

    def write(self, incoming: Incoming, reply: Reply) -> dict[str, Any]:
        blocks = _blocks(incoming, reply)
        sent, received = tokens(incoming, reply)
        return {
            "id": f"msg_{incoming.number}",
            "type": "message",
            "role": "assistant",
            "model": incoming.model,
            "content": blocks,
            "stop_reason": _stop(blocks, reply),
            "stop_sequence": None,
            "usage": {"input_tokens": sent, "output_tokens": received},
        }

    def frames(self, incoming: Incoming, reply: Reply) -> Iterator[bytes]:
        def told(kind: str, **data: Any) -> bytes:
            return event({"type": kind, **data}, kind)

        blocks = _blocks(incoming, reply)
        sent, received = tokens(incoming, reply)
        start = self.write(incoming, reply) | {"content": [], "stop_reason": None}
        yield told("message_start", message=start | {"usage": {"input_tokens": sent, "output_tokens": 1}})
        for index, block in enumerate(blocks):
            if block["type"] == "text":
                yield told("content_block_start", index=index, content_block={"type": "text", "text": ""})
                deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
            else:
                yield told("content_block_start", index=index, content_block=block | {"input": {}})
                written = pieces(json.dumps(block["input"]))
                deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in written]
            for delta in deltas:
                yield told("content_block_delta", index=index, delta=delta)
            yield told("content_block_stop", index=index)
        stop = {"stop_reason": _stop(blocks, reply), "stop_sequence": None}
        yield told("message_delta", delta=stop, usage={"output_tokens": received})
        yield told("message_stop")

    def stream_error(self, message: str) -> bytes:
        return event({"type": "error", "error": {"type": "overloaded_error", "message": message}}, "error")

    def refuse(self, incoming: Incoming, text: str) -> dict[str, Any]:
        return self.write(incoming, Reply("", finish_reason="refusal")) | {"content": []}

    def error(self, kind: str, message: str) -> dict[str, Any]:
        kinds = {"overlong": "invalid_request_error"}
        return {"type": "error", "error": {"type": kinds.get(kind, f"{kind}_error"), "message": message}}


def _blocks(incoming: Incoming, reply: Reply) -> list[dict[str, Any]]:
    forced = forced_tool(incoming.body.get("tool_choice"), incoming.body.get("tools"))
    calls = [*reply.tool_calls, (forced["name"], reply.text or "{}")] if forced else [*reply.tool_calls]
    blocks: list[dict[str, Any]] = [
        {"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": json.loads(arguments)}
        for n, (name, arguments) in enumerate(calls)
    ]
    return [{"type": "text", "text": reply.text}, *blocks] if reply.text and not forced else blocks


def _stop(blocks: list[dict[str, Any]], reply: Reply) -> str:
    calls = any(block["type"] == "tool_use" for block in blocks)
    stop = {"stop": "tool_use" if calls else "end_turn", "length": "max_tokens"}
    return stop.get(reply.finish_reason, reply.finish_reason)


def _turns(turn: Mapping[str, Any]) -> Iterator[Message]:
    """A turn as the other protocol tells it: what came of tools is a turn of its own."""
    if isinstance(turn["content"], str):
        yield Message(turn["role"], turn["content"])
        return
    calls = [
        ToolCall(block["id"], block["name"], json.dumps(block["input"]))
        for block in turn["content"]
        if block["type"] == "tool_use"
    ]
    for block in turn["content"]:
        if block["type"] == "tool_result":
            yield Message("tool", _content(block.get("content") or ""), (), block["tool_use_id"])
    yield from said(
        turn["role"],
        [_part(block) for block in turn["content"] if block["type"] not in ("tool_use", "tool_result")],
        calls,
    )


def _content(told: str | list[dict[str, Any]]) -> str | tuple[Part, ...]:
    return told if isinstance(told, str) else content([_part(block) for block in told])


def _part(block: dict[str, Any]) -> Part:
    if block["type"] == "text":
        return TextPart(block["text"])
    source = block["source"]
    if "url" in source:
        return ImagePart(source["url"]) if block["type"] == "image" else FilePart(source["url"])
    return media(source["media_type"], source["data"])


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Structured output: native, or a tool that the model is made to call."""
    form = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if form:
        return dict(form["schema"])
    forced = forced_tool(body.get("tool_choice"), body.get("tools"))
    return forced["input_schema"] if forced else None
