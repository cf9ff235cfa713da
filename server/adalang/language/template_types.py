"""What Jinja makes of types: the items of a list, the fields of an object, what a filter or an operator gives.

Where more than one thing could come out, the answer is :data:`UNKNOWN`, never a guess: a rename relies on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adalang.language.program import Module
from adalang.language.types import (
    BOOL,
    FLOAT,
    INT,
    STR,
    UNKNOWN,
    Field,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Primitive,
    Type,
    Unknown,
)

NOTHING = Labels(())
"""The type that no value has: of the items of ``[]``."""

Held = Type | Module
"""What a name in a template stands for: a value of a type, or an imported file, whose params are its fields."""


@dataclass(frozen=True, slots=True)
class Group(ObjectOf):
    """One of those that ``groupby`` gives: an object that is a pair, too."""


_KEEPS_ITEMS = frozenset({"sort", "unique", "list", "select", "reject", "selectattr", "rejectattr"})
_GIVES_ITEM = frozenset({"first", "last", "random", "min", "max"})
_TO_TEXT = frozenset(
    {"capitalize", "center", "e", "escape", "filesizeformat", "forceescape", "format", "indent", "join", "lower"}
    | {"pprint", "replace", "safe", "string", "striptags", "title", "tojson", "trim", "truncate", "upper", "urlencode"}
    | {"urlize", "wordwrap", "xmlattr"}
)
_TO_INT = frozenset({"count", "int", "length", "wordcount"})
_METHODS: Mapping[str, Type] = {
    **dict.fromkeys(("partition", "rpartition", "rsplit", "split", "splitlines"), ListOf(STR)),
    **dict.fromkeys(("capitalize", "format", "join", "lower", "lstrip", "replace", "rstrip", "strip"), STR),
    **dict.fromkeys(("removeprefix", "removesuffix", "title", "upper"), STR),
    **dict.fromkeys(("count", "find"), INT),
    **dict.fromkeys(("endswith", "startswith"), BOOL),
}
_FUNCTIONS: Mapping[str, Type] = {"range": ListOf(INT), "lipsum": STR}
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})


def bare(declared: Type) -> Type:
    return declared.item if isinstance(declared, OptionalOf) else declared


def type_of(held: Held) -> Type:
    return UNKNOWN if isinstance(held, Module) else held


def is_text(held: Held) -> bool:
    inner = bare(type_of(held))
    return inner == STR or (isinstance(inner, Labels) and inner != NOTHING)


def items_of(held: Held) -> Type:
    """What a loop over it gives, one after the other: of an object that is the names of its fields."""
    inner = bare(type_of(held))
    if isinstance(inner, ListOf):
        return inner.item
    return STR if is_text(inner) or isinstance(inner, ObjectOf) else UNKNOWN


def at_index(held: Held) -> Type:
    """What ``[0]`` gives."""
    return UNKNOWN if isinstance(bare(type_of(held)), ObjectOf) else items_of(held)


def field_of(held: Held, name: str) -> Type:
    """What ``.name`` gives; unknown where an object has no such field."""
    if isinstance(held, Module):
        return STR
    inner = bare(held)
    found = inner.field(name) if isinstance(inner, ObjectOf) else None
    return found.type if found is not None else UNKNOWN


def loop_over(item: Type) -> ObjectOf:
    """The type of ``loop`` inside a ``for`` over such items."""
    neighbour = OptionalOf(bare(item))
    return ObjectOf(
        (
            *(Field(name, INT) for name in ("index", "index0", "revindex")),
            *(Field("first", BOOL), Field("last", BOOL), Field("length", INT)),
            *(Field("previtem", neighbour), Field("nextitem", neighbour)),
            *(Field(name, INT) for name in ("revindex0", "depth", "depth0")),
            *(Field("cycle", UNKNOWN), Field("changed", UNKNOWN)),
        ),
        "loop",
    )


def unpacked(item: Held, count: int) -> list[Type]:
    """The types of so many names that get one value, or its items."""
    if count == 1:
        return [type_of(item)]
    if isinstance(item, Group) and count == len(item.fields):
        return [field.type for field in item.fields]
    return [items_of(item)] * count


def either(one: Held, other: Held) -> Held:
    """The type of what is the one or the other; an empty list or object, or none, says nothing against the other type."""
    if one == other:
        return one
    if isinstance(one, Module | Unknown) or isinstance(other, Module | Unknown):
        return UNKNOWN
    inner = _either(bare(one), bare(other))
    is_optional = isinstance(one, OptionalOf) or isinstance(other, OptionalOf)
    return OptionalOf(inner) if is_optional and not isinstance(inner, Unknown) else inner


_EMPTY: tuple[Type, ...] = (NOTHING, ListOf(NOTHING), ObjectOf(()))


def _either(one: Type, other: Type) -> Type:
    if one == other or other in _EMPTY:
        return one
    if one in _EMPTY:
        return other
    return STR if is_text(one) and is_text(other) else UNKNOWN


def all_of(held: Sequence[Held]) -> Type:
    """A list of these."""
    first, *others = held or [NOTHING]
    for other in others:
        first = either(first, other)
    return ListOf(type_of(first))


def operated(operator: str, left: Held, right: Held) -> Held:
    """What a binary operator gives."""
    if operator in _COMPARISONS:
        return BOOL
    match operator:
        case "and":
            return right  # what is left of it only where there is nothing to read of it
        case "or":
            return either(bare(left) if not isinstance(left, Module) else left, right)
        case "~":
            return STR
        case _:
            return _computed(operator, type_of(left), type_of(right))


def _computed(operator: str, left: Type, right: Type) -> Type:
    if {left, right} <= {INT, FLOAT}:
        return FLOAT if FLOAT in (left, right) or operator in ("/", "**") else INT
    if operator == "+" and (isinstance(left, ListOf) or is_text(left)):
        return type_of(either(left, right))
    return STR if operator == "%" and is_text(left) else UNKNOWN


def called(function: str, arguments: Sequence[tuple[str, Held]]) -> Type:
    """What one of Jinja's own functions gives, called with these arguments, each with its name or ""."""
    if function == "dict" and all(name for name, _ in arguments):
        return ObjectOf(tuple(Field(name, type_of(held)) for name, held in arguments))
    return _FUNCTIONS.get(function, UNKNOWN)


def method(name: str) -> Type:
    """What a method of a text gives."""
    return _METHODS.get(name, UNKNOWN)


def filtered(name: str, held: Held, picked: Type | None = None, other: Held | None = None) -> Type:
    """What a filter gives. ``picked`` is the type of the field that its arguments name, ``other`` that of its first argument."""
    declared, item = bare(type_of(held)), items_of(held)
    if name in _KEEPS_ITEMS:
        return ListOf(item)
    if name in _GIVES_ITEM:
        return item
    if name in _TO_TEXT:
        return STR
    if name in _TO_INT:
        return INT
    match name:
        case "reverse":
            return declared if is_text(declared) or declared == UNKNOWN else ListOf(item)
        case "batch" | "slice":
            return ListOf(ListOf(item))
        case "map":
            return ListOf(picked if picked is not None else UNKNOWN)
        case "groupby":
            fields = (Field("grouper", picked if picked is not None else UNKNOWN), Field("list", ListOf(item)))
            return ListOf(Group(fields, "group"))
        case "sum":
            return picked if picked is not None else item
        case "attr":
            return picked if picked is not None else UNKNOWN
        case "default" | "d":
            return type_of(either(declared, other)) if other is not None else declared
        case "abs":
            return declared if isinstance(declared, Primitive) else UNKNOWN
        case "float" | "round":
            return FLOAT
        case _:
            return UNKNOWN
