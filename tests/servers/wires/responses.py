"""OpenAI's responses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from adalang.runtime.models.types import FilePart, ImagePart, Message, Part, TextPart, ToolCall
from tests.servers.behaviour import Incoming, Reply
from tests.servers.wires.common import content, event, pieces, tokens


class Responses:
    """POST /v1/responses"""

    base: ClassVar[str] = "/v1"
    stream_type: ClassVar[str] = "text/event-stream"

    def takes(self, path: str) -> bool:
        return path == "/v1/responses"

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return bool(body.get("stream"))

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("Authorization", "").removeprefix("Bearer ")

    def read(self, number: int, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming:
        told = body["input"]
        turns = [Message("user", told)] if isinstance(told, str) else [_turn(turn) for turn in told]
        if body.get("instructions"):
            turns.insert(0, Message("system", body["instructions"]))
        form = (body.get("text") or {}).get("format") or {}
        schema = form["schema"] if form.get("type") == "json_schema" else None
        tools = tuple(body.get("tools") or ())
        return Incoming(number, body["model"], tuple(turns), schema, tools, body, headers, path)

    def write(self, incoming: Incoming, reply: Reply) -> dict[str, Any]:
        sent, received = tokens(incoming, reply)
        cut = reply.finish_reason == "length"
        return {
            "id": f"resp_{incoming.number}",
            "object": "response",
            "created_at": 1700000000,
            "status": "incomplete" if cut else "completed",
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "error": None,
            "model": incoming.model,
            "output": _items(incoming, reply),
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "temperature": 1.0,
            "top_p": 1.0,
            "metadata": {},
            "instructions": None,
            "usage": {
                "input_tokens": sent,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": received,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": sent + received,
            },
        }

    def frames(self, incoming: Incoming, reply: Reply) -> Iterator[bytes]:
        number = 0

        def told(kind: str, **data: Any) -> bytes:
            nonlocal number
            number += 1
            return event({"type": kind, "sequence_number": number - 1, **data}, kind)

        whole = self.write(incoming, reply)
        yield told("response.created", response=whole | {"status": "in_progress", "output": [], "usage": None})
        for index, item in enumerate(whole["output"]):
            place = {"item_id": item["id"], "output_index": index}
            empty = {"content": []} if item["type"] == "message" else {"arguments": ""}
            yield told("response.output_item.added", output_index=index, item=item | empty | {"status": "in_progress"})
            if item["type"] == "message":
                block = item["content"][0]
                yield told("response.content_part.added", **place, content_index=0, part=block | {"text": ""})
                for piece in pieces(block["text"]):
                    yield told("response.output_text.delta", **place, content_index=0, delta=piece, logprobs=[])
                yield told("response.output_text.done", **place, content_index=0, text=block["text"], logprobs=[])
                yield told("response.content_part.done", **place, content_index=0, part=block)
            else:
                for piece in pieces(item["arguments"]):
                    yield told("response.function_call_arguments.delta", **place, delta=piece)
                yield told("response.function_call_arguments.done", **place, arguments=item["arguments"])
            yield told("response.output_item.done", output_index=index, item=item)
        yield told("response.incomplete" if whole["status"] == "incomplete" else "response.completed", response=whole)

    def stream_error(self, message: str) -> bytes:
        return event({"type": "error", "code": "server_error", "message": message, "param": None}, "error")

    def refuse(self, incoming: Incoming, text: str) -> dict[str, Any]:
        answer = self.write(incoming, Reply("x"))
        answer["output"][0]["content"] = [{"type": "refusal", "refusal": text}]
        return answer

    def error(self, kind: str, message: str) -> dict[str, Any]:
        codes = {"authentication": "invalid_api_key", "overlong": "context_length_exceeded"}
        return {"error": {"message": message, "type": f"{kind}_error", "param": None, "code": codes.get(kind)}}


def _items(incoming: Incoming, reply: Reply) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if reply.text is not None:
        block = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        message = {"type": "message", "id": f"msg_{incoming.number}", "role": "assistant", "content": [block]}
        items.append(message)
    items += [
        {"type": "function_call", "id": f"fc_{n}", "call_id": f"call_{n}", "name": name, "arguments": told}
        for n, (name, told) in enumerate(reply.tool_calls)
    ]
    return [item | {"status": "completed"} for item in items]


def _turn(turn: Mapping[str, Any]) -> Message:
    match turn.get("type", "message"):
        case "function_call":
            return Message("assistant", "", (ToolCall(turn["call_id"], turn["name"], turn["arguments"]),))
        case "function_call_output":
            out = turn["output"]
            return Message(
                "tool", out if isinstance(out, str) else content([_part(one) for one in out]), (), turn["call_id"]
            )
        case _:
            told = turn["content"]
            return Message(turn["role"], told if isinstance(told, str) else content([_part(one) for one in told]))


def _part(block: Mapping[str, Any]) -> Part:
    match block["type"]:
        case "input_image":
            return ImagePart(block["image_url"])
        case "input_file":
            return FilePart(block.get("file_data") or block["file_url"], block.get("filename", ""))
        case _:
            return TextPart(block["text"])
