"""What the checks need to know of a data set's rows, found in one pass over them, so that nobody has to keep them all.

Most rows only say again what others have said. A value *tells* something when it is unlike all those before it in its column, as
far as types and labels go: another kind, another text, a field that there was not or that is missing. The first value that does
not fit a type is always one that tells, for whatever is wrong with it was not there before.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final, Literal

from adalang.language.types import STR, UNKNOWN, Labels, Type, type_of_value


class _Lacks(Enum):
    LACKS = "lacks"


LACKS: Final = _Lacks.LACKS
"""Stands for the value of a column in a row that has no such column."""

AT_HAND = 100
"""How many rows are kept as they are, to be shown."""
_MOST = 1000
"""Texts, fields and lists that are told apart at one place. The first of more labels than that is not looked for."""
_LONG = 200
"""Characters; longer texts are no labels, and all alike."""
_FEW = 20
"""Items; longer lists are no lists of accepted answers."""
_DEEPEST = 30
"""Levels of a value that are looked at."""


@dataclass(frozen=True, eq=False)
class Column:
    """``telling``: the values that tell something, with their rows (from 1), among them :data:`LACKS` for the first row without.
    ``type``: what its values have in common, unknown where they differ."""

    telling: Sequence[tuple[int, Any]]
    type: Type

    @cached_property
    def is_whole(self) -> bool:
        """Whether every row has it."""
        return all(value is not LACKS for _, value in self.telling)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of its values, in the words of :func:`~adalang.language.data.type_name`."""
        from adalang.language.data import type_name

        return frozenset(type_name(value) for _, value in self.telling if value is not LACKS)


def joined(types: Iterable[Type]) -> Type:
    """The type that all of these are, any two labels being texts."""
    found = [STR if isinstance(one, Labels) else one for one in types]
    return found[0] if found and all(one == found[0] for one in found) else UNKNOWN


@dataclass(frozen=True, slots=True)
class Summary:
    """``first``: the first rows. ``keys``: of each row what it has in common with the rows that say the same, as a hash."""

    count: int
    first: Sequence[Mapping[str, Any]]
    columns: Mapping[str, Column]
    keys: Sequence[int]


def summary(rows: Iterable[Mapping[str, Any]], *, with_keys: bool = True) -> Summary:
    first: list[Mapping[str, Any]] = []
    columns: dict[str, tuple[_Place, list[tuple[int, Any]]]] = {}
    always: set[str] | None = None
    keys = array("q")
    number = 0
    for number, row in enumerate(rows, 1):
        if number <= AT_HAND:
            first.append(row)
        for name, value in row.items():
            known = columns.get(name)
            if known is None:
                known = columns[name] = (_Place(), [(1, LACKS)] if number > 1 else [])
            place, telling = known
            if place.is_told(value):
                telling.append((number, value))
        always = set(row) if always is None else always
        if not always <= row.keys():
            for name in always - row.keys():
                columns[name][1].append((number, LACKS))
            always &= row.keys()
        if with_keys:
            keys.append(hash(_key(row)))
    found = {name: _column(telling) for name, (_, telling) in columns.items()}
    return Summary(number, tuple(first), found, keys)


def _column(telling: Sequence[tuple[int, Any]]) -> Column:
    return Column(tuple(telling), joined(type_of_value(value) for _, value in telling if value is not LACKS))


def _key(row: Mapping[str, Any]) -> str:
    """Equal for rows that differ only in their ids, letter case and white space."""
    plain = {name: value for name, value in row.items() if name != "id"}
    return " ".join(_plain(plain).casefold().split())


def _plain(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def spelled(text: str) -> Literal["", "number", "bool"]:
    """The kind of value that a text spells for metrics, which compare it as that value."""
    bare = text.strip()
    if bare[:1] in ("t", "T", "f", "F"):
        return "bool" if bare.lower() in ("true", "false") else ""
    if not (bare[:1].isdigit() or bare[:1] in ("+", "-", ".")):
        return ""
    try:
        return "number" if math.isfinite(float(bare)) else ""
    except ValueError:
        return ""


def read_object(text: str) -> Mapping[str, Any] | None:
    """The object of which this is the JSON text, if it is any's."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class _Place:
    """What the values at one place, a column or a place inside its values, have been like so far."""

    __slots__ = ("_always", "_fields", "_items", "_kinds", "_lists", "_read", "_texts")

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._texts: set[str] = set()
        self._lists: set[str] = set()
        self._always: set[str] | None = None
        self._fields: dict[str, _Place] = {}
        self._items: _Place | None = None
        self._read: _Place | None = None

    def is_told(self, value: Any, depth: int = 0) -> bool:
        """Whether the value is unlike all before it."""
        match value:
            case str():
                return value not in self._texts and self._is_text_told(value, depth)
            case list() | tuple():
                new = self._is_new(self._kinds, "list" if value else "empty list")
                return self._are_items_told(value, depth) or new
            case Mapping():
                new = self._is_new(self._kinds, "object")
                return self._are_fields_told(value, depth) or new
            case float():
                return self._is_new(self._kinds, "whole" if value.is_integer() else "float")
            case _:
                return self._is_new(self._kinds, type(value).__name__)

    def _is_new(self, known: set[str], what: str) -> bool:
        if what in known or len(known) >= _MOST:
            return False
        known.add(what)
        return True

    def _is_text_told(self, text: str, depth: int) -> bool:
        inner = read_object(text) if depth < _DEEPEST else None
        new = self._is_new(self._kinds, "text of an object" if inner is not None else f"text {spelled(text)}")
        if inner is not None:
            self._read = self._read or _Place()
            new = self._read.is_told(inner, depth + 1) or new
        known, what = (self._texts, text) if len(text) <= _LONG else (self._kinds, "long text")
        return self._is_new(known, what) or new

    def _are_items_told(self, values: Sequence[Any], depth: int) -> bool:
        """At the top a short list may be of answers, any of which is accepted: it is told by all of its items together."""
        new = depth == 0 and len(values) <= _FEW and self._is_new(self._lists, _plain(values))
        if depth < _DEEPEST and values:
            self._items = self._items or _Place()
            for one in values:
                new = self._items.is_told(one, depth + 1) or new
        return new

    def _are_fields_told(self, values: Mapping[str, Any], depth: int) -> bool:
        new = False
        if self._always is None:
            self._always = set(values)
        elif not self._always <= values.keys():
            new = True
            self._always &= values.keys()
        for name, value in values.items() if depth < _DEEPEST else ():
            place = self._fields.get(name)
            if place is None and len(self._fields) < _MOST:
                place, new = self._fields.setdefault(name, _Place()), True
            if place is not None:
                new = place.is_told(value, depth + 1) or new
        return new
