"""Where a value came from: it is carried along with each value while a pipeline runs, so that nobody has to guess later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

Step = str | int
"""One step into a value: a field's name, or a place in a list (from 0)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Some part of a value is, or was computed from, some part of an earlier call's output.

    ``call`` is its position in ``Trace.calls``. ``path`` leads to the part inside the value (for a call's inputs it begins with
    the input's name); ``part`` leads to the part of the output; both are empty for the whole. ``decides``: the output is not
    in the value, but decided that this value was taken and no other (a ``match``, an ``if``, an ``until``).
    """

    call: int
    path: tuple[Step, ...] = ()
    part: tuple[Step, ...] = ()
    decides: bool = False


Origins = tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value with its origins; none for what came from outside or stands in the file."""

    value: Any
    origins: Origins = ()


def inside(step: Step, origins: Iterable[Origin]) -> Iterator[Origin]:
    """The origins of a value after it was put into a larger one, at ``step``."""
    return (replace(one, path=(step, *one.path)) for one in origins)


def taken(step: Step, origins: Iterable[Origin]) -> Origins:
    """The origins of what stands at ``step`` in a value."""
    found = []
    for one in origins:
        if one.path:
            if one.path[0] == step:
                found.append(replace(one, path=one.path[1:]))
        else:
            found.append(one if one.decides else replace(one, part=(*one.part, step)))
    return tuple(found)


def spread(value: Sourced) -> list[Sourced]:
    """The items of a list, each with its own origins."""
    found: list[list[Origin]] = [[] for _ in value.value]
    for one in value.origins:
        if one.path:
            found[int(one.path[0])].append(replace(one, path=one.path[1:]))
        else:
            for nth, each in enumerate(found):
                each.append(one if one.decides else replace(one, part=(*one.part, nth)))
    return [Sourced(item, tuple(origins)) for item, origins in zip(value.value, found, strict=True)]


def computed(*values: Sourced) -> Origins:
    """The origins of a value that was computed from others and holds no part of them."""
    return tuple(dict.fromkeys(replace(one, path=()) for value in values for one in value.origins))


def deciding(values: Iterable[Sourced]) -> Origins:
    """The origins of whatever hangs on these values, without holding them."""
    return tuple(dict.fromkeys(replace(one, path=(), decides=True) for value in values for one in value.origins))


def merged(*origins: Origins) -> Origins:
    """Several at once, each named once."""
    return tuple(dict.fromkeys(one for each in origins for one in each))


def moved(origins: Origins, positions: dict[int, int]) -> Origins:
    """The same after the calls were put into another order."""
    return tuple(replace(one, call=positions[one.call]) for one in origins)
