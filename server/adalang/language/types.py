"""Types after their names are resolved: what fits where, how they read to people, and their JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from adalang.language.literal import quote

if TYPE_CHECKING:
    from adalang.language.declarations import Name


@dataclass(frozen=True, slots=True)
class Unknown:
    """Comes from a mistake that is reported elsewhere, or from code that says nothing; fits everything."""


@dataclass(frozen=True, slots=True)
class Primitive:
    name: Literal["str", "int", "float", "bool"]


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Type


@dataclass(frozen=True, slots=True)
class OptionalOf:
    item: Type


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a type or a field is declared: the file, and its name there. Types that differ in nothing else are equal."""

    path: Path
    name: Name


@dataclass(frozen=True, slots=True)
class Labels:
    """A union of string literals."""

    labels: tuple[str, ...]
    name: str = ""
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: Type
    description: str = ""
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ObjectOf:
    fields: tuple[Field, ...]
    name: str = ""
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def field(self, name: str) -> Field | None:
        return next((one for one in self.fields if one.name == name), None)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """What one of several values of different kinds is; never declared, only found (the arms of a `match`)."""

    types: tuple[Type, ...]


Type = Unknown | Primitive | ListOf | OptionalOf | Labels | ObjectOf | AnyOf

UNKNOWN = Unknown()
STR, INT, FLOAT, BOOL = Primitive("str"), Primitive("int"), Primitive("float"), Primitive("bool")
PASSAGE = ObjectOf((Field("text", STR), Field("source", STR), Field("score", FLOAT)), "Passage")
TURN = ObjectOf((Field("role", Labels(("user", "assistant"))), Field("text", STR)), "Turn")
OBJECTS: Mapping[str, tuple[ObjectOf, str]] = {
    "Passage": (PASSAGE, "What a retriever gives: text, source, score."),
    "Turn": (TURN, "What was said in a conversation; a `Turn[]` that no message shows becomes turns of its own."),
}
"""The built-in objects, each with what it is for."""
BUILT_IN: Mapping[str, Type] = {
    "str": STR,
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    **{name: declared for name, (declared, _) in OBJECTS.items()},
}


def describe(declared: Type) -> str:
    """The type as it would be written."""
    match declared:
        case Unknown():
            return "anything"
        case Primitive(name=name):
            return name
        case ListOf(item=item):
            inner = describe(item)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case OptionalOf(item=item):
            inner = describe(item)
            return f"({inner})?" if " | " in inner else f"{inner}?"
        case Labels(labels=labels, name=name):
            return name or " | ".join(map(quote, labels))
        case ObjectOf(fields=fields, name=name):
            return name or "{ " + ", ".join(f"{one.name}: {describe(one.type)}" for one in fields) + " }"
        case AnyOf(types=types):
            return " | ".join(map(describe, types))


def fits(source: Type, target: Type) -> bool:
    """Whether a value of type ``source`` may stand where ``target`` is wanted."""
    match source, target:
        case (Unknown(), _) | (_, Unknown()):
            return True
        case AnyOf(types=types), _:
            return all(fits(one, target) for one in types)
        case _, AnyOf(types=types):
            return any(fits(source, one) for one in types)
        case OptionalOf(item=inner), OptionalOf(item=wanted):
            return fits(inner, wanted)
        case _, OptionalOf(item=wanted):
            return fits(source, wanted)
        case Primitive(name=have), Primitive(name=want):
            return have == want or (have == "int" and want == "float")
        case Labels(), Primitive(name="str"):
            return True
        case Labels(labels=have_labels), Labels(labels=want_labels):
            return set(have_labels) <= set(want_labels)
        case ListOf(item=inner), ListOf(item=wanted):
            return fits(inner, wanted)
        case ObjectOf(), ObjectOf(fields=wanted_fields):
            return all(
                (have_field := source.field(want_field.name)) is not None and fits(have_field.type, want_field.type)
                if not isinstance(want_field.type, OptionalOf)
                else (have_field := source.field(want_field.name)) is None or fits(have_field.type, want_field.type)
                for want_field in wanted_fields
            )
        case _:
            return False


def widened(declared: Type) -> Type:
    """The type with any text where labels have no type's name, as those of texts that are written out."""
    match declared:
        case Labels(name=""):
            return STR
        case ListOf(item=item):
            return ListOf(widened(item))
        case OptionalOf(item=item):
            return OptionalOf(widened(item))
        case ObjectOf(fields=fields, name=""):
            return ObjectOf(tuple(Field(one.name, widened(one.type), one.description, one.origin) for one in fields))
        case _:
            return declared


def misfit(value: Any, declared: Type, at: str = "") -> str | None:
    """Why a plain value (as read from JSON) is not of the type, naming the place inside it; ``None`` when it is."""
    where = f"`{at}` " if at else ""
    match declared:
        case Unknown():
            return None
        case OptionalOf(item=item):
            return None if value is None else misfit(value, item, at)
        case Primitive(name=name):
            return None if _is_primitive(value, name) else f"{where}is {_kind(value)}, not {name}"
        case Labels(labels=labels):
            if value in labels:
                return None
            return f"{where}is {_short(value)}, not one of {', '.join(labels)}"
        case ListOf(item=item):
            if not isinstance(value, list | tuple):
                return f"{where}is {_kind(value)}, not a list"
            found = (misfit(one, item, f"{at}[{index}]") for index, one in enumerate(value))
            return next((reason for reason in found if reason), None)
        case ObjectOf(fields=fields):
            if not isinstance(value, Mapping):
                return f"{where}is {_kind(value)}, not an object"
            for one in fields:
                inside = f"{at}.{one.name}" if at else one.name
                if one.name not in value:
                    if isinstance(one.type, OptionalOf):
                        continue
                    return f"`{inside}` is missing"
                reason = misfit(value[one.name], one.type, inside)
                if reason:
                    return reason
            return None
        case AnyOf(types=types):
            reasons = [misfit(value, one, at) for one in types]
            return reasons[0] if all(reasons) else None


def _is_primitive(value: Any, name: str) -> bool:
    match name:
        case "str":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a bool"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list() | tuple():
            return "a list"
        case _:
            return "an object"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def json_schema(declared: Type) -> dict[str, Any]:
    """JSON Schema (2020-12 subset that model providers accept): objects are closed, optional fields may be null."""
    match declared:
        case Unknown():
            return {}
        case Primitive(name=name):
            return {"type": {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}[name]}
        case Labels(labels=labels):
            return {"type": "string", "enum": list(labels)}
        case ListOf(item=item):
            return {"type": "array", "items": json_schema(item)}
        case OptionalOf(item=item):
            return {"anyOf": [json_schema(item), {"type": "null"}]}
        case ObjectOf(fields=fields):
            return {
                "type": "object",
                "properties": {
                    one.name: {
                        **json_schema(one.type),
                        **({"description": one.description} if one.description else {}),
                    }
                    for one in fields
                },
                "required": [one.name for one in fields],
                "additionalProperties": False,
            }
        case AnyOf(types=types):
            return {"anyOf": [json_schema(one) for one in types]}


def type_of_value(value: Any) -> Type:
    """The narrowest type of a plain value."""
    match value:
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return Labels((value,))
        case list() | tuple():
            return ListOf(type_of_value(value[0]) if value else UNKNOWN)
        case Mapping():
            return ObjectOf(tuple(Field(str(name), type_of_value(inner)) for name, inner in value.items()))
        case _:
            return OptionalOf(UNKNOWN)
