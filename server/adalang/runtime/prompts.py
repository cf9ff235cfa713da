"""How prompts become messages: params and examples put in, templates rendered, the answer's form asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from adalang.language.checks.scope import result_type
from adalang.language.datasets import NotConstant, constant
from adalang.language.declarations import (
    AgentDeclaration,
    Constant,
    Demos,
    ParamDeclaration,
    PromptDeclaration,
    setting,
)
from adalang.language.program import Entity, Module, Program
from adalang.language.templates import uses
from adalang.language.turns import placed_as_turns
from adalang.runtime.answers import AnswerForm, answer_form, written, written_value
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.types import Message
from adalang.runtime.render import render
from adalang.runtime.wording import SAID_NOTHING, article

Overrides = Mapping[str, Any]
"""New values of params (texts) and demos (sequences of objects), by their ids, as an optimizer tries them."""

_NO_INPUT = "(An example of an answer; its input is not shown.)"
_BEGIN = "Begin."


def prompt_form(program: Program, entity: Entity, overrides: Overrides) -> AnswerForm:
    """How a prompt's, or an agent's, answer is asked for and read."""
    declaration = entity.declaration
    assert isinstance(declaration, PromptDeclaration | AgentDeclaration)
    wants = setting(declaration.settings, "reasoning")
    reasons = wants is not None and isinstance(wants.value, Constant) and wants.value.value is True
    steps = next((one for one in declaration.params if one.name.text == "reasoning_steps"), None)
    text = str(overrides.get(f"{entity.id}.reasoning_steps", steps.text)) if steps else ""
    return answer_form(result_type(program, entity), reasoning=reasons, reasoning_steps=text)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What all calls of one prompt share. ``turns`` are the examples that no template places, as messages; ``before`` is what
    an agent's first system message begins with; ``histories`` are the inputs that are turns of the conversation."""

    form: AnswerForm
    values: Mapping[str, Any]
    placed: Mapping[str, Any]
    turns: tuple[Message, ...]
    before: str
    histories: tuple[str, ...]
    unshown: tuple[str, ...]


@dataclass(frozen=True)
class Prompts:
    """A program's prompts under some overrides. What all calls of one prompt share is prepared once.

    ``file_folders``: where files that inputs name may be, besides the workspace."""

    program: Program
    overrides: Overrides
    file_folders: tuple[Path, ...] = ()
    _prepared: dict[str, _Prepared] = field(default_factory=dict, init=False, repr=False, compare=False)

    def messages(self, entity: Entity, inputs: Mapping[str, Any]) -> tuple[tuple[Message, ...], AnswerForm]:
        """What a prompt sends, or how an agent's conversation opens, and how the answer is read."""
        opening, form = self.opening(entity, inputs)
        return with_instruction(opening, form.instruction), form

    def opening(self, entity: Entity, inputs: Mapping[str, Any]) -> tuple[tuple[Message, ...], AnswerForm]:
        """The messages without what they say about the answer's form."""
        declaration, prepared = self._of(entity)
        values = {**prepared.values, **inputs, **prepared.placed}
        turns = prepared.turns

        messages: list[Message] = []
        for message in declaration.messages:
            if message.role == "user" and turns:
                messages += turns
                turns = ()
            text = self._render(entity, message.template.text.value, values, message.role)
            messages.append(Message(message.role, text))
        if isinstance(declaration, AgentDeclaration):
            messages = _begun(messages, prepared.before, {name: inputs[name] for name in prepared.unshown})
        past = [_turn(one["role"], one["text"]) for name in prepared.histories for one in inputs.get(name) or ()]
        return tuple(_with_history(messages, past)), prepared.form

    def form(self, entity: Entity) -> AnswerForm:
        """How the answer is asked for and read."""
        return self._of(entity)[1].form

    def _of(self, entity: Entity) -> tuple[PromptDeclaration | AgentDeclaration, _Prepared]:
        declaration = entity.declaration
        if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
            raise BugFailure(f"`{entity.id}` is {article(entity.kind)}; only prompts and agents have messages")
        prepared = self._prepared.get(entity.id)
        if prepared is None:
            prepared = self._prepared[entity.id] = self._prepare(entity, declaration)
        return declaration, prepared

    def _prepare(self, entity: Entity, declaration: PromptDeclaration | AgentDeclaration) -> _Prepared:
        form = prompt_form(self.program, entity, self.overrides)
        own = self.param_values(entity, declaration)
        values = {**self._shared_values(entity), **own}
        demos = {one.name.text: self._demo_values(entity, one) for one in declaration.demos}
        named = {use.name for message in declaration.messages for use in uses(message.template)}
        placed = {name: examples for name, examples in demos.items() if name in named}
        left = [one for name, examples in demos.items() if name not in named for one in examples]
        histories = placed_as_turns(self.program, entity.module, declaration)
        turns: list[Message] = []
        before = ""
        if isinstance(declaration, AgentDeclaration):
            texts = [text for name, text in own.items() if name not in named and name != "reasoning_steps"]
            before = "\n\n".join(one for one in (*texts, _told_examples(left, form)) if one.strip())
        else:
            turns = self._demo_turns(entity, declaration, left, values | placed, form)
        inputs = [one.name.text for one in declaration.parameters]
        unshown = tuple(name for name in inputs if name not in named and name not in histories)
        return _Prepared(form, values, placed, tuple(turns), before, histories, unshown)

    def _render(self, entity: Entity, text: str, values: Mapping[str, Any], role: str) -> Any:
        folder = entity.module.path.parent
        return render(text, values, where=f"{entity.id}, {role} message", folder=folder, within=self.file_folders)

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

    def param_values(self, entity: Entity, declaration: PromptDeclaration | AgentDeclaration) -> dict[str, Any]:
        overrides = self.overrides
        return {one.name.text: overrides.get(f"{entity.id}.{one.name.text}", one.text) for one in declaration.params}

    def _shared_values(self, entity: Entity) -> dict[str, Any]:
        """Top-level params of the prompt's file by name, and those of imported files as fields of the file's name."""

        def params_of(module: Module) -> dict[str, Any]:
            found = {}
            for name, item in module.names.items():
                if isinstance(item.declaration, ParamDeclaration):
                    shared = self.program.entity(module, item)
                    found[name] = self.overrides.get(shared.id, item.declaration.param.text)
            return found

        values: dict[str, Any] = params_of(entity.module)
        for name, module in self.program.imported(entity.module).items():
            values.setdefault(name, params_of(module))
        return values

    def _demo_values(self, entity: Entity, demos: Demos) -> list[Mapping[str, Any]]:
        given = self.overrides.get(f"{entity.id}.{demos.name.text}")
        if given is not None:
            return list(given)
        try:
            return list(constant(demos.value)) if demos.value is not None else []
        except NotConstant as error:
            raise BugFailure(f"`{entity.id}.{demos.name.text}`: examples hold plain values only") from error


def with_instruction(messages: Sequence[Message], instruction: str) -> tuple[Message, ...]:
    """The output instruction ends the first system message, or stands before all others."""
    if not instruction:
        return tuple(messages)
    for at, message in enumerate(messages):
        if message.role == "system" and isinstance(message.content, str):
            joined = f"{message.content.rstrip()}\n\n{instruction}" if message.content.strip() else instruction
            return (*messages[:at], Message("system", joined), *messages[at + 1 :])
    return (Message("system", instruction), *messages)


def _turn(role: Literal["user", "assistant"], text: str) -> Message:
    """A turn of an earlier conversation."""
    said_nothing = SAID_NOTHING if role == "assistant" else "(no message)"
    return Message(role, text if text.strip() else said_nothing)


def _with_history(messages: list[Message], past: list[Message]) -> list[Message]:
    """The turns of a conversation stand before what its user says last."""
    last = max((at for at, message in enumerate(messages) if message.role == "user"), default=len(messages))
    return [*messages[:last], *past, *messages[last:]]


def _begun(messages: list[Message], before: str, unshown: Mapping[str, Any]) -> list[Message]:
    """An agent's messages: what no message of its own shows comes first (texts) and last (inputs)."""
    if before:
        first = messages[0].content if messages and messages[0].role == "system" else ""
        if isinstance(first, str) and first:
            messages = [Message("system", f"{before}\n\n{first}"), *messages[1:]]
        else:
            messages = [Message("system", before), *messages]
    if any(message.role == "user" for message in messages):
        return messages
    texts = {name: value if isinstance(value, str) else as_json(value) for name, value in unshown.items()}
    told = (
        next(iter(texts.values())) if len(texts) == 1 else "\n".join(f"{name}: {text}" for name, text in texts.items())
    )
    return [*messages, Message("user", told or _BEGIN)]


def _told_examples(examples: list[Mapping[str, Any]], form: AnswerForm) -> str:
    """An agent's examples as text: as turns they would show answers that were given without a look at any tool."""
    told = []
    for example in examples:
        given = {name: value for name, value in example.items() if name not in ("output", "reasoning")}
        reasoning = f"\nreasoning: {example['reasoning']}" if example.get("reasoning") else ""
        told.append(f"given: {as_json(given)}{reasoning}\nfinal answer: {written_value(example.get('output'), form)}")
    return "\n\n".join(["Examples of right final answers:", *told]) if told else ""


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
