"""Runs components: prompts through the model gateway, pipelines as dataflow.

Lines of a pipeline that do not need each other run at the same time. What a run did is in its trace, in the order that the
program means, however the calls overlapped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from adalang.language.checks.scope import result_type
from adalang.language.datasets import NotConstant, constant
from adalang.language.declarations import (
    COMPONENT_KINDS,
    AgentDeclaration,
    Binary,
    Binding,
    CallExpression,
    Comprehension,
    Constant,
    Demos,
    Expression,
    ListExpression,
    Match,
    Member,
    Not,
    ObjectExpression,
    ParamDeclaration,
    PipelineDeclaration,
    PromptDeclaration,
    Reference,
    Repeat,
    Return,
    Statement,
    Text,
    Wildcard,
    dotted,
    setting,
)
from adalang.language.program import Entity, Module, Program
from adalang.language.templates import uses
from adalang.language.types import ListOf, ObjectOf, OptionalOf, Type, misfit
from adalang.runtime.answers import AnswerForm, answer_form, read_answer, written
from adalang.runtime.failures import BudgetExceeded, BugFailure, Failure, UnreadableFailure, most_telling
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import Message, ModelSpec, Request
from adalang.runtime.provenance import Origin, Origins, Sourced, computed, deciding, inside, merged, spread, taken
from adalang.runtime.render import render
from adalang.runtime.resolve import Models
from adalang.runtime.trace import Call, Trace

Overrides = Mapping[str, Any]
"""New values of params (texts) and demos (sequences of objects), by their ids, as an optimizer tries them."""

_NO_INPUT = "(An example of an answer; its input is not shown.)"
NOT_YET = "runs in a later version; it is parsed and checked today"


class RunFailed(Exception):
    """A run without a result. ``failure`` says why (and of which kind), ``trace`` how far it came."""

    def __init__(self, failure: Failure | BudgetExceeded, trace: Trace) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:  # so that it can leave a worker process
        return RunFailed, (self.failure, self.trace)


@dataclass(frozen=True)
class Runtime:
    """Runs one program's components over one gateway."""

    program: Program
    gateway: Gateway
    models: Models
    overrides: Overrides = field(default_factory=dict)
    budget: Budget | None = None
    _prepared: dict[str, _Prepared] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def run(self, entity: Entity, inputs: Mapping[str, Any], *, sample: int = 0) -> tuple[Any, Trace]:
        """The component's output for ``inputs`` (by name) and the trace. ``sample`` tells repeats apart.

        Raises:
            RunFailed: with the typed failure and the trace so far.
        """
        run = _Run(self, sample)
        try:
            output = await run.component(entity, inputs, (), parent=None, binding="", place=())
        except (Failure, BudgetExceeded) as failure:
            run.trace.settle()
            raise RunFailed(failure, run.trace) from failure
        run.trace.settle()
        return output.value, run.trace

    def messages(self, entity: Entity, inputs: Mapping[str, Any]) -> tuple[Message, ...]:
        """What a prompt would send for these inputs; nothing is called."""
        return _Run(self, 0).prompt_messages(entity, _checked_inputs(self.program, entity, inputs))[0]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What all calls of one prompt share. ``turns`` are the examples that no template places, as messages."""

    form: AnswerForm
    values: Mapping[str, Any]
    placed: Mapping[str, Any]
    turns: tuple[Message, ...]


def prompt_form(program: Program, entity: Entity, overrides: Overrides) -> AnswerForm:
    """How a prompt's answer is asked for and read."""
    declaration = entity.declaration
    assert isinstance(declaration, PromptDeclaration)
    wants = setting(declaration.settings, "reasoning")
    reasons = wants is not None and isinstance(wants.value, Constant) and wants.value.value is True
    steps = next((one for one in declaration.params if one.name.text == "reasoning_steps"), None)
    text = str(overrides.get(f"{entity.id}.reasoning_steps", steps.text)) if steps else ""
    return answer_form(result_type(program, entity), reasoning=reasons, reasoning_steps=text)


def _checked_inputs(program: Program, entity: Entity, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with defaults filled in.

    Raises:
        BugFailure: one is missing, unknown, or of another type.
    """
    parameters = entity.declaration.parameters  # type: ignore[union-attr]
    known = [one.name.text for one in parameters]
    for name in inputs:
        if name not in known:
            raise BugFailure(f"`{entity.id}` has no input `{name}`; it takes {', '.join(known) or 'none'}")
    values: dict[str, Any] = {}
    for one in parameters:
        name = one.name.text
        declared = program.type_of(one.type, entity.module)
        if name in inputs:
            values[name] = inputs[name]
        elif one.default is not None:
            values[name] = constant(one.default)
        elif misfit(None, declared) is None:
            values[name] = None
        else:
            raise BugFailure(f"`{entity.id}` needs the input `{name}`")
        reason = misfit(values[name], declared, name)
        if reason:
            raise BugFailure(f"`{entity.id}`: {reason}")
        values[name] = _filled(values[name], declared)
    return values


def _filled(value: Any, declared: Type) -> Any:
    """A value that fits, with the optional fields that it leaves out set to ``None``: templates may name them."""
    match declared:
        case OptionalOf(item=item):
            return None if value is None else _filled(value, item)
        case ListOf(item=item):
            return [_filled(one, item) for one in value]
        case ObjectOf(fields=fields):
            return {**value, **{one.name: _filled(value.get(one.name), one.type) for one in fields}}
        case _:
            return value


Names = dict[str, Callable[[], Awaitable[Sourced]]]
Place = tuple[int, ...]


class _Run:
    def __init__(self, runtime: Runtime, sample: int) -> None:
        self._runtime = runtime
        self._program = runtime.program
        self._sample = sample
        self.trace = Trace()

    # ---- components

    async def component(
        self,
        entity: Entity,
        inputs: Mapping[str, Any],
        origins: Origins,
        *,
        parent: int | None,
        binding: str,
        place: Place,
    ) -> Sourced:
        if entity.kind not in ("prompt", "pipeline"):
            raise BugFailure(f"`{entity.id}` is {_article(entity.kind)}, which {NOT_YET}")
        values = _checked_inputs(self._program, entity, inputs)
        call = Call(entity.id, entity.kind, values, parent, binding, place=place, origins=origins)
        self.trace.calls.append(call)
        at = len(self.trace.calls) - 1
        try:
            match entity.declaration:
                case PromptDeclaration():
                    call.output = await self._prompt(entity, values, call)
                    call.returned = (Origin(at),)
                case PipelineDeclaration() as declaration:
                    found = await self._pipeline(entity, declaration, values, at)
                    call.output, call.returned = found.value, found.origins
                case _:
                    raise AssertionError(entity.kind)
        except (Failure, BudgetExceeded) as failure:
            call.error = str(failure)
            if isinstance(failure, Failure) and entity.kind == "prompt":
                call.usage += failure.usage
            raise
        return Sourced(call.output, call.returned)

    # ---- prompts

    async def _prompt(self, entity: Entity, inputs: Mapping[str, Any], call: Call) -> Any:
        declaration = entity.declaration
        assert isinstance(declaration, PromptDeclaration)
        messages, form = self.prompt_messages(entity, inputs)
        call.messages = messages
        model = self._runtime.models.of_setting(entity, setting(declaration.settings, "model"))
        request = Request(model, messages, form.schema, _schema_name(entity), sample=self._sample_of(model))
        response = await self._runtime.gateway.complete(request, budget=self._runtime.budget)
        call.usage, call.answer_usage, call.raw = response.usage, response.answer_usage, response.text
        try:
            output, call.reasoning = read_answer(response.text, form)
        except UnreadableFailure as failure:
            raise UnreadableFailure(f"`{entity.id}`: {failure}", raw=failure.raw) from failure
        return output

    def _sample_of(self, model: ModelSpec) -> int:
        """Deterministic models give the same answer every time: a repeat would be a second payment for the first one."""
        return 0 if model.provider == "builtin" else self._sample

    def prompt_messages(self, entity: Entity, inputs: Mapping[str, Any]) -> tuple[tuple[Message, ...], AnswerForm]:
        declaration = entity.declaration
        if not isinstance(declaration, PromptDeclaration):
            raise BugFailure(f"`{entity.id}` is {_article(entity.kind)}; only prompts have messages")
        prepared = self._runtime._prepared.get(entity.id)
        if prepared is None:
            prepared = self._runtime._prepared[entity.id] = self._prepare(entity, declaration)
        values = {**prepared.values, **inputs, **prepared.placed}
        turns = prepared.turns

        messages: list[Message] = []
        for message in declaration.messages:
            if message.role == "user" and turns:
                messages += turns
                turns = ()
            text = self._render(entity, message.template.text.value, values, message.role)
            messages.append(Message(message.role, text))
        return tuple(_with_instruction(messages, prepared.form.instruction)), prepared.form

    def _prepare(self, entity: Entity, declaration: PromptDeclaration) -> _Prepared:
        form = prompt_form(self._program, entity, self._runtime.overrides)
        values = {**self._shared_values(entity), **self._param_values(entity, declaration)}
        demos = {one.name.text: self._demo_values(entity, one) for one in declaration.demos}
        named = {use.name for message in declaration.messages for use in uses(message.template)}
        placed = {name: examples for name, examples in demos.items() if name in named}
        left = [one for name, examples in demos.items() if name not in named for one in examples]
        turns = self._demo_turns(entity, declaration, left, values | placed, form)
        return _Prepared(form, values, placed, tuple(turns))

    def _render(self, entity: Entity, text: str, values: Mapping[str, Any], role: str) -> Any:
        folder = entity.module.path.parent
        return render(text, values, where=f"{entity.id}, {role} message", folder=folder)

    def _demo_turns(
        self,
        entity: Entity,
        declaration: PromptDeclaration,
        examples: list[Mapping[str, Any]],
        values: Mapping[str, Any],
        form: AnswerForm,
    ) -> list[Message]:
        """Each example as a turn of the user, rendered by the same templates, and one of the assistant.

        An example that has no input shows how to reason, not about what: its user's turn says so.
        """
        templates = [one.template.text.value for one in declaration.messages if one.role == "user"]
        empty = {one.name.text: "" for one in declaration.parameters}
        turns = []
        for example in examples:
            inside = {**values, **empty, **{name: value for name, value in example.items() if name in empty}}
            if not empty or empty.keys() & example.keys():
                turns += [Message("user", self._render(entity, text, inside, "user")) for text in templates]
            else:
                turns.append(Message("user", _NO_INPUT))
            answer = written(example.get("output"), form, str(example.get("reasoning", "")))
            turns.append(Message("assistant", answer))
        return turns

    def _param_values(self, entity: Entity, declaration: PromptDeclaration | AgentDeclaration) -> dict[str, Any]:
        overrides = self._runtime.overrides
        return {one.name.text: overrides.get(f"{entity.id}.{one.name.text}", one.text) for one in declaration.params}

    def _shared_values(self, entity: Entity) -> dict[str, Any]:
        """Top-level params of the prompt's file by name, and those of imported files as fields of the file's name."""

        def params_of(module: Module) -> dict[str, Any]:
            found = {}
            for name, item in module.names.items():
                if isinstance(item.declaration, ParamDeclaration):
                    shared = self._program.entity(module, item)
                    found[name] = self._runtime.overrides.get(shared.id, item.declaration.param.text)
            return found

        values: dict[str, Any] = params_of(entity.module)
        for name, module in self._program.imported(entity.module).items():
            values.setdefault(name, params_of(module))
        return values

    def _demo_values(self, entity: Entity, demos: Demos) -> list[Mapping[str, Any]]:
        given = self._runtime.overrides.get(f"{entity.id}.{demos.name.text}")
        if given is not None:
            return list(given)
        try:
            return list(constant(demos.value)) if demos.value is not None else []
        except NotConstant as error:
            raise BugFailure(f"`{entity.id}.{demos.name.text}`: examples hold plain values only") from error

    # ---- pipelines

    async def _pipeline(
        self, entity: Entity, declaration: PipelineDeclaration, inputs: Mapping[str, Any], at: int
    ) -> Sourced:
        call = self.trace.calls[at]
        frame = _Frame(self, entity.module, at, call.place)
        names: Names = {name: _constantly(Sourced(value, taken(name, call.origins))) for name, value in inputs.items()}
        try:
            async with asyncio.TaskGroup() as group:
                output = group.create_task(frame.block(declaration.body, names, group, ()))
        except BaseExceptionGroup as errors:
            raise most_telling(errors) from None
        steps = {name: await names[name]() for name in names if name not in inputs}
        if at == 0:
            self.trace.steps = {name: step.value for name, step in steps.items()}
            self.trace.step_origins = {name: step.origins for name, step in steps.items()}
        return output.result()


def _constantly(value: Sourced) -> Callable[[], Awaitable[Sourced]]:
    async def given() -> Sourced:
        return value

    return given


@dataclass(frozen=True, slots=True)
class _Frame:
    """One pipeline's body while it runs. ``caller`` is the pipeline's position in the trace."""

    run: _Run
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
            names.update({name: _constantly(value) for name, value in found.items()})
            until = await self.value(statement.until, names, (*at, turn, 1 << 30), "")
            went_on = deciding([until])
            if _truth(until.value, "until"):
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
                return Sourced(not _truth(denied.value, "not"), computed(denied))
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
        entity = self.run._program.resolve(name, self.module)
        if entity is not None and isinstance(entity.declaration, ParamDeclaration):
            return Sourced(self.run._runtime.overrides.get(entity.id, entity.declaration.param.text))
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
        entity = self.run._program.resolve(path, self.module)
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
        scopes = [{**names, one.name.text: _constantly(item)} for item in spread(source)]
        filtered: Origins = ()
        if one.condition is not None:
            condition = one.condition
            kept = await self._all([self.value(condition, each, (*at, 1, n), "") for n, each in enumerate(scopes)])
            scopes = [each for each, wanted in zip(scopes, kept, strict=True) if _truth(wanted.value, "if")]
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
            if _truth(left.value, one.operator) == (one.operator == "or"):
                return Sourced(left.value, computed(left))
            right = await self.value(one.right, names, (*at, 1), "")
            return Sourced(_truth(right.value, one.operator), computed(left, right))
        right = await self.value(one.right, names, (*at, 1), "")
        return Sourced(compare(one.operator, left.value, right.value), computed(left, right))


def _list(items: list[Sourced]) -> Sourced:
    origins = tuple(one for nth, item in enumerate(items) for one in inside(nth, item.origins))
    return Sourced([item.value for item in items], origins)


def _object(fields: Mapping[str, Sourced]) -> Sourced:
    origins = tuple(one for name, value in fields.items() for one in inside(name, value.origins))
    return Sourced({name: value.value for name, value in fields.items()}, origins)


def compare(operator: str, left: Any, right: Any) -> bool:
    """The language's comparisons on plain values.

    Raises:
        BugFailure: the two cannot be compared that way.
    """
    try:
        match operator:
            case "==":
                return bool(left == right)
            case "!=":
                return bool(left != right)
            case "<":
                return bool(left < right)
            case "<=":
                return bool(left <= right)
            case ">":
                return bool(left > right)
            case ">=":
                return bool(left >= right)
            case "in":
                return left in right
            case _:
                return left not in right
    except TypeError as error:
        raise BugFailure(f"{left!r} {operator} {right!r} has no meaning") from error


def _truth(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise BugFailure(f"`{where}` takes true or false, not {value!r}")
    return value


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


def _with_instruction(messages: list[Message], instruction: str) -> list[Message]:
    """The output instruction ends the first system message, or stands before all others."""
    if not instruction:
        return messages
    for at, message in enumerate(messages):
        if message.role == "system" and isinstance(message.content, str):
            joined = f"{message.content.rstrip()}\n\n{instruction}" if message.content.strip() else instruction
            return [*messages[:at], Message("system", joined), *messages[at + 1 :]]
    return [Message("system", instruction), *messages]


def _schema_name(entity: Entity) -> str:
    return entity.id.replace(".", "_")[:64]


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
