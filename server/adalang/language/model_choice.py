"""Which model a name, a text or a declaration means, and where each of its options comes from, before anything is looked up
in the environment.

A declaration may build on another one (`model slow = fast { retries = 5 }`): what stands nearest counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from adalang.language.declarations import CallExpression, Expression, ModelDeclaration, Text, dotted
from adalang.language.program import Entity, Module, Program


class Unresolved(ValueError):
    """What is written means no model; the text says why."""


@dataclass(frozen=True, slots=True)
class Option:
    """A setting as it is written, and the declaration that it is written in."""

    value: Expression
    owner: Entity


@dataclass(frozen=True)
class ModelChoice:
    """``id`` is "" where it comes from the environment, by ``call``; ``module`` is where that stands. ``chain`` are the
    declarations on the way to it, the nearest first; none when the id is written where it is used. ``options`` are in the order
    from the chain's far end.
    """

    id: str
    module: Module
    call: CallExpression | None = None
    chain: tuple[Entity, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)


def choose(program: Program, value: Expression, module: Module) -> ModelChoice:
    """The model that ``value`` means in ``module``.

    Raises:
        Unresolved: it names no model, or models that build on each other in a circle.
    """
    return _choose(program, value, module, ())


def choose_named(program: Program, name: str, module: Module) -> ModelChoice | None:
    """The model that is declared under ``name``, as seen from ``module`` or from the root; ``None`` when none is.

    Raises:
        Unresolved: models build on each other in a circle.
    """
    entity = program.resolve(name, module) or program.resolve(name)
    if entity is None or not isinstance(entity.declaration, ModelDeclaration):
        return None
    return _declared(program, entity, entity.declaration, ())


def _choose(program: Program, value: Expression, module: Module, within: tuple[str, ...]) -> ModelChoice:
    if isinstance(value, CallExpression):
        return ModelChoice("", module, value)
    if isinstance(value, Text):
        entity = program.resolve(value.value, module) or program.resolve(value.value)
        if entity is None or not isinstance(entity.declaration, ModelDeclaration):
            return ModelChoice(value.value, module)
    else:
        entity = program.resolve_expression(value, module)
    if entity is None or not isinstance(entity.declaration, ModelDeclaration):
        raise Unresolved(f"`{dotted(value) or '…'}` is no declared model")
    return _declared(program, entity, entity.declaration, within)


def _declared(program: Program, entity: Entity, declaration: ModelDeclaration, within: tuple[str, ...]) -> ModelChoice:
    if entity.id in within:
        raise Unresolved(f"the models {' -> '.join((*within, entity.id))} build on each other in a circle")
    base = _choose(program, declaration.value, entity.module, (*within, entity.id))
    own = {one.name.text: Option(one.value, entity) for one in declaration.settings}
    return replace(base, chain=(entity, *base.chain), options={**base.options, **own})
