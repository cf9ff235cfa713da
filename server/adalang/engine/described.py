"""The parts of a file that a search sees: what may change, and the components around it."""

from __future__ import annotations

from adalang.language.checks.scope import result_type
from adalang.language.datasets import NotConstant, constant
from adalang.language.declarations import (
    AgentDeclaration,
    Constant,
    Demos,
    Param,
    PromptDeclaration,
    setting,
)
from adalang.language.program import Entity, Program
from adalang.language.reach import Trainable, shared_params
from adalang.language.types import Labels, ListOf, ObjectOf, OptionalOf, Type, describe
from adalang.optimizer.candidate import Value
from adalang.optimizer.task import Component
from adalang.optimizer.task import Param as TaskParam
from adalang.runtime.failures import BugFailure


def task_param(one: Trainable) -> TaskParam:
    part = one.part
    if isinstance(part, Param):
        return TaskParam(one.id, "text", one.owner.id, part.text, part.doc)
    most = setting(part.settings, "max")
    bound = most.value.value if most is not None and isinstance(most.value, Constant) else None
    return TaskParam(one.id, "demos", one.owner.id, _examples(part), "", int(bound) if bound is not None else None)


def _examples(demos: Demos) -> Value:
    try:
        return tuple(constant(demos.value)) if demos.value is not None else ()
    except NotConstant as error:
        raise BugFailure(f"the examples `{demos.name.text}` hold plain values only") from error


def task_component(program: Program, entity: Entity) -> Component:
    declaration = entity.declaration
    inputs = ", ".join(
        f"{one.name.text}: {describe(program.type_of(one.type, entity.module))}"
        for one in declaration.parameters  # type: ignore[union-attr]
    )
    returns = result_type(program, entity)
    return Component(
        name=entity.id,
        kind=entity.kind,
        signature=f"{entity.kind} {entity.id}({inputs}) -> {describe(returns)}",
        templates=templates(entity),
        words=tuple(_words(returns)),
        shared=_shared(program, entity),
    )


def templates(entity: Entity) -> list[tuple[str, str]]:
    declaration = entity.declaration
    if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return []
    return [(one.role, one.template.text.value) for one in declaration.messages]


def _shared(program: Program, entity: Entity) -> tuple[str, ...]:
    if not isinstance(entity.declaration, PromptDeclaration | AgentDeclaration):
        return ()
    return tuple(one.id for one in shared_params(program, entity))


def _words(returns: Type) -> list[str]:
    match returns:
        case Labels(labels=labels):
            return list(labels)
        case ObjectOf(fields=fields):
            return [one.name for one in fields]
        case ListOf(item=item) | OptionalOf(item=item):
            return _words(item)
        case _:
            return []
