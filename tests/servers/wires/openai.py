"""OpenAI's chat completions, and those who speak them at other addresses: vLLM and Azure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from adalang.runtime.models.types import FilePart, ImagePart, Message, Part, TextPart, ToolCall
from tests.servers.behaviour import Incoming, Reply
from tests.servers.wires.common import content, event, pieces, tokens


class OpenAI:
    """POST /v1/chat/completions"""

    base: ClassVar[str] = "/v1"
    stream_type: ClassVar[str] = "text/event-stream"

    def takes(self, path: str) -> bool:
        return path == "/v1/chat/completions"

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return bool(body.get("stream"))

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("Authorization", "").removeprefix("Bearer ")

    def read(self, number: int, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming:
        form = body.get("response_format") or {}
        return Incoming(
            number,
            self.model(path, body),
            tuple(_turn(turn) for turn in body["messages"]),
            form["json_schema"]["schema"] if form.get("type") == "json_schema" else None,
            tuple(body.get("tools") or ()),
            body,
            headers,
            path,
        )

    def model(self, path: str, body: Mapping[str, Any]) -> str:
        return str(body["model"])

    def write(self, incoming: Incoming, reply: Reply) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if reply.tool_calls:
            message["tool_calls"] = _calls(reply)
        choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
        return {**_head(incoming, "chat.completion"), "choices": [choice], **_usage(incoming, reply)}

    def frames(self, incoming: Incoming, reply: Reply) -> Iterator[bytes]:
        head = _head(incoming, "chat.completion.chunk")

        def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
            return event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

        yield chunk({"role": "assistant", "content": ""})
        for piece in pieces(reply.text or ""):
            yield chunk({"content": piece})
        for index, call in enumerate(_calls(reply)):
            arguments = call["function"]["arguments"]
            yield chunk({"tool_calls": [{**call, "index": index, "function": {**call["function"], "arguments": ""}}]})
            for piece in pieces(arguments):
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield chunk({}, reply.finish_reason)
        if reply.tells_usage and (incoming.body.get("stream_options") or {}).get("include_usage"):
            yield event({**head, "choices": [], **_usage(incoming, reply)})
        yield event("[DONE]")

    def stream_error(self, message: str) -> bytes:
        return event({"error": {"message": message, "type": "server_error", "param": None, "code": None}})

    def refuse(self, incoming: Incoming, text: str) -> dict[str, Any]:
        answer = self.write(incoming, Reply(None))
        answer["choices"][0]["message"]["refusal"] = text
        return answer

    def error(self, kind: str, message: str) -> dict[str, Any]:
        codes = {"authentication": "invalid_api_key", "overlong": "context_length_exceeded"}
        return {"error": {"message": message, "type": f"{kind}_error", "param": None, "code": codes.get(kind)}}


class Azure(OpenAI):
    """POST /openai/deployments/NAME/chat/completions?api-version=…"""

    base = ""

    def takes(self, path: str) -> bool:
        return path.startswith("/openai/deployments/") and path.endswith("/chat/completions")

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("api-key", "")

    def model(self, path: str, body: Mapping[str, Any]) -> str:
        return path.split("/")[3]


def _head(incoming: Incoming, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{incoming.number}", "object": kind, "created": 1700000000, "model": incoming.model}


def _usage(incoming: Incoming, reply: Reply) -> dict[str, Any]:
    if not reply.tells_usage:
        return {}
    sent, received = tokens(incoming, reply)
    return {"usage": {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}}


def _calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(reply.tool_calls)
    ]


def _turn(turn: Mapping[str, Any]) -> Message:
    calls = tuple(
        ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in turn.get("tool_calls") or ()
    )
    told = turn.get("content") or ""
    text = told if isinstance(told, str) else content([_part(block) for block in told])
    return Message(turn["role"], text, calls, turn.get("tool_call_id", ""))


def _part(block: dict[str, Any]) -> Part:
    match block["type"]:
        case "text":
            return TextPart(block["text"])
        case "image_url":
            return ImagePart(block["image_url"]["url"])
        case _:
            return FilePart(
                block["file"].get("file_data") or block["file"]["file_id"], block["file"].get("filename", "")
            )
