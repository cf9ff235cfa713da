"""The two wire formats: reading a request's JSON, writing an answer's and an error's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from adalang.language.models import estimate_tokens
from adalang.runtime.models.types import ImagePart, Message, Part, TextPart, ToolCall
from tests.servers.behaviour import Incoming, Reply


class OpenAI:
    """POST /v1/chat/completions"""

    path = "/v1/chat/completions"
    base = "/v1"

    @staticmethod
    def key(headers: Mapping[str, str]) -> str:
        return headers.get("Authorization", "").removeprefix("Bearer ")

    @staticmethod
    def read(number: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming:
        form = body.get("response_format") or {}
        return Incoming(
            number,
            body["model"],
            tuple(_openai_turn(turn) for turn in body["messages"]),
            form["json_schema"]["schema"] if form.get("type") == "json_schema" else None,
            tuple(body.get("tools") or ()),
            body,
            headers,
        )

    @staticmethod
    def write(incoming: Incoming, reply: Reply) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if reply.tool_calls:
            message["tool_calls"] = [
                {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
                for n, (name, arguments) in enumerate(reply.tool_calls)
            ]
        sent, received = _tokens(incoming, reply)
        return {
            "id": f"chatcmpl-{incoming.number}",
            "object": "chat.completion",
            "created": 1700000000,
            "model": incoming.model,
            "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
            "usage": {
                "prompt_tokens": sent,
                "completion_tokens": received,
                "total_tokens": sent + received,
            },
        }

    @staticmethod
    def refuse(incoming: Incoming, text: str) -> dict[str, Any]:
        answer = OpenAI.write(incoming, Reply(None))
        answer["choices"][0]["message"]["refusal"] = text
        return answer

    @staticmethod
    def error(kind: str, message: str) -> dict[str, Any]:
        codes = {"authentication": "invalid_api_key", "overlong": "context_length_exceeded"}
        return {"error": {"message": message, "type": f"{kind}_error", "param": None, "code": codes.get(kind)}}


class Anthropic:
    """POST /v1/messages"""

    path = "/v1/messages"
    base = ""

    @staticmethod
    def key(headers: Mapping[str, str]) -> str:
        return headers.get("x-api-key", "")

    @staticmethod
    def read(number: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming:
        turns = [message for turn in body["messages"] for message in _anthropic_turns(turn)]
        if body.get("system"):
            turns.insert(0, Message("system", _content(body["system"])))
        return Incoming(
            number, body["model"], tuple(turns), _schema(body), tuple(body.get("tools") or ()), body, headers
        )

    @staticmethod
    def write(incoming: Incoming, reply: Reply) -> dict[str, Any]:
        forced = _forced_tool(incoming.body)
        calls = [*reply.tool_calls, (forced["name"], reply.text or "{}")] if forced else [*reply.tool_calls]
        content: list[dict[str, Any]] = [
            {"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": json.loads(arguments)}
            for n, (name, arguments) in enumerate(calls)
        ]
        if reply.text and not forced:
            content.insert(0, {"type": "text", "text": reply.text})
        stop = {"stop": "tool_use" if calls else "end_turn", "length": "max_tokens"}
        sent, received = _tokens(incoming, reply)
        return {
            "id": f"msg_{incoming.number}",
            "type": "message",
            "role": "assistant",
            "model": incoming.model,
            "content": content,
            "stop_reason": stop.get(reply.finish_reason, reply.finish_reason),
            "stop_sequence": None,
            "usage": {"input_tokens": sent, "output_tokens": received},
        }

    @staticmethod
    def refuse(incoming: Incoming, text: str) -> dict[str, Any]:
        answer = Anthropic.write(incoming, Reply("", finish_reason="refusal"))
        return answer | {"content": []}

    @staticmethod
    def error(kind: str, message: str) -> dict[str, Any]:
        kinds = {"overlong": "invalid_request_error"}
        return {"type": "error", "error": {"type": kinds.get(kind, f"{kind}_error"), "message": message}}


def _openai_turn(turn: Mapping[str, Any]) -> Message:
    calls = tuple(
        ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in turn.get("tool_calls") or ()
    )
    return Message(turn["role"], _content(turn.get("content") or ""), calls, turn.get("tool_call_id", ""))


def _anthropic_turns(turn: Mapping[str, Any]) -> Iterator[Message]:
    """A turn as the other protocol tells it: what came of tools is a turn of its own."""
    if isinstance(turn["content"], str):
        yield Message(turn["role"], turn["content"])
        return
    calls = tuple(
        ToolCall(block["id"], block["name"], json.dumps(block["input"]))
        for block in turn["content"]
        if block["type"] == "tool_use"
    )
    for block in turn["content"]:
        if block["type"] == "tool_result":
            yield Message("tool", _content(block.get("content") or ""), (), block["tool_use_id"])
    said = [block for block in turn["content"] if block["type"] not in ("tool_use", "tool_result")]
    if said or calls:
        yield Message(turn["role"], _content(said), calls)


def _content(content: str | list[dict[str, Any]]) -> str | tuple[Part, ...]:
    """Blocks of text alone become one text, as a model reads them."""
    if isinstance(content, str):
        return content
    parts = tuple(_part(block) for block in content)
    if all(isinstance(part, TextPart) for part in parts):
        return "\n".join(part.text for part in parts if isinstance(part, TextPart))
    return parts


def _part(block: dict[str, Any]) -> Part:
    if block["type"] == "text":
        return TextPart(block["text"])
    if block["type"] == "image_url":
        return ImagePart(block["image_url"]["url"])
    source = block["source"]
    return ImagePart(source.get("url") or f"data:{source['media_type']};base64,{source['data']}")


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Anthropic's structured output: native, or a tool that the model is made to call."""
    form = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if form:
        return dict(form["schema"])
    forced = _forced_tool(body)
    return forced["input_schema"] if forced else None


def _forced_tool(body: Mapping[str, Any]) -> dict[str, Any] | None:
    choice = body.get("tool_choice") or {}
    if choice.get("type") != "tool":
        return None
    return next(dict(tool) for tool in body["tools"] if tool["name"] == choice["name"])


def _tokens(incoming: Incoming, reply: Reply) -> tuple[int, int]:
    sent, received = reply.input_tokens, reply.output_tokens
    if sent is None:
        sent = sum(4 + estimate_tokens(message.text) for message in incoming.messages)
    if received is None:
        received = estimate_tokens(reply.text or "")
    return sent, received
