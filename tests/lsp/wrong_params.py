"""Wrong params for any method, made from the specification's types: each required value once missing and once of another kind."""

from __future__ import annotations

import enum
import typing
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import attrs
from lsprotocol import types

NOT_AN_OBJECT: tuple[Any, ...] = ("x", 5, True, ["x"])


def params_of(method: str) -> type | None:
    """The class of a method's params; ``None`` when it has none, or when the specification does not know it."""
    known = types.METHOD_TO_TYPES.get(method)
    found = known[2] if known is not None else None
    return found if found is not None and attrs.has(found) else None


def is_request(method: str) -> bool:
    known = types.METHOD_TO_TYPES.get(method)
    return known is not None and known[1] is not None


def right(method: str, known: Mapping[str, Any]) -> Any:
    """The smallest right params; ``known`` gives values of fields by their name."""
    kind = params_of(method)
    return None if kind is None else _right(kind, known)


def wrong(method: str, known: Mapping[str, Any]) -> Iterator[Any]:
    kind = params_of(method)
    assert kind is not None
    yield from NOT_AN_OBJECT
    whole = _right(kind, known)
    for path, of in _required(kind):
        *before, last = path
        for value in (_MISSING, _other_than(of)):
            broken = deepcopy(whole)
            inner = broken
            for name in before:
                inner = inner[name]
            if value is _MISSING:
                del inner[last]
            else:
                inner[last] = value
            yield broken


_MISSING = object()


def _fields(kind: type) -> Iterator[tuple[str, Any]]:
    """The required fields: JSON name and type."""
    attrs.resolve_types(kind, types.ALL_TYPES_MAP)
    for one in attrs.fields(kind):
        if one.default is attrs.NOTHING:
            head, *rest = one.name.strip("_").split("_")
            yield head + "".join(word.capitalize() for word in rest), one.type


def _required(kind: type) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Paths to all required values, those within required objects too."""
    for name, of in _fields(kind):
        if of in (Any, types.LSPAny):
            continue
        # `processId`, `rootUri`: many clients leave them out, and a server that forgives that is right.
        if type(None) in typing.get_args(of):
            continue
        yield (name,), of
        if isinstance(of, type) and attrs.has(of):
            for path, inner in _required(of):
                yield (name, *path), inner


def _right(kind: Any, known: Mapping[str, Any]) -> Any:
    if type(None) in typing.get_args(kind):
        return None
    if typing.get_origin(kind) is typing.Union:
        return _right(typing.get_args(kind)[0], known)
    if isinstance(kind, type) and attrs.has(kind):
        return {name: known[name] if name in known else _right(of, known) for name, of in _fields(kind)}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind)).value
    if typing.get_origin(kind) is not None:
        return []
    return {str: "x", int: 0, float: 0, bool: False}.get(kind, {})


def _other_than(kind: Any) -> Any:
    """A value that the type cannot hold."""
    options = typing.get_args(kind) if typing.get_origin(kind) is typing.Union else (kind,)
    texts = any(one is str or (isinstance(one, type) and issubclass(one, str)) for one in options)
    return [5] if texts and len(options) > 1 else 5 if texts else "x"
