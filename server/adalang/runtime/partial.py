"""Typed values out of a text that is still being written: fields that appear, lists and texts that grow.

What is finished in the text is read as :func:`.read_answer` will read it in the end, and never shown otherwise: a number
that may go on, a label's beginning or a field of the wrong type is not shown at all. Texts are shown as far as they have
come. A value is known from where its JSON begins: at the start of the text, or of its first code fence.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from adalang.language.types import UNKNOWN, Field, ListOf, ObjectOf, OptionalOf, Primitive, Type, Unknown
from adalang.runtime.answers import AnswerForm, coerced


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()
"""Nothing is known of the value yet."""

_FENCE = re.compile(r"```\w*\n?")
_IN_STRING = re.compile(r'[^"\\\x00-\x1f]+')
_SCALAR = re.compile(r"[^\s,\]}:\"\[{]+")
_BLANK = re.compile(r"\s+")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_DEEPEST = 200


def partial_reader(form: AnswerForm) -> PartialText | PartialJson | None:
    """What reads a prompt's answer while it comes; None for types that are nothing until they are whole."""
    if form.wrapped:
        return PartialJson(ObjectOf((Field("reasoning", UNKNOWN), Field("answer", form.type))), "answer")
    inner = form.type.item if isinstance(form.type, OptionalOf) else form.type
    match inner:
        case Primitive(name="str") | Unknown() if inner is form.type:
            return PartialText()
        case ObjectOf() | ListOf():
            return PartialJson(inner)
        case _:
            return None


class PartialText:
    """A text as it will be read: without the blanks around it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._blanks = ""

    def feed(self, text: str) -> None:
        text = self._blanks + text if self._pieces else text.lstrip()
        kept = text.rstrip()
        self._blanks = text[len(kept) :]
        if kept:
            self._pieces.append(kept)

    @property
    def value(self) -> Any:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ABSENT


@dataclass(slots=True)
class _Open:
    """A list or an object that has begun; ``items`` are its finished, typed children by place. ``key`` is the field whose
    value comes next, ``wants`` what the grammar allows next."""

    type: Type
    is_list: bool
    items: dict[Any, Any] = field(default_factory=dict)
    key: str | None = None
    wants: str = "first"


class PartialJson:
    """A JSON value of a type. ``inside`` names the field of it that is the answer."""

    def __init__(self, declared: Type, inside: str = "") -> None:
        self._type = declared
        self._inside = inside
        self._rest = ""
        self._begun = False
        self._stack: list[_Open] = []
        self._text: list[str] | None = None
        self._whole: Any = ABSENT
        self._broken = False

    def feed(self, text: str) -> None:
        if self._broken or self._whole is not ABSENT:
            return
        self._rest += text
        try:
            if self._begun or self._begin():
                self._read()
        except _NotJson:
            self._broken = True

    @property
    def value(self) -> Any:
        """The value so far, a new one each time; ABSENT where nothing is known, or where the text turned out to be no JSON."""
        if self._broken:
            return ABSENT
        found = self._whole if self._whole is not ABSENT else self._unfinished()
        if self._inside and found is not ABSENT:
            return found.get(self._inside, ABSENT) if isinstance(found, dict) else found
        return found

    # ---- reading

    def _begin(self) -> bool:
        """Whether the value's first bracket has come; what stands before it is dropped."""
        start = self._rest.lstrip()
        if start.startswith(("{", "[")):
            self._rest = start
        else:
            fence = _FENCE.search(self._rest)
            if fence is None or fence.end() == len(self._rest):
                return False
            after = self._rest[fence.end() :].lstrip()
            if not after:
                return False
            if not after.startswith(("{", "[")):
                raise _NotJson
            self._rest = after
        if self._inside and self._rest.startswith("["):
            # Some models leave the object out in which the answer was asked for.
            assert isinstance(self._type, ObjectOf)
            asked = self._type.field(self._inside)
            assert asked is not None
            self._type, self._inside = asked.type, ""
        self._begun = True
        return True

    def _read(self) -> None:
        text, at = self._rest, 0
        while at < len(text) and self._whole is ABSENT:
            if self._text is not None:
                end = self._in_string(text, at)
            elif (blank := _BLANK.match(text, at)) is not None:
                end = blank.end()
            else:
                end = self._token(text, at)
            if end == at:  # it is not whole yet
                break
            at = end
        self._rest = text[at:]

    def _token(self, text: str, at: int) -> int:
        character, top = text[at], self._stack[-1] if self._stack else None
        wants = top.wants if top is not None else "value"
        if character in "{[" and wants in ("first", "value") and (top is None or top.is_list or wants == "value"):
            if len(self._stack) >= _DEEPEST:
                raise _NotJson
            self._stack.append(_Open(self._next_type(), character == "["))
        elif character in "}]" and top is not None and top.is_list == (character == "]") and wants != "colon":
            if wants == "value" and not top.is_list:
                raise _NotJson
            self._close(top)
        elif character == "," and top is not None and wants == "comma":
            top.wants = "value" if top.is_list else "first"
        elif character == ":" and top is not None and wants == "colon":
            top.wants = "value"
        elif character == '"' and top is not None and wants in ("first", "value"):
            self._text = []
        elif top is not None and wants in ("first", "value") and (top.is_list or wants == "value"):
            return self._scalar(text, at)
        else:
            raise _NotJson
        return at + 1

    def _scalar(self, text: str, at: int) -> int:
        found = _SCALAR.match(text, at)
        if found is None:
            raise _NotJson
        if found.end() == len(text):
            return at  # 12 may become 123
        try:
            self._finish(json.loads(found.group()))
        except ValueError:
            raise _NotJson from None
        return found.end()

    def _in_string(self, text: str, at: int) -> int:
        assert self._text is not None
        plain = _IN_STRING.match(text, at)
        if plain is not None:
            self._text.append(plain.group())
            return plain.end()
        if text[at] == '"':
            self._end_of_string()
            return at + 1
        if text[at] != "\\":
            raise _NotJson
        return self._escape(text, at)

    def _escape(self, text: str, at: int) -> int:
        assert self._text is not None
        kind = text[at + 1 : at + 2]
        if not kind:
            return at
        if kind != "u":
            if kind not in _ESCAPES:
                raise _NotJson
            self._text.append(_ESCAPES[kind])
            return at + 2
        # Two escapes may be one character: the first half waits for what follows it.
        end = at + 6
        if text[at + 2 : at + 4].lower() in ("d8", "d9", "da", "db"):
            if len(text) < at + 8 and "\\u".startswith(text[at + 6 : at + 8]):
                return at
            end = at + 12 if text.startswith("\\u", at + 6) else end
        if len(text) < end:
            return at
        try:
            self._text.append(json.loads(f'"{text[at:end]}"'))
        except ValueError:
            raise _NotJson from None
        return end

    def _end_of_string(self) -> None:
        assert self._text is not None
        text, self._text = "".join(self._text), None
        top = self._stack[-1]
        if top.is_list or top.wants == "value":
            self._finish(text)
        else:
            top.key, top.wants = text, "colon"

    def _close(self, top: _Open) -> None:
        self._stack.pop()
        value: Any = list(top.items.values()) if top.is_list else top.items
        self._finish(value, top.type)

    def _finish(self, value: Any, declared: Type | None = None) -> None:
        """A value is whole: it goes where it belongs, if it is what the type says."""
        declared = declared if declared is not None else self._next_type()
        inside = self._inside if not self._stack else ""
        if inside:
            typed = value  # each field of it has been looked at
        else:
            typed, reason = coerced(value, declared)
            if reason is not None:
                raise _NotJson
        if not self._stack:
            self._whole = typed
            return
        top = self._stack[-1]
        top.items[len(top.items) if top.is_list else top.key] = typed
        top.key, top.wants = None, "comma"

    def _next_type(self) -> Type:
        """The type of the value that comes next."""
        if not self._stack:
            return self._type
        top = self._stack[-1]
        return _item_type(top.type) if top.is_list else _field_type(top.type, top.key or "")

    # ---- what is known

    def _unfinished(self) -> Any:
        """The containers that are open, from the innermost outwards, each with what is known of its last child."""
        last: Any = ABSENT
        if self._text and (self._stack[-1].is_list or self._stack[-1].wants == "value") and _is_text(self._next_type()):
            last = "".join(self._text)
        for top in reversed(self._stack):
            if top.is_list:
                last = [*top.items.values(), *([] if last is ABSENT else [last])]
                continue
            known = {name: one for name, one in top.items.items() if _known(top.type, name)}
            if last is not ABSENT and top.key is not None and _known(top.type, top.key):
                known[top.key] = last
            last = known
        return last


class _NotJson(Exception):
    """The text is no JSON, or not of the type; what comes of it is decided when it is whole."""


def _plain(declared: Type) -> Type:
    return declared.item if isinstance(declared, OptionalOf) else declared


def _item_type(declared: Type) -> Type:
    inner = _plain(declared)
    return inner.item if isinstance(inner, ListOf) else UNKNOWN


def _field_type(declared: Type, name: str) -> Type:
    inner = _plain(declared)
    found = inner.field(name) if isinstance(inner, ObjectOf) else None
    return found.type if found is not None else UNKNOWN


def _known(declared: Type, name: str) -> bool:
    """Whether the type has such a field; the others are left out of the answer."""
    inner = _plain(declared)
    return not isinstance(inner, ObjectOf) or inner.field(name) is not None


def _is_text(declared: Type) -> bool:
    return isinstance(_plain(declared), Unknown) or _plain(declared) == Primitive("str")


__all__ = ["ABSENT", "PartialJson", "PartialText", "partial_reader"]
