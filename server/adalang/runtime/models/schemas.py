"""JSON Schemas in the form in which providers take them for structured output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LITERAL = ("enum", "const", "default", "examples")


def response_format(schema: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """The `response_format` of the OpenAI protocol for a schema; None where the protocol has none for it.

    The protocol takes objects only: any other answer is asked for by the prompt alone. Objects that do not
    say whether they are open are closed. It is `strict` where then every object is closed and requires all
    its properties, which is what strict mode asks for.
    """
    if schema.get("type") != "object":
        return None
    closed = _closed(schema)
    return {"type": "json_schema", "json_schema": {"name": name, "schema": closed, "strict": is_strict(closed)}}


def is_strict(schema: Any) -> bool:
    """Whether every object in the schema is closed and requires all that it has."""
    if isinstance(schema, (list, tuple)):
        return all(is_strict(item) for item in schema)
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object":
        complete = set(schema.get("required", ())) == set(schema.get("properties", {}))
        if not complete or schema.get("additionalProperties") is not False:
            return False
    return all(is_strict(value) for name, value in schema.items() if name not in _LITERAL)


def _closed(schema: Any) -> Any:
    if isinstance(schema, (list, tuple)):
        return [_closed(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {name: value if name in _LITERAL else _closed(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        closed.setdefault("additionalProperties", False)
    return closed
