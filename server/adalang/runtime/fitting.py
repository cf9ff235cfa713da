"""Inputs shortened to fit a model's window: only those that the file names in `cut`, in its order, and always told."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adalang.language.declarations import AgentDeclaration, ListExpression, PromptDeclaration, dotted, setting
from adalang.language.models import known_models
from adalang.language.program import Entity, Program
from adalang.language.turns import is_history
from adalang.runtime.failures import RefusedFailure
from adalang.runtime.models.keys import input_tokens
from adalang.runtime.models.types import ModelSpec, Request


@dataclass(frozen=True, slots=True)
class Cut:
    """What a request lost so that it fits ``room`` tokens: ``lost`` of ``size`` ``unit`` of what ``name`` tells, at the ``end``."""

    name: str
    lost: int
    size: int
    unit: str
    end: Literal["oldest", "last"]
    room: int
    model: str

    def __str__(self) -> str:
        lost = f"{self.name} lost its {self.end} {self.lost:,} of {self.size:,} {self.unit}"
        return f"{lost}, to fit the {self.room:,} tokens that {self.model} reads"

    @property
    def share(self) -> float:
        """How much of it is gone, from 0 to 1."""
        return self.lost / self.size


def fitted(
    program: Program, entity: Entity, inputs: Mapping[str, Any], written: Callable[[Mapping[str, Any]], Request]
) -> tuple[Request, Mapping[str, Any], tuple[Cut, ...]]:
    """The request that ``written`` makes of the inputs, the inputs in it, and what was cut of each that was shortened.

    Of turns the oldest go, of other lists the last, of a text its end. Sizes are in tokens, estimated.

    Raises:
        RefusedFailure: it would not fit however much is taken away; nothing was sent.
    """
    request = written(inputs)
    room = room_of(request.model)
    if room is None or excess(request, room) <= 0:
        return request, inputs, ()
    cuts = []
    for name, turns in _shortened_first(program, entity):
        value = inputs.get(name)
        if not value:
            continue
        kept = _most_kept(lambda size: excess(written({**inputs, name: _cut(value, size, turns)}), room), len(value))  # noqa: B023
        inputs = {**inputs, name: _cut(value, kept, turns)}
        request = written(inputs)
        unit = "characters" if isinstance(value, str) else "turns" if turns else "items"
        end: Literal["oldest", "last"] = "oldest" if turns else "last"
        cuts.append(Cut(f"`{name}`", len(value) - kept, len(value), unit, end, room, request.model.id))
        if excess(request, room) <= 0:
            return request, inputs, tuple(cuts)
    raise too_long(entity.id, request, room)


def room_of(model: ModelSpec) -> int | None:
    """How many tokens may be sent to a model: its window without what the file leaves for the answer; None: not known."""
    known = known_models().get(model.id)
    window = model.window or (known.window if known is not None else None)
    if window is None:
        return None
    answer = int(model.options.get("max_tokens") or 0)
    return window - answer if answer < window else window


def excess(request: Request, room: int) -> int:
    """About how many tokens a request is too long; not above 0 where it fits."""
    if not request.tools and request.schema is None:
        characters = sum(4 + len(message.text) for message in request.messages)
        if characters <= room and not any(message.tool_calls for message in request.messages):
            return characters - room  # no text has more tokens than characters
    return input_tokens(request) - room


def too_long(component: str, request: Request, room: int) -> RefusedFailure:
    tokens = room + excess(request, room)
    return RefusedFailure(
        f"`{component}` would send about {tokens:,} tokens, {tokens - room:,} more than {request.model.id} reads ({room:,}); "
        "shorten its inputs, name those that may be shortened in `cut`, or take a model with a larger window"
    )


def _shortened_first(program: Program, entity: Entity) -> list[tuple[str, bool]]:
    """The inputs named in `cut`, each with whether it holds turns."""
    declaration = entity.declaration
    assert isinstance(declaration, PromptDeclaration | AgentDeclaration)
    found = setting(declaration.settings, "cut")
    items = found.value.items if found is not None and isinstance(found.value, ListExpression) else ()
    types = {one.name.text: program.type_of(one.type, entity.module) for one in declaration.parameters}
    names = [name for item in items if (name := dotted(item)) in types]
    return [(name, is_history(types[name])) for name in names if name is not None]


def _most_kept(excess_of: Callable[[int], int], length: int) -> int:
    """The greatest length with which the request fits; 0 where none does."""
    sizes = range(length)
    return max(0, bisect_right(sizes, 0, key=excess_of) - 1)


def _cut(value: str | Sequence[Any], size: int, turns: bool) -> str | Sequence[Any]:
    if size >= len(value):
        return value
    if isinstance(value, str):
        return shortened(value, size)
    return list(value[len(value) - size :] if turns else value[:size])


def shortened(text: str, size: int) -> str:
    """A text with at most ``size`` characters of its own; that it was cut can be seen in it."""
    return text if len(text) <= size else f"{text[:size]}… (cut: {size:,} of {len(text):,} characters)"
