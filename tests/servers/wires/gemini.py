"""Google's generateContent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from adalang.runtime.models.types import FilePart, Message, Part, TextPart, ToolCall
from tests.servers.behaviour import Incoming, Reply
from tests.servers.wires.common import event, media, pieces, said, tokens

_ROLES = {"model": "assistant"}


class Gemini:
    """POST /v1beta/models/NAME:generateContent, or :streamGenerateContent"""

    base: ClassVar[str] = "/v1beta"
    stream_type: ClassVar[str] = "text/event-stream"

    def takes(self, path: str) -> bool:
        return path.startswith("/v1beta/models/") and path.endswith((":generateContent", ":streamGenerateContent"))

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return path.endswith(":streamGenerateContent")

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-goog-api-key", "")

    def read(self, number: int, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming:
        turns = [message for turn in body["contents"] for message in _turns(turn)]
        system = body.get("system_instruction") or body.get("systemInstruction")
        if system:
            turns.insert(0, Message("system", "\n".join(part["text"] for part in system["parts"])))
        config = body.get("generationConfig") or {}
        schema = config.get("response_json_schema") or config.get("responseJsonSchema") or config.get("response_schema")
        tools = tuple(
            declared
            for tool in body.get("tools") or ()
            for declared in tool.get("function_declarations") or tool.get("functionDeclarations") or ()
        )
        name = path.removeprefix("/v1beta/models/").partition(":")[0]
        return Incoming(number, name, tuple(turns), schema, tools, body, headers, path)

    def write(self, incoming: Incoming, reply: Reply) -> dict[str, Any]:
        parts = [{"text": reply.text}] if reply.text else []
        return _answer(incoming, [*parts, *_calls(reply)], reply, last=True)

    def frames(self, incoming: Incoming, reply: Reply) -> Iterator[bytes]:
        for piece in pieces(reply.text or ""):
            yield event(_answer(incoming, [{"text": piece}], reply, last=False))
        for call in _calls(reply):
            yield event(_answer(incoming, [call], reply, last=False))
        yield event(_answer(incoming, [{"text": ""}], reply, last=True))

    def stream_error(self, message: str) -> bytes:
        return event({"error": {"code": 503, "message": message, "status": "UNAVAILABLE"}})

    def refuse(self, incoming: Incoming, text: str) -> dict[str, Any]:
        return {"promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": text}}

    def error(self, kind: str, message: str) -> dict[str, Any]:
        status = {"authentication": "UNAUTHENTICATED", "overlong": "INVALID_ARGUMENT"}.get(kind, "UNAVAILABLE")
        return {"error": {"code": 0, "message": message, "status": status}}


def _calls(reply: Reply) -> list[dict[str, Any]]:
    return [{"functionCall": {"name": name, "args": json.loads(told)}} for name, told in reply.tool_calls]


def _answer(incoming: Incoming, parts: list[dict[str, Any]], reply: Reply, *, last: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    answer: dict[str, Any] = {"candidates": [candidate], "modelVersion": incoming.model, "responseId": "r"}
    if last:
        sent, received = tokens(incoming, reply)
        candidate["finishReason"] = {"length": "MAX_TOKENS"}.get(reply.finish_reason, "STOP")
        answer["usageMetadata"] = {
            "promptTokenCount": sent,
            "candidatesTokenCount": received,
            "totalTokenCount": sent + received,
        }
    return answer


def _turns(turn: Mapping[str, Any]) -> Iterator[Message]:
    parts: list[Part] = []
    calls = []
    for part in turn["parts"]:
        if "text" in part:
            parts.append(TextPart(part["text"]))
        elif call := part.get("functionCall") or part.get("function_call"):
            calls.append(ToolCall(str(call.get("id", "")), call["name"], json.dumps(call["args"])))
        elif result := part.get("functionResponse") or part.get("function_response"):
            yield Message("tool", str(result["response"]), (), result["name"])
        elif inline := part.get("inline_data") or part.get("inlineData"):
            parts.append(media(inline.get("mime_type") or inline["mimeType"], inline["data"]))
        else:
            away = part.get("file_data") or part["fileData"]
            parts.append(FilePart(away.get("file_uri") or away["fileUri"]))
    yield from said(_ROLES.get(turn["role"], turn["role"]), parts, calls)
