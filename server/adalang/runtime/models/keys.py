"""What makes two requests the same: the cache key, and the record of a request that may be written down."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from adalang.language.models import estimate_tokens
from adalang.runtime.models.types import FilePart, ImagePart, Message, ModelSpec, Part, Request, TextPart

_SECRET_OPTION = re.compile(r"api_key|secret|password|credentials|access_key|auth|headers|token$", re.IGNORECASE)

_CREDENTIAL_HEADER = re.compile(r"auth|key|token|secret|password|cookie|credential", re.IGNORECASE)

_LOGIN = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/?#\s@]*@", re.IGNORECASE)

_IMAGE_TOKENS = 2000

BUILTIN_MODULES = ("lexical", "lexical_teacher", "wording")
"""Where the code of the built-in models stands: all that decides their answers."""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, set, frozenset)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    return str(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain)


def request_key(request: Request) -> str:
    """The SHA-256 (hex) of all that decides the answer.

    That is the model, its options, server and headers, the messages, schema, tools and sample index; never a
    credential.
    """
    content = describe(request)
    content["api_base"] = without_login(request.model.api_base)
    content["code"] = _implementation(request.model.id)
    headers = _hashed_headers(request.model)
    if headers:
        content["headers"] = headers
    return _digest(content)


def content_key(content: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) of what was asked, whoever was asked: all of `describe` that recordings compare."""
    return _digest({name: content[name] for name in ("messages", "schema", "tools", "sample")})


def describe(request: Request) -> dict[str, Any]:
    """The request as JSON, without secrets: what the store and recordings keep."""
    return {
        "model": request.model.id,
        "options": public_options(request.model.options),
        "messages": [message_json(message) for message in request.messages],
        "schema": request.schema,
        "schema_name": request.schema_name if request.schema is not None else None,
        "tools": list(request.tools),
        "sample": request.sample,
    }


def public_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are set and no secrets: a key put among the options by mistake stays out, and a login in an address."""
    return {
        name: without_login(value) if isinstance(value, str) else value
        for name, value in options.items()
        if value is not None and not _SECRET_OPTION.search(name)
    }


def without_login(text: str) -> str:
    """A text whose addresses have no `name:password@` before the host."""
    return _LOGIN.sub(r"\1", text)


def _hashed_headers(model: ModelSpec) -> dict[str, str]:
    """The headers that may decide an answer (a route, a tier), each value hashed together with its name."""
    headers = model.secrets.get("headers")
    if not isinstance(headers, Mapping):
        return {}
    return {
        name.lower(): _digest({"header": name.lower(), "value": value})
        for name, value in headers.items()
        if not _CREDENTIAL_HEADER.search(name)
    }


def message_json(message: Message) -> dict[str, Any]:
    """A message in the form that the OpenAI protocol gives it."""
    told: dict[str, Any] = {"role": message.role, "content": _content_json(message.content)}
    if message.tool_calls:
        if not told["content"]:
            del told["content"]
        told["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        told["tool_call_id"] = message.tool_call_id
    return told


def _content_json(content: str | tuple[Part, ...]) -> str | list[dict[str, Any]]:
    if isinstance(content, str):
        return content
    return [_part_json(part) for part in content]


def _part_json(part: Part) -> dict[str, Any]:
    match part:
        case TextPart(text):
            return {"type": "text", "text": text}
        case ImagePart(url):
            return {"type": "image_url", "image_url": {"url": url}}
        case FilePart(url, name) if url.startswith("data:"):
            return {"type": "file", "file": {"filename": name, "file_data": url}}
        case FilePart(url):
            return {"type": "file", "file": {"file_id": url}}


def canonical_json(value: Any) -> str:
    """JSON with one form for equal values: sorted names, no blanks, ASCII."""
    return _CANONICAL.encode(value)


def input_tokens(request: Request) -> int:
    """About how many tokens are sent."""
    return sum(4 + estimate_tokens(text) for text in _sent(request))


def likely_input_tokens(request: Request) -> int:
    """More tokens than what is sent usually makes: words take about four bytes to a token."""
    return _tokens(request, 2)


def largest_input_tokens(request: Request) -> int:
    """The most tokens that what is sent can make: a token has at least one byte. An image has no bound; a generous one is used."""
    return _tokens(request, 1)


def _tokens(request: Request, bytes_to_a_token: int) -> int:
    images = sum(
        isinstance(part, ImagePart)
        for message in request.messages
        if not isinstance(message.content, str)
        for part in message.content
    )
    return images * _IMAGE_TOKENS + sum(
        16 + len(text.encode("utf-8", "replace")) // bytes_to_a_token for text in _sent(request)
    )


def _sent(request: Request) -> Iterator[str]:
    for message in request.messages:
        yield message.text
        yield from (call.name + call.arguments for call in message.tool_calls)
    if request.schema is not None:
        yield canonical_json(request.schema)
    yield from (canonical_json(tool) for tool in request.tools)


def _digest(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def _implementation(model_id: str) -> str:
    """A hash of the code of a model that is part of this package: other code gives other answers."""
    return _builtin_code() if model_id.startswith("builtin/") else ""


@cache
def _builtin_code() -> str:
    code = [files(__package__).joinpath(f"{module}.py").read_bytes() for module in BUILTIN_MODULES]
    return hashlib.sha256(b"".join(code)).hexdigest()
