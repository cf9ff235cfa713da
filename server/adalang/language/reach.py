"""Which components a component reaches through calls and tools, and what of them the optimizer may change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from adalang.language import templates
from adalang.language.declarations import (
    COMPONENT_KINDS,
    AgentDeclaration,
    Binding,
    CallExpression,
    Declaration,
    Demos,
    Expression,
    ListExpression,
    OptimizeDeclaration,
    Param,
    ParamDeclaration,
    PipelineDeclaration,
    PromptDeclaration,
    Repeat,
    RetrieverDeclaration,
    Return,
    Statement,
    Text,
    setting,
    walk,
)
from adalang.language.program import Entity, Program
from adalang.language.settings import ALLOWED
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Trainable:
    """A param or demos that the optimizer may change. ``id``: "classify.instruction", or "tone" at top level."""

    id: str
    kind: Literal["text", "demos"]
    owner: Entity
    part: Param | Demos

    @property
    def span(self) -> Span:
        """Where it stands in its file."""
        return self.part.span.shifted(self.owner.item.start)


def callees(program: Program, entity: Entity) -> list[Entity]:
    """The components that a component calls, in the order of first mention."""
    found: dict[str, Entity] = {}
    for expression in _callee_expressions(entity.declaration):
        target = program.resolve_expression(expression, entity.module)
        if target is not None and target.kind in COMPONENT_KINDS:
            found.setdefault(target.id, target)
    return list(found.values())


def _callee_expressions(declaration: Declaration) -> Iterator[Expression]:
    match declaration:
        case PipelineDeclaration(body=body):
            for expression in statement_expressions(body):
                for part in walk(expression):
                    if isinstance(part, CallExpression):
                        yield part.function
        case AgentDeclaration(settings=settings):
            tools = setting(settings, "tools")
            if tools is not None and isinstance(tools.value, ListExpression):
                yield from tools.value.items
        case RetrieverDeclaration(settings=settings):
            rerank = setting(settings, "rerank")
            if rerank is not None:
                yield rerank.value
        case _:
            pass


def statement_expressions(body: tuple[Statement, ...]) -> Iterator[Expression]:
    for statement in body:
        match statement:
            case Binding(value=value) | Return(value=value):
                yield value
            case Repeat(until=until, body=inner):
                yield from statement_expressions(inner)
                yield until


def reached(program: Program, entity: Entity) -> list[Entity]:
    """The component and all that it calls, directly or not, callers first."""
    found: dict[str, Entity] = {}
    waiting = [entity]
    while waiting:
        current = waiting.pop(0)
        if current.id not in found:
            found[current.id] = current
            waiting += callees(program, current)
    return list(found.values())


def trainable(program: Program, entity: Entity) -> list[Trainable]:
    """Every param and demos that the component reaches, shared top-level params included, in a stable order."""
    found: dict[str, Trainable] = {}
    for component in reached(program, entity):
        for one in own_trainable(component):
            found.setdefault(one.id, one)
        if isinstance(component.declaration, PromptDeclaration | AgentDeclaration):
            for shared in shared_params(program, component):
                for one in own_trainable(shared):
                    found.setdefault(one.id, one)
    return list(found.values())


def allowed(declaration: OptimizeDeclaration) -> tuple[str, ...]:
    """What the search may change besides params and demos, in the order of :data:`ALLOWED`."""
    found = setting(declaration.settings, "allow")
    items = found.value.items if found is not None and isinstance(found.value, ListExpression) else ()
    given = {one.value for one in items if isinstance(one, Text)}
    return tuple(word for word in ALLOWED if word in given)


def trainables(program: Program) -> dict[str, Trainable]:
    """Every param and demos of the program by id, the root file's first, whether something reaches it or not."""
    found: dict[str, Trainable] = {}
    for entity in program.entities("param", "prompt", "agent"):
        for one in own_trainable(entity):
            found.setdefault(one.id, one)
    return found


def trainable_named(program: Program, name: str) -> Trainable | None:
    """The param or demos with an id of :func:`trainables`, without a look at all the others."""
    owners = (program.resolve(name), program.resolve(name.rpartition(".")[0]))
    parts = (one for entity in owners if entity is not None for one in own_trainable(entity))
    return next((one for one in parts if one.id == name), None)


def own_trainable(entity: Entity) -> list[Trainable]:
    """The params and demos that stand in one declaration (a top-level param: itself)."""
    declaration = entity.declaration
    if isinstance(declaration, ParamDeclaration):
        return [Trainable(entity.id, "text", entity, declaration.param)] if declaration.name.text else []
    if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return []
    parts: list[Param | Demos] = [*declaration.params, *declaration.demos]
    return [
        Trainable(f"{entity.id}.{one.name.text}", "text" if isinstance(one, Param) else "demos", entity, one)
        for one in parts
        if one.name.text
    ]


def shared_params(program: Program, component: Entity) -> list[Entity]:
    """The top-level params that a prompt's messages show."""
    declaration = component.declaration
    assert isinstance(declaration, PromptDeclaration | AgentDeclaration)
    own = {one.name.text for one in declaration.parameters}
    own |= {one.name.text for one in declaration.params} | {one.name.text for one in declaration.demos}
    found: dict[str, Entity] = {}
    for message in declaration.messages:
        for use in templates.uses(message.template):
            if use.name in own:
                continue
            names = [use.name, *([f"{use.name}.{use.fields[0][0]}"] if use.fields else [])]
            for name in names:
                target = program.resolve(name, component.module)
                if target is not None and target.kind == "param":
                    found.setdefault(target.id, target)
    return list(found.values())
