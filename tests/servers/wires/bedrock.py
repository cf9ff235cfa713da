"""Bedrock's converse, with the binary framing of its streams."""

from __future__ import annotations

import binascii
import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from adalang.runtime.models.types import Message, Part, TextPart, ToolCall
from tests.servers.behaviour import Incoming, Reply
from tests.servers.wires.common import forced_tool, media, pieces, said, tokens


class Bedrock:
    """POST /model/NAME/converse, or /converse-stream"""

    base: ClassVar[str] = ""
    stream_type: ClassVar[str] = "application/vnd.amazon.eventstream"

    def takes(self, path: str) -> bool:
        return path.startswith("/model/") and path.endswith(("/converse", "/converse-stream"))

    def streams(self, path: str, body: Mapping[str, Any]) -> bool:
        return path.endswith("/converse-stream")

    def key(self, headers: Mapping[str, str]) -> str:
        """The id of the key that signed; the secret itself is never sent."""
        return headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]

    def read(self, number: int, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Incoming:
        turns = [message for turn in body["messages"] for message in _turns(turn)]
        if body.get("system"):
            turns.insert(0, Message("system", "\n".join(block["text"] for block in body["system"] if "text" in block)))
        specs = tuple(
            tool["toolSpec"] for tool in (body.get("toolConfig") or {}).get("tools") or () if "toolSpec" in tool
        )
        forced = _forced(body)
        schema = forced["inputSchema"]["json"] if forced else None
        name = path.removeprefix("/model/").rpartition("/")[0]
        return Incoming(number, name, tuple(turns), schema, specs, body, headers, path)

    def write(self, incoming: Incoming, reply: Reply) -> dict[str, Any]:
        blocks = _blocks(incoming, reply)
        return {
            "output": {"message": {"role": "assistant", "content": blocks}},
            "stopReason": _stop(blocks, reply),
            **_metadata(incoming, reply),
        }

    def frames(self, incoming: Incoming, reply: Reply) -> Iterator[bytes]:
        blocks = _blocks(incoming, reply)
        yield _message("messageStart", {"role": "assistant"})
        for index, block in enumerate(blocks):
            if "text" in block:
                deltas: list[dict[str, Any]] = [{"text": piece} for piece in pieces(block["text"])]
            else:
                use = block["toolUse"]
                start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
                yield _message("contentBlockStart", {"contentBlockIndex": index, "start": start})
                deltas = [{"toolUse": {"input": piece}} for piece in pieces(json.dumps(use["input"]))]
            for delta in deltas:
                yield _message("contentBlockDelta", {"contentBlockIndex": index, "delta": delta})
            yield _message("contentBlockStop", {"contentBlockIndex": index})
        yield _message("messageStop", {"stopReason": _stop(blocks, reply)})
        yield _message("metadata", _metadata(incoming, reply))

    def stream_error(self, message: str) -> bytes:
        return _message("serviceUnavailableException", {"message": message}, kind="exception")

    def refuse(self, incoming: Incoming, text: str) -> dict[str, Any]:
        return self.write(incoming, Reply("", finish_reason="content_filtered"))

    def error(self, kind: str, message: str) -> dict[str, Any]:
        return {"message": message}


def _message(name: str, payload: dict[str, Any], kind: str = "event") -> bytes:
    """One message of AWS' event stream: lengths, their checksum, headers, payload, checksum of all."""
    named = {":event-type" if kind == "event" else ":exception-type": name, ":content-type": "application/json"}
    headers = b""
    for key, value in {**named, ":message-type": kind}.items():
        headers += struct.pack("!B", len(key)) + key.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    prelude += struct.pack("!I", binascii.crc32(prelude))
    whole = prelude + headers + body
    return whole + struct.pack("!I", binascii.crc32(whole))


def _metadata(incoming: Incoming, reply: Reply) -> dict[str, Any]:
    sent, received = tokens(incoming, reply)
    usage = {"inputTokens": sent, "outputTokens": received, "totalTokens": sent + received}
    return {"usage": usage, "metrics": {"latencyMs": 1}}


def _forced(body: Mapping[str, Any]) -> dict[str, Any] | None:
    config = body.get("toolConfig") or {}
    specs = [tool["toolSpec"] for tool in config.get("tools") or () if "toolSpec" in tool]
    return forced_tool((config.get("toolChoice") or {"tool": {"name": "json_tool_call"}}).get("tool"), specs)


def _blocks(incoming: Incoming, reply: Reply) -> list[dict[str, Any]]:
    forced = _forced(incoming.body)
    calls = [*reply.tool_calls, (forced["name"], reply.text or "{}")] if forced else [*reply.tool_calls]
    blocks: list[dict[str, Any]] = [{"text": reply.text}] if reply.text and not forced else []
    for n, (name, told) in enumerate(calls):
        blocks.append({"toolUse": {"toolUseId": f"tooluse_{n}", "name": name, "input": json.loads(told)}})
    return blocks


def _stop(blocks: list[dict[str, Any]], reply: Reply) -> str:
    calls = any("toolUse" in block for block in blocks)
    stop = {"stop": "tool_use" if calls else "end_turn", "length": "max_tokens"}
    return stop.get(reply.finish_reason, reply.finish_reason)


def _turns(turn: Mapping[str, Any]) -> Iterator[Message]:
    parts: list[Part] = []
    calls = []
    for block in turn["content"]:
        if "text" in block:
            parts.append(TextPart(block["text"]))
        elif use := block.get("toolUse"):
            calls.append(ToolCall(use["toolUseId"], use["name"], json.dumps(use["input"])))
        elif result := block.get("toolResult"):
            yield Message("tool", "".join(one["text"] for one in result["content"]), (), result["toolUseId"])
        elif image := block.get("image"):
            parts.append(media(f"image/{image['format']}", image["source"]["bytes"]))
        elif document := block.get("document"):
            parts.append(media(f"application/{document['format']}", document["source"]["bytes"]))
    yield from said(turn["role"], parts, calls)
