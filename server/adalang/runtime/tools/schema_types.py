"""The language's type for what a JSON Schema allows; `unknown` for whatever the language cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adalang.language.types import (
    BOOL,
    FLOAT,
    INT,
    STR,
    UNKNOWN,
    AnyOf,
    Field,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Type,
)

_PLAIN: Mapping[str, Type] = {"string": STR, "integer": INT, "number": FLOAT, "boolean": BOOL}
_DEEPEST = 16
"""References may lead in circles."""


def schema_type(schema: Any, whole: Mapping[str, Any] | None = None, depth: int = 0) -> Type:
    """The type of a schema's values. ``whole`` is the schema that holds it, in which references (`#/$defs/…`) are found."""
    whole = schema if whole is None else whole
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return UNKNOWN
    if "$ref" in schema:
        return schema_type(_referred(str(schema["$ref"]), whole), whole, depth + 1)
    kinds = schema.get("type")
    either = schema.get("anyOf") or schema.get("oneOf")
    if not either and isinstance(kinds, list):
        either = [{**schema, "type": one} for one in kinds]
    if isinstance(either, list):
        filled = [one for one in either if not (isinstance(one, Mapping) and one.get("type") == "null")]
        found = _either([schema_type(one, whole, depth + 1) for one in filled])
        return OptionalOf(found) if len(filled) < len(either) else found
    if "enum" in schema:
        labels = schema["enum"]
        is_texts = isinstance(labels, list) and all(isinstance(one, str) for one in labels)
        return Labels(tuple(labels)) if is_texts else UNKNOWN
    match kinds:
        case "array":
            return ListOf(schema_type(schema.get("items"), whole, depth + 1))
        case "object" if isinstance(fields := schema.get("properties"), Mapping) and fields:
            needed = schema.get("required") or ()
            types = {str(name): schema_type(one, whole, depth + 1) for name, one in fields.items()}
            return ObjectOf(
                tuple(Field(name, one if name in needed else OptionalOf(one)) for name, one in types.items())
            )
        case str():
            return _PLAIN.get(kinds, UNKNOWN)
        case _:
            return UNKNOWN


def _either(types: list[Type]) -> Type:
    if not types or UNKNOWN in types:
        return UNKNOWN
    return types[0] if len(types) == 1 else AnyOf(tuple(types))


def _referred(reference: str, whole: Mapping[str, Any]) -> Any:
    found: Any = whole
    for name in reference.removeprefix("#/").split("/") if reference.startswith("#/") else [""]:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
