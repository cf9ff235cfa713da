"""An agent's tools: what a model asks for is read, checked and called; whatever goes wrong is something that it can read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adalang.language.declarations import AgentDeclaration, ListExpression, setting
from adalang.language.diagnostics import did_you_mean
from adalang.language.program import Entity, Program
from adalang.runtime.answers import coerced, read_json
from adalang.runtime.failures import BugFailure, Failure, NotRecorded, TransportFailure, UnreadableFailure
from adalang.runtime.fitting import shortened
from adalang.runtime.inputs import checked_inputs, refuse_no_numbers
from adalang.runtime.models.types import ToolCall
from adalang.runtime.provenance import Origin
from adalang.runtime.running import Run
from adalang.runtime.tools.schema import tool_name, tool_schema
from adalang.runtime.trace import Call, Place

LONGEST_OBSERVATION = 16_000
"""Characters of a tool's answer that a model is shown; the trace has all of it."""


@dataclass(frozen=True)
class Asked:
    """A call that a step's answer asks for: the ``nth`` of the step at ``step`` in the trace, made at ``place`` for ``agent``."""

    call: ToolCall
    nth: int
    step: int
    agent: int
    place: Place


@dataclass(frozen=True)
class Toolbox:
    """The components that an agent may call, by the names that the model knows them by."""

    tools: Mapping[str, Entity]
    schemas: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, program: Program, agent: Entity) -> Toolbox:
        """The tools that an agent names."""
        declaration = agent.declaration
        assert isinstance(declaration, AgentDeclaration)
        found = setting(declaration.settings, "tools")
        items = found.value.items if found is not None and isinstance(found.value, ListExpression) else ()
        named = [program.resolve_expression(one, agent.module) for one in items]
        tools = {tool_name(one): one for one in named if one is not None}
        return cls(tools, tuple(tool_schema(program, one) for one in tools.values()))

    async def observe(self, run: Run, asked: Asked) -> tuple[str, int]:
        """What the model is told of a call, and the call's position in the trace.

        Raises:
            Failure, BudgetExceeded: what the model can do nothing about.
        """
        at = len(run.trace.calls)
        tool = self.tools.get(asked.call.name)
        arguments: Any = asked.call.arguments
        try:
            if tool is None:
                raise _Misused(_unknown(asked.call.name, self.tools))
            arguments = _read(asked.call)
            inputs = _inputs(run.program, tool, arguments)
        except _Misused as mistake:
            run.trace.calls.append(_mistake(asked, tool, arguments, str(mistake)))
            return f"Error: {mistake}", at
        origins = tuple(Origin(asked.step, (name,), ("calls", asked.nth, "arguments", name)) for name in arguments) or (
            Origin(asked.step, decides=True),
        )
        try:
            found = await run.component(tool, inputs, origins, parent=asked.agent, binding="", place=asked.place)
        except Failure as failure:
            if isinstance(failure, BugFailure | TransportFailure | NotRecorded):
                raise
            return shortened(f"Error: {failure}", LONGEST_OBSERVATION), at
        return _told(found.value, inputs, run.trace.calls[at].inputs), at


class _Misused(Exception):
    """A call that cannot be made as the model asks for it."""


def _unknown(name: str, tools: Mapping[str, Entity]) -> str:
    meant = did_you_mean(name, list(tools))
    return f"there is no tool `{name}`" + (
        f"; did you mean `{meant}`?" if meant else f"; there are: {', '.join(tools)}"
    )


def _read(call: ToolCall) -> dict[str, Any]:
    """The arguments by name, read as leniently as answers are."""
    if not call.arguments.strip():
        return {}
    try:
        found = read_json(call.arguments)
    except UnreadableFailure as failure:
        raise _Misused(f"the arguments of `{call.name}` are no JSON object") from failure
    if not isinstance(found, dict):
        raise _Misused(f"the arguments of `{call.name}` are a list, and have to be a JSON object")
    return found


def _inputs(program: Program, tool: Entity, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that the arguments stand for: checked, with defaults; a null for an input with a default means that."""
    given = dict(arguments)
    for one in tool.parameters:
        name, declared = one.name.text, program.type_of(one.type, tool.module)
        if name in given:
            given[name], _ = coerced(given[name], declared)
            if given[name] is None and one.default is not None:
                del given[name]
    try:
        checked = checked_inputs(program, tool, given)
        refuse_no_numbers(tool, checked)
        return checked
    except BugFailure as failure:
        raise _Misused(str(failure)) from failure


def _mistake(asked: Asked, tool: Entity | None, arguments: Any, error: str) -> Call:
    """The trace's record of a call that was never made."""
    inputs = arguments if isinstance(arguments, dict) else {"arguments": arguments}
    component, kind = (tool.id, tool.kind) if tool is not None else (asked.call.name, "tool")
    origins = (Origin(asked.step, (), ("calls", asked.nth)),)
    return Call(component, kind, inputs, asked.agent, error=error, place=asked.place, origins=origins)


def _told(output: Any, wanted: Mapping[str, Any], used: Mapping[str, Any]) -> str:
    """A tool's output as a model reads it. It is told where a person has changed what it was called with."""
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False, default=str)
    text = shortened(text, LONGEST_OBSERVATION)
    changed = {name: value for name, value in used.items() if wanted.get(name) != value}
    if not changed:
        return text
    return f"(A person changed the call: {json.dumps(changed, ensure_ascii=False, default=str)})\n{text}"
