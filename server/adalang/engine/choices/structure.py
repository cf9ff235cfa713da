"""Choices of structure that are one setting each: `reasoning`, a retriever's `method`, `k` and `chunk`, an agent's `max_steps`."""

from __future__ import annotations

from functools import partial

from adalang.engine.choices.base import ABSENT, Switch, has_body, set_to, setting_of, value_of
from adalang.language.program import Entity, Program
from adalang.language.settings import DEFAULT_CHUNK, DEFAULT_K, DEFAULT_MAX_STEPS, RETRIEVAL_METHODS, SETTINGS

_REASONING_PRICE = 1.5
_FIRST_COUNTS = {
    "k": (DEFAULT_K, (2, 8)),
    "chunk": (DEFAULT_CHUNK, (150, 600)),
    "max_steps": (DEFAULT_MAX_STEPS, (4, 8, 16)),
}
"""What holds where nothing is written, and the counts worth a trial then."""


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


def passage_size(program: Program, entity: Entity) -> Switch | None:
    """How long the passages of a corpus are; not where they are kept in a store outside, which all tries would write over."""
    if entity.kind != "retriever" or setting_of(entity, "corpus") is None or setting_of(entity, "store") is not None:
        return None
    return _count(entity, "chunk", "how long a passage may be")


def method(program: Program, entity: Entity) -> Switch | None:
    """How a retriever searches; one without a corpus can search in one way alone."""
    if entity.kind != "retriever" or not has_body(entity) or setting_of(entity, "corpus") is None:
        return None
    state = value_of(entity, "method")
    now = RETRIEVAL_METHODS[0] if state == ABSENT else state.strip('"')
    options = (state, *(one for one in RETRIEVAL_METHODS if one != now))
    write = partial(set_to, entity, "method")
    doc = "how passages are searched"
    return Switch(f"{entity.id}:method", "structure", entity, state, options, (1.0,) * len(options), doc, write)


def steps(program: Program, entity: Entity) -> Switch | None:
    """How many steps an agent may take."""
    return _count(entity, "max_steps", "how many steps may be taken") if entity.kind == "agent" else None


def _count(entity: Entity, name: str, doc: str) -> Switch | None:
    """Half and twice of what is written; some usual counts where nothing is."""
    if not has_body(entity):
        return None
    state, spec = value_of(entity, name), SETTINGS[entity.kind][name]
    if state == ABSENT:
        now, counts = _FIRST_COUNTS[name]
    elif state.isdecimal() and int(state):
        now = int(state)
        counts = tuple(one for one in (now // 2, now * 2) if (spec.low or 1) <= one <= (spec.high or one))
    else:
        return None
    options, prices = (state, *map(str, counts)), tuple(one / now for one in counts)
    write = partial(set_to, entity, name)
    return Switch(f"{entity.id}:{name}", "structure", entity, state, options, (1.0, *prices), doc, write)
