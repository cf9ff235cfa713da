"""Choices of structure that are one setting each: `reasoning`, a retriever's `k`, an agent's `max_steps`."""

from __future__ import annotations

from functools import partial

from adalang.engine.choices.base import ABSENT, Switch, has_body, set_to, value_of
from adalang.language.program import Entity, Program
from adalang.language.settings import SETTINGS

_REASONING_PRICE = 1.5
_FIRST_COUNTS = {"k": (2, 4, 8), "max_steps": (4, 8, 16)}


def reasoning(program: Program, entity: Entity) -> Switch | None:
    """Whether a prompt reasons before it answers."""
    if entity.kind != "prompt" or not has_body(entity):
        return None
    state = value_of(entity, "reasoning")
    other = "false" if state == "true" else "true"
    prices = (1.0, 1 / _REASONING_PRICE if other == "false" else _REASONING_PRICE)
    doc = "ask for the reasoning before the answer"
    write = partial(set_to, entity, "reasoning")
    return Switch(f"{entity.id}:reasoning", "structure", entity, state, (state, other), prices, doc, write)


def passages(program: Program, entity: Entity) -> Switch | None:
    """How many passages a retriever gives."""
    return _count(entity, "k", "how many passages are given") if entity.kind == "retriever" else None


def steps(program: Program, entity: Entity) -> Switch | None:
    """How many steps an agent may take."""
    return _count(entity, "max_steps", "how many steps may be taken") if entity.kind == "agent" else None


def _count(entity: Entity, name: str, doc: str) -> Switch | None:
    """Half and twice of what is written; some usual counts where nothing is."""
    if not has_body(entity):
        return None
    state, spec = value_of(entity, name), SETTINGS[entity.kind][name]
    if state == ABSENT:
        counts: tuple[int, ...] = _FIRST_COUNTS[name]
        prices = tuple(count / counts[1] for count in counts)
    elif state.isdecimal() and int(state):
        now = int(state)
        near = [count for count in (now // 2, now * 2) if (spec.low or 1) <= count <= (spec.high or count)]
        counts, prices = tuple(near), tuple(count / now for count in near)
    else:
        return None
    options = (state, *map(str, counts))
    write = partial(set_to, entity, name)
    return Switch(f"{entity.id}:{name}", "structure", entity, state, options, (1.0, *prices), doc, write)
