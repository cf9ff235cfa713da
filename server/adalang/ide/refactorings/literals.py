"""Texts of a declaration as places in their values, and their literals written anew with other values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from adalang.ide.changes import shrunk
from adalang.language.declarations import Arm, JinjaTag, ObjectField, Template, Text, UnionType
from adalang.language.literal import decode, encode
from adalang.language.text import STEP, Edit, SourceText, Span


def index_of(text: Text, offset: int) -> int:
    """The first character of the value that stands at or behind ``offset`` (from the declaration's start)."""
    low, high = 0, len(text.value)
    while low < high:
        middle = (low + high) // 2
        if text.source_offset(middle) < offset:
            low = middle + 1
        else:
            high = middle
    return low


def tag_range(template: Template, tag: JinjaTag) -> tuple[int, int]:
    """Where a tag stands in the template's value."""
    return index_of(template.text, tag.span.start), index_of(template.text, tag.span.end)


def rewritten(source: SourceText, start: int, text: Text, value: str) -> Edit | None:
    """The edit that gives a text of the declaration at ``start`` another value, in the form that it has."""
    span = text.span.shifted(start)
    indent = text.decoded.indent or source.indent_at(span.start) + STEP
    written = written_like(text, value, indent, source.newline)
    return shrunk(source, Edit(span, written)) if written is not None else None


def written_like(text: Text, value: str, indent: str, newline: str) -> str | None:
    """A literal of the value in the form of ``text``; ``None`` where no literal holds it exactly."""
    written = encode(value, indent=indent, newline=newline, like=text.decoded)
    return written if decode(written).value == value else None


def texts_in(value: Any) -> Iterator[Text]:
    """Every text in a declaration, or in a part of one, but for labels and what is said about fields."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, UnionType | ObjectField):
        return
    elif isinstance(value, Arm):
        yield from texts_in(value.value)
    elif isinstance(value, tuple):
        for one in value:
            yield from texts_in(one)
    elif dataclasses.is_dataclass(value) and not isinstance(value, Span):
        for field in dataclasses.fields(value):
            if field.name != "problems":
                yield from texts_in(getattr(value, field.name))
