"""The language's operators on plain values."""

from __future__ import annotations

from typing import Any

from adalang.runtime.failures import BugFailure


def compare(operator: str, left: Any, right: Any) -> bool:
    """A comparison.

    Raises:
        BugFailure: the two cannot be compared that way.
    """
    try:
        match operator:
            case "==":
                return bool(left == right)
            case "!=":
                return bool(left != right)
            case "<":
                return bool(left < right)
            case "<=":
                return bool(left <= right)
            case ">":
                return bool(left > right)
            case ">=":
                return bool(left >= right)
            case "in":
                return left in right
            case _:
                return left not in right
    except TypeError as error:
        raise BugFailure(f"{left!r} {operator} {right!r} has no meaning") from error


def truth(value: Any, where: str) -> bool:
    """The value of a condition.

    Raises:
        BugFailure: it is not true or false.
    """
    if not isinstance(value, bool):
        raise BugFailure(f"`{where}` takes true or false, not {value!r}")
    return value
