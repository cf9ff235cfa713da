"""What a server's description says that one of its tools takes, compared with what the declaration gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adalang.language.types import OptionalOf, Type, describe, fits


@dataclass(frozen=True, slots=True)
class Taken:
    """An input that a tool takes."""

    type: Type
    required: bool


@dataclass(frozen=True, slots=True)
class Mismatch:
    """``of_type``: the input is there, but of another type."""

    message: str
    of_type: bool = False


def mismatches(
    who: str, takes: Mapping[str, Taken], given: Mapping[str, Type], *, takes_others: bool = False
) -> Iterator[Mismatch]:
    """How a declaration that gives ``given`` does not fit a tool; ``who`` begins the messages, which end without a dot."""
    for name, declared in given.items():
        if name in takes:
            wanted = takes[name].type
            if not fits(declared.item if isinstance(declared, OptionalOf) else declared, wanted):  # null is left out
                message = f"{who} takes `{name}` as {describe(wanted)}; the declaration gives {describe(declared)}"
                yield Mismatch(message, of_type=True)
        elif not takes_others:
            yield Mismatch(f"{who} takes no `{name}`; it takes: {', '.join(takes) or 'nothing'}")
    for name, one in takes.items():
        if one.required and name not in given:
            yield Mismatch(f"{who} needs `{name}`; the declaration does not give it")
