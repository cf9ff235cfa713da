"""Values to start from, written as the language writes them: the plainest one of each type."""

from __future__ import annotations

from typing import Any

from adalang.language.edits import value_literal
from adalang.language.types import (
    BOOL,
    FLOAT,
    INT,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Type,
)


def plainest(declared: Type) -> Any:
    """A plain value of the type: an empty text, zero, the first label, nothing in a list."""
    match declared:
        case Labels(labels=labels):
            return labels[0] if labels else ""
        case ListOf():
            return []
        case OptionalOf():
            return None
        case ObjectOf(fields=fields):
            return {one.name: plainest(one.type) for one in fields if not isinstance(one.type, OptionalOf)}
        case _:
            if declared == BOOL:
                return False
            return 0 if declared in (INT, FLOAT) else ""


def written(declared: Type, indent: str = "") -> str:
    """The plainest value as source text.

    Args:
        indent: of the line that it starts on.
    """
    return value_literal(plainest(declared), indent)
