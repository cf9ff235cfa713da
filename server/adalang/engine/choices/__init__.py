"""What a file offers to change besides params and demos: choices among a few states, each an exact edit of the file.

Knows the language alone, so that the editor can find a proposal's place as it finds a param's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from adalang.engine.choices import fields, models, structure, verify
from adalang.engine.choices.base import ABSENT, Family, Switch
from adalang.language.program import Entity, Program
from adalang.language.reach import reached

__all__ = ["ABSENT", "Family", "Switch", "switch_named", "switches"]

Maker = Callable[[Program, Entity], Switch | None]

_MAKERS: Mapping[str, Maker] = {
    "fields": fields.fields,
    "reasoning": structure.reasoning,
    "verify": verify.verify,
    "method": structure.method,
    "k": structure.passages,
    "chunk": structure.passage_size,
    "max_steps": structure.steps,
    "model": models.model,
    **{name: partial(models.option, name) for name in models.OPTIONS},
}


def switches(program: Program, target: Entity) -> list[Switch]:
    """The choices that the components offer which ``target`` reaches, and that change the answers of no other component."""
    own = reached(program, target)
    names = {one.id for one in own}
    made = (maker(program, one) for one in own for maker in _MAKERS.values())
    found = {one.id: one for one in made if one is not None}
    return [one for one in found.values() if len(one.options) > 1 and _concerned(program, one) <= names]


def _concerned(program: Program, switch: Switch) -> set[str]:
    """The components whose answers a choice changes, where they are others than its owner."""
    match switch.id.rpartition(":")[2]:
        case "fields":
            return fields.users_of(program, switch)
        case "verify":
            prefix = switch.owner.id.rpartition(".")[0]
            return {f"{prefix}.{one}" if prefix else one for one in verify.callers_of(switch.owner)}
        case _:
            return set()


def switch_named(program: Program, name: str) -> Switch | None:
    """The choice with an id of :func:`switches`."""
    owner, colon, what = name.rpartition(":")
    entity = program.resolve(owner) if colon else None
    maker = _MAKERS.get(what)
    return maker(program, entity) if entity is not None and maker is not None else None
