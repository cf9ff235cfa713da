"""JSON Schemas in the form in which providers take them for structured output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def response_format(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The `response_format` of the OpenAI protocol for a schema.

    It is `strict` where every object of the schema requires all its properties and allows no others, which
    is what strict mode asks for.
    """
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "schema": dict(schema), "strict": is_strict(schema)},
    }


def is_strict(schema: Any) -> bool:
    """Whether every object in the schema is closed and requires all that it has."""
    if isinstance(schema, (list, tuple)):
        return all(is_strict(item) for item in schema)
    if not isinstance(schema, Mapping):
        return True
    if "properties" in schema or schema.get("type") == "object":
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema.get("required", ())) != set(schema.get("properties", {})):
            return False
    return all(is_strict(value) for name, value in schema.items() if name not in ("enum", "const", "default"))
