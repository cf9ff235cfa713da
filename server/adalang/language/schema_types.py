"""The language's type for what a JSON Schema allows; `unknown` for whatever the language cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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


def schema_type(schema: Any, whole: Mapping[str, Any] | None = None) -> Type:
    """The type of a schema's values. ``whole`` is what holds it, in which references (`#/$defs/…`) are found."""
    return _read(schema, schema if whole is None else whole, {}, 0)


def _read(schema: Any, whole: Mapping[str, Any], known: dict[str, Type], depth: int) -> Type:
    """``known`` are the references that were followed before: each is read once, and one that leads in a circle says nothing."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return UNKNOWN
    if "$ref" in schema:
        reference = str(schema["$ref"])
        if reference not in known:
            known[reference] = UNKNOWN
            found = _read(_referred(reference, whole), whole, known, depth + 1)
            if isinstance(found, ObjectOf) and not found.name:
                found = replace(found, name=reference.rpartition("/")[2])
            known[reference] = found
        return known[reference]
    if schema.get("nullable") is True:  # as OpenAPI 3.0 writes it
        return _optional(_read({**schema, "nullable": False}, whole, known, depth))
    kinds = schema.get("type")
    either = schema.get("anyOf") or schema.get("oneOf")
    if not either and isinstance(kinds, list):
        either = [{**schema, "type": one} for one in kinds]
    if isinstance(either, list):
        filled = [one for one in either if not (isinstance(one, Mapping) and one.get("type") == "null")]
        types = _either([_read(one, whole, known, depth + 1) for one in filled])
        return _optional(types) if len(filled) < len(either) else types
    if "allOf" in schema:
        return UNKNOWN
    if "enum" in schema:
        labels = schema["enum"]
        is_texts = isinstance(labels, list) and all(isinstance(one, str) for one in labels)
        return Labels(tuple(labels)) if is_texts else UNKNOWN
    match kinds:
        case "array":
            return ListOf(_read(schema.get("items"), whole, known, depth + 1))
        case "object" | None if isinstance(fields := schema.get("properties"), Mapping) and fields:
            needed = set(schema.get("required") or ()) - {name for name, one in fields.items() if _is_answered(one)}
            read = {str(name): _read(one, whole, known, depth + 1) for name, one in fields.items()}
            return ObjectOf(tuple(Field(name, one if name in needed else _optional(one)) for name, one in read.items()))
        case str():
            return _PLAIN.get(kinds, UNKNOWN)
        case _:
            return UNKNOWN


def _is_answered(schema: Any) -> bool:
    """Whether a field is only in answers, though it is required there."""
    return isinstance(schema, Mapping) and schema.get("readOnly") is True


def _optional(found: Type) -> Type:
    return found if isinstance(found, OptionalOf) else OptionalOf(found)


def _either(types: list[Type]) -> Type:
    if not types or UNKNOWN in types:
        return UNKNOWN
    return types[0] if len(types) == 1 else AnyOf(tuple(types))


def _referred(reference: str, whole: Mapping[str, Any]) -> Any:
    found: Any = whole
    for name in reference.removeprefix("#/").split("/") if reference.startswith("#/") else [""]:
        found = found.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found
