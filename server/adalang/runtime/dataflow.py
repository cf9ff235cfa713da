"""Pipelines as dataflow: lines that do not need each other run at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from adalang.language.declarations import (
    COMPONENT_KINDS,
    Binary,
    Binding,
    CallExpression,
    Comprehension,
    Constant,
    Expression,
    ListExpression,
    Match,
    Member,
    Not,
    ObjectExpression,
    ParamDeclaration,
    PipelineDeclaration,
    Reference,
    Repeat,
    Return,
    Statement,
    Text,
    Wildcard,
    dotted,
)
from adalang.language.program import Entity, Module
from adalang.runtime import running
from adalang.runtime.failures import BugFailure, most_telling
from adalang.runtime.operators import compare, truth
from adalang.runtime.prompts import Overrides
from adalang.runtime.provenance import Origins, Sourced, computed, deciding, inside, merged, spread, taken
from adalang.runtime.trace import Place

Names = dict[str, Callable[[], Awaitable[Sourced]]]


class Run(running.Run, Protocol):
    """What a pipeline needs of the run that it is part of."""

    @property
    def overrides(self) -> Overrides: ...


async def run_pipeline(
    run: Run, entity: Entity, declaration: PipelineDeclaration, inputs: Mapping[str, Any], at: int
) -> Sourced:
    """The pipeline's output; ``at`` is its call's position in the trace.

    Raises:
        Failure, BudgetExceeded: the most telling one of the lines that failed.
    """
    call = run.trace.calls[at]
    frame = _Frame(run, entity.module, at, call.place)
    names: Names = {name: constantly(Sourced(value, taken(name, call.origins))) for name, value in inputs.items()}
    try:
        async with asyncio.TaskGroup() as group:
            output = group.create_task(frame.block(declaration.body, names, group, ()))
    except BaseExceptionGroup as errors:
        raise most_telling(errors) from None
    steps = {name: await names[name]() for name in names if name not in inputs}
    if at == 0:
        run.trace.steps = {name: step.value for name, step in steps.items()}
        run.trace.step_origins = {name: step.origins for name, step in steps.items()}
    return output.result()


async def evaluated(run: Run, entity: Entity, expression: Expression, inputs: Mapping[str, Any], at: int) -> Any:
    """The value of an expression of a declaration's own over its inputs; ``at`` is the declaration's call in the trace."""
    frame = _Frame(run, entity.module, at, run.trace.calls[at].place)
    return (
        await frame.value(expression, {name: constantly(Sourced(one)) for name, one in inputs.items()}, (), "")
    ).value


def constantly(value: Sourced) -> Callable[[], Awaitable[Sourced]]:
    async def given() -> Sourced:
        return value

    return given


@dataclass(frozen=True, slots=True)
class _Frame:
    """One pipeline's body while it runs. ``caller`` is the pipeline's position in the trace."""

    run: Run
    module: Module
    caller: int
    place: Place

    async def block(self, body: tuple[Statement, ...], names: Names, group: asyncio.TaskGroup, at: Place) -> Sourced:
        """Start every line; gives the value of ``return`` (``None`` in loops). ``names`` gains what the lines bind."""
        output: asyncio.Task[Sourced] | None = None
        for number, statement in enumerate(body):
            here = (*at, number)
            match statement:
                case Binding(name=name, value=value):
                    task = group.create_task(self.value(value, dict(names), here, name.text))
                    names[name.text] = _task_value(task)
                case Repeat():
                    loop = group.create_task(self._repeat(statement, dict(names), here))
                    for bound in _bound(statement.body):
                        names[bound] = _loop_value(loop, bound)
                case Return(value=value):
                    output = group.create_task(self.value(value, dict(names), here, ""))
                    break
        return await output if output is not None else Sourced(None)

    async def _repeat(self, statement: Repeat, names: Names, at: Place) -> dict[str, Sourced]:
        """The names bound in the loop after its last round."""
        assert isinstance(statement.times, Constant)
        bound = list(_bound(statement.body))
        went_on: Origins = ()
        for turn in range(int(statement.times.value or 1)):
            async with asyncio.TaskGroup() as group:
                await self.block(statement.body, names, group, (*at, turn))
                values = {name: await names[name]() for name in bound}
            found = {name: self._decided(value, went_on, (*at, turn)) for name, value in values.items()}
            names.update({name: constantly(value) for name, value in found.items()})
            until = await self.value(statement.until, names, (*at, turn, 1 << 30), "")
            went_on = deciding([until])
            if truth(until.value, "until"):
                # What ended the loop has a part in what the loop gives; the last turn's own calls are not told again.
                return {name: Sourced(value.value, merged(value.origins, went_on)) for name, value in found.items()}
        return found

    def _decided(self, value: Sourced, decisions: Origins, at: Place) -> Sourced:
        """A value that was taken because of others: told to the calls made for it at ``at``, or to the value if none was."""
        here = (*self.place, *at)
        calls = self.run.trace.calls
        made = [calls[one.call] for one in value.origins if calls[one.call].place[: len(here)] == here]
        for call in made:
            call.origins = merged(call.origins, decisions)
        return value if made else Sourced(value.value, merged(value.origins, decisions))

    # ---- expressions

    async def value(self, expression: Expression, names: Names, at: Place, binding: str) -> Sourced:
        match expression:
            case Text(value=value) | Constant(value=value):
                return Sourced(value)
            case Reference(name=name):
                return await self._name(name, names)
            case Member():
                return await self._member(expression, names, at)
            case CallExpression():
                return await self._call(expression, names, at, binding)
            case ListExpression(items=items):
                return _list(await self._all([self.value(one, names, (*at, n), "") for n, one in enumerate(items)]))
            case ObjectExpression(pairs=pairs):
                found = await self._all([self.value(one.value, names, (*at, n), "") for n, one in enumerate(pairs)])
                return _object({pair.name.text: value for pair, value in zip(pairs, found, strict=True)})
            case Comprehension():
                return await self._comprehension(expression, names, at)
            case Match():
                return await self._match(expression, names, at, binding)
            case Not(value=inner):
                denied = await self.value(inner, names, at, "")
                return Sourced(not truth(denied.value, "not"), computed(denied))
            case Binary():
                return await self._binary(expression, names, at)
            case _:
                raise BugFailure("a value is missing in the pipeline")

    async def _all(self, work: list[Coroutine[Any, Any, Sourced]]) -> list[Sourced]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
        return [task.result() for task in tasks]

    async def _name(self, name: str, names: Names) -> Sourced:
        if name in names:
            return await names[name]()
        entity = self.run.program.resolve(name, self.module)
        if entity is not None and isinstance(entity.declaration, ParamDeclaration):
            return Sourced(self.run.overrides.get(entity.id, entity.declaration.param.text))
        raise BugFailure(f"nothing is called `{name}` here")

    async def _member(self, expression: Member, names: Names, at: Place) -> Sourced:
        path = dotted(expression)
        if path is not None and path.split(".")[0] not in names:
            return await self._name(path, names)
        owner = await self.value(expression.object, names, at, "")
        field_name = expression.name.text
        if owner.value is None:
            return Sourced(None, taken(field_name, owner.origins))
        if not isinstance(owner.value, Mapping) or field_name not in owner.value:
            raise BugFailure(f"the value has no field `{field_name}`")
        return Sourced(owner.value[field_name], taken(field_name, owner.origins))

    async def _call(self, call: CallExpression, names: Names, at: Place, binding: str) -> Sourced:
        path = dotted(call.function) or "?"
        entity = self.run.program.resolve(path, self.module)
        if entity is None or entity.kind not in COMPONENT_KINDS:
            raise BugFailure(f"`{path}` cannot be called in a pipeline")
        parameters = [one.name.text for one in entity.declaration.parameters]  # type: ignore[union-attr]
        values = await self._all([self.value(one.value, names, (*at, n), "") for n, one in enumerate(call.arguments)])
        inputs: dict[str, Sourced] = {}
        for number, (argument, value) in enumerate(zip(call.arguments, values, strict=True)):
            if argument.name is None and number >= len(parameters):
                raise BugFailure(f"`{path}` takes {len(parameters)} inputs")
            inputs[argument.name.text if argument.name else parameters[number]] = value
        given = _object(inputs)
        return await self.run.component(
            entity,
            given.value,
            given.origins,
            parent=self.caller,
            binding=binding,
            place=(*self.place, *at, len(call.arguments)),
        )

    async def _comprehension(self, one: Comprehension, names: Names, at: Place) -> Sourced:
        source = await self.value(one.source, names, (*at, 0), "")
        if not isinstance(source.value, list | tuple):
            raise BugFailure("`for` runs over a list")
        scopes = [{**names, one.name.text: constantly(item)} for item in spread(source)]
        filtered: Origins = ()
        if one.condition is not None:
            condition = one.condition
            kept = await self._all([self.value(condition, each, (*at, 1, n), "") for n, each in enumerate(scopes)])
            scopes = [each for each, wanted in zip(scopes, kept, strict=True) if truth(wanted.value, "if")]
            filtered = deciding(kept)
        found = _list(await self._all([self.value(one.value, each, (*at, 2, n), "") for n, each in enumerate(scopes)]))
        return Sourced(found.value, merged(found.origins, filtered))

    async def _match(self, match: Match, names: Names, at: Place, binding: str) -> Sourced:
        subject = await self.value(match.subject, names, (*at, 0), "")
        for number, arm in enumerate(match.arms, 1):
            if any(isinstance(one, Wildcard) or one.value == subject.value for one in arm.patterns):
                value = await self.value(arm.value, names, (*at, number), binding)
                return self._decided(value, deciding([subject]), (*at, number))
        raise BugFailure(f"no arm of the match fits {subject.value!r}; add `_ => …`")

    async def _binary(self, one: Binary, names: Names, at: Place) -> Sourced:
        left = await self.value(one.left, names, (*at, 0), "")
        if one.operator in ("and", "or"):
            if truth(left.value, one.operator) == (one.operator == "or"):
                return Sourced(left.value, computed(left))
            right = await self.value(one.right, names, (*at, 1), "")
            return Sourced(truth(right.value, one.operator), computed(left, right))
        right = await self.value(one.right, names, (*at, 1), "")
        return Sourced(compare(one.operator, left.value, right.value), computed(left, right))


def _list(items: list[Sourced]) -> Sourced:
    origins = tuple(one for nth, item in enumerate(items) for one in inside(nth, item.origins))
    return Sourced([item.value for item in items], origins)


def _object(fields: Mapping[str, Sourced]) -> Sourced:
    origins = tuple(one for name, value in fields.items() for one in inside(name, value.origins))
    return Sourced({name: value.value for name, value in fields.items()}, origins)


def _task_value(task: asyncio.Task[Sourced]) -> Callable[[], Awaitable[Sourced]]:
    async def wait() -> Sourced:
        return await asyncio.shield(task)

    return wait


def _loop_value(task: asyncio.Task[dict[str, Sourced]], name: str) -> Callable[[], Awaitable[Sourced]]:
    async def wait() -> Sourced:
        return (await asyncio.shield(task))[name]

    return wait


def _bound(body: tuple[Statement, ...]) -> list[str]:
    found: dict[str, None] = {}
    for statement in body:
        if isinstance(statement, Binding):
            found.setdefault(statement.name.text)
        elif isinstance(statement, Repeat):
            found.update(dict.fromkeys(_bound(statement.body)))
    return list(found)
