"""The parts of a file that a search sees: what may change, and the components around it."""

from __future__ import annotations

from collections.abc import Sequence

from adalang.engine.changeable import rewritten
from adalang.engine.choices import Switch, switches
from adalang.engine.choices.descriptions import descriptions, descriptions_of
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
from adalang.language.edits import EditRefused
from adalang.language.program import Entity, Program
from adalang.language.reach import Trainable, shared_params
from adalang.language.types import Labels, ListOf, ObjectOf, OptionalOf, Type, describe
from adalang.optimizer.candidate import Choice, Value
from adalang.optimizer.task import Component
from adalang.optimizer.task import Param as TaskParam
from adalang.runtime.contract import in_words
from adalang.runtime.failures import BugFailure
from adalang.runtime.prompts import prompt_form


def task_param(one: Trainable) -> TaskParam:
    part = one.part
    if isinstance(part, Param):
        return TaskParam(one.id, "text", one.owner.id, part.text, part.doc)
    most = setting(part.settings, "max")
    bound = most.value.value if most is not None and isinstance(most.value, Constant) else None
    return TaskParam(one.id, "demos", one.owner.id, _examples(part), "", int(bound) if bound is not None else None)


def allowed_params(program: Program, target: Entity, allow: Sequence[str], fixed: frozenset[str]) -> list[TaskParam]:
    """What an optimize block allows to change besides params and demos. ``fixed``: components whose model is given."""
    params = []
    for one in switches(program, target) if {"structure", "models"} & set(allow) else ():
        if one.family in allow and not (one.family == "models" and one.owner.id in fixed):
            param = _choice_param(program, one)
            params += [param] if len(param.options) > 1 else []
    for text in descriptions(program, target) if "tools" in allow else ():
        params.append(TaskParam(text.id, "text", text.owner.id, text.text, "what models are told about the tool"))
    return params


def _choice_param(program: Program, one: Switch) -> TaskParam:
    """A choice with those of its options that can be written exactly."""
    known = {
        option: price for option, price in zip(one.options, one.prices, strict=True) if _holds(program, one, option)
    }
    return TaskParam(
        one.id,
        "choice",
        one.owner.id,
        Choice(one.state),
        one.doc,
        family=one.family,
        options=tuple(known),
        prices=tuple(known.values()),
    )


def _holds(program: Program, one: Switch, option: str) -> bool:
    try:
        rewritten(program, {one.id: option})
    except EditRefused:
        return False
    return True


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
    form = prompt_form(program, entity, {}) if isinstance(declaration, PromptDeclaration | AgentDeclaration) else None
    return Component(
        name=entity.id,
        kind=entity.kind,
        signature=f"{entity.kind} {entity.id}({inputs}) -> {describe(returns)}",
        templates=templates(entity),
        words=tuple(_words(returns)),
        shared=_shared(program, entity),
        contract=in_words(form) if form is not None else "",
        reasons=form is not None and form.reasoning,
    )


def templates(entity: Entity) -> list[tuple[str, str]]:
    declaration = entity.declaration
    if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return []
    if isinstance(declaration, AgentDeclaration) and not declaration.messages:
        params = "\n\n".join(f"{{{{ {one.name.text} }}}}" for one in declaration.params)
        inputs = "\n".join(f"{{{{ {one.name.text} }}}}" for one in declaration.parameters)
        return [("system", params), ("user", inputs)]
    return [(one.role, one.template.text.value) for one in declaration.messages]


def _shared(program: Program, entity: Entity) -> tuple[str, ...]:
    if not isinstance(entity.declaration, PromptDeclaration | AgentDeclaration):
        return ()
    own = [one.id for one in descriptions_of(program, entity)] if entity.kind == "agent" else []
    return (*(one.id for one in shared_params(program, entity)), *own)


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
