"""The order in which an answer's fields are written: what comes first is thought of first."""

from __future__ import annotations

from functools import partial
from itertools import permutations

from adalang.engine.choices.base import Switch, written
from adalang.language.declarations import ListType, NamedType, ObjectType, OptionalType, TypeDeclaration, TypeExpression
from adalang.language.program import Entity, Program
from adalang.language.text import Edit, Span

_ALL_ORDERS = 3
"""Objects of so few fields are tried in every order; of more, each field at the front and at the end."""


def fields(program: Program, entity: Entity) -> Switch | None:
    """The order of the fields of a prompt's result, or of the object that a type is. The type's where it has a name."""
    found = _object_of(program, entity)
    if found is None:
        return None
    owner, written_type = found
    names = [one.name.text for one in written_type.fields]
    if len(names) < 2 or len(set(names)) < len(names) or _is_commented(owner, written_type):
        return None
    orders = (
        list(permutations(names))
        if len(names) <= _ALL_ORDERS
        else [order for name in names for order in _moved(names, name)]
    )
    options = tuple(dict.fromkeys(", ".join(order) for order in (names, *orders)))
    return Switch(
        f"{owner.id}:fields",
        "structure",
        owner,
        options[0],
        options,
        (1.0,) * len(options),
        "the order in which the answer's fields are written",
        partial(_reordered, owner, written_type),
    )


def users_of(program: Program, switch: Switch) -> set[str]:
    """The components whose answers an order of fields is the order of."""
    found = ((one, _object_of(program, one)) for one in program.entities("prompt", "agent"))
    return {one.id for one, of in found if of is not None and of[0].id == switch.owner.id}


def _moved(names: list[str], name: str) -> list[tuple[str, ...]]:
    others = [one for one in names if one != name]
    return [(name, *others), (*others, name)]


def _object_of(program: Program, entity: Entity) -> tuple[Entity, ObjectType] | None:
    """The object that a result is, or is a list of, with the declaration in which it is written out."""
    declaration = entity.declaration
    at: TypeExpression | None = declaration.type if isinstance(declaration, TypeDeclaration) else entity.returns
    seen = {entity.id}
    while at is not None:
        match at:
            case ObjectType():
                return entity, at
            case ListType(item=item) | OptionalType(item=item):
                at = item
            case NamedType(name=name):
                named = program.resolve(name, entity.module)
                if named is None or named.id in seen or not isinstance(named.declaration, TypeDeclaration):
                    return None
                seen.add(named.id)
                entity, at = named, named.declaration.type
            case _:
                return None
    return None


def _is_commented(owner: Entity, found: ObjectType) -> bool:
    """Whether a comment stands between the fields, which would then speak of another one."""
    ends = [found.span.start, *(one.span.end for one in found.fields)]
    starts = [*(one.span.start for one in found.fields), found.span.end]
    return any(
        "#" in written(owner.module, owner.item, Span(end, start)) for end, start in zip(ends, starts, strict=True)
    )


def _reordered(owner: Entity, found: ObjectType, order: str) -> list[Edit]:
    names = {one.name.text: one for one in found.fields}
    wanted = order.split(", ")
    if sorted(wanted) != sorted(names):
        return []
    return [
        Edit(place.span.shifted(owner.item.start), written(owner.module, owner.item, names[name].span))
        for place, name in zip(found.fields, wanted, strict=True)
        if place.name.text != name
    ]
