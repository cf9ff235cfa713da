"""The one way by which tools are called: from pipelines, agents, evals, the command line, Python and the optimizer.

Whether a person has to agree, and whether a tool with effects may be called at all, is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from adalang.language.checks.scope import result_type, signature
from adalang.language.declarations import ToolDeclaration, setting
from adalang.language.program import Entity, Program
from adalang.language.types import describe, misfit
from adalang.runtime import dataflow
from adalang.runtime.approval import ApprovalRequest
from adalang.runtime.failures import BugFailure, NotApproved, NotRecorded, ToolFailure, ToolUnavailable
from adalang.runtime.inputs import checked_inputs, refuse_no_numbers
from adalang.runtime.operators import truth
from adalang.runtime.services import Services
from adalang.runtime.tools.source import has_effects


class Run(dataflow.Run, Protocol):
    """What a tool's call needs of the run that it is part of."""

    @property
    def services(self) -> Services: ...

    def calling(self, at: int) -> None: ...


async def call_tool(run: Run, entity: Entity, inputs: Mapping[str, Any], at: int) -> Any:
    """The output of a tool for inputs that are checked; ``at`` is its call's position in the trace.

    Where a person changes the inputs, the trace's call tells those that the tool was called with.

    Raises:
        NotApproved: a person has to agree, and did not.
        NotRecorded: tools with effects are replayed only, and this call, to which nobody has to agree, was never recorded.
        ToolFailure: the tool gave no output, or none of the declared type.
        BugFailure: the tool cannot be called as it is declared.
    """
    declaration = entity.declaration
    assert isinstance(declaration, ToolDeclaration)
    services = run.services
    refuse_no_numbers(entity, inputs)
    asks = await _asks(run, entity, declaration, inputs, at)
    guarded = asks or has_effects(entity)
    if guarded and services.effects == "replay":
        return await _replayed(run, entity, inputs, at, asks=asks)
    if asks:
        inputs = run.trace.calls[at].inputs = await _agreed(run, entity, inputs, at)
    observations = services.observations if guarded else None
    try:
        output = await services.tools.call(run.program, entity, inputs, partial(run.calling, at))
        if reason := misfit(output, result_type(run.program, entity)):
            wanted = describe(result_type(run.program, entity))
            raise ToolFailure(
                f"`{entity.id}` is declared to give {wanted}, and gave something else: {_sentence(reason)}"
            )
    except ToolFailure as failure:
        if observations is not None and not isinstance(failure, ToolUnavailable):
            observations.keep(run.program, entity, inputs, error=str(failure))
        raise
    if observations is not None:
        observations.keep(run.program, entity, inputs, output)
    return output


async def _asks(run: Run, entity: Entity, declaration: ToolDeclaration, inputs: Mapping[str, Any], at: int) -> bool:
    """Whether a person has to agree to this call. A condition that has no value for these inputs stops the run."""
    approve = setting(declaration.settings, "approve")
    if approve is None:
        return False
    try:
        return truth(await dataflow.evaluated(run, entity, approve.value, inputs, at), "approve")
    except BugFailure as failure:
        line = entity.module.source.line_of(approve.span.shifted(entity.item.start).start) + 1
        raise BugFailure(f"{entity.module.path.name}:{line}: `approve` of `{entity.id}`: {failure}") from failure


async def _agreed(run: Run, entity: Entity, inputs: Mapping[str, Any], at: int) -> dict[str, Any]:
    """The inputs that a person agreed to, checked again."""
    call = run.trace.calls[at]
    asked_by = run.trace.calls[call.parent].component if call.parent is not None else ""
    taken = partial(_taken, run.program, entity)
    request = ApprovalRequest(entity.id, dict(inputs), asked_by, _types(run.program, entity), partial(_mistake, taken))
    decision = await run.services.approver(request)
    if decision.approved is not True:
        told = f": {decision.note}" if decision.note else ""
        raise NotApproved(f"`{entity.id}` was not approved{told}")
    try:
        return taken(decision.inputs)
    except BugFailure as failure:
        raise NotApproved(f"`{entity.id}` was approved with inputs that it does not take: {failure}") from failure


def _types(program: Program, entity: Entity) -> dict[str, str]:
    return {name: describe(declared) for name, declared, _ in signature(program, entity).inputs}


def _taken(program: Program, entity: Entity, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with which the tool is called.

    Raises:
        BugFailure: it does not take them.
    """
    checked = checked_inputs(program, entity, inputs)
    refuse_no_numbers(entity, checked)
    return checked


def _mistake(taken: Callable[[Mapping[str, Any]], object], inputs: Mapping[str, Any]) -> str:
    try:
        taken(inputs)
    except BugFailure as failure:
        return str(failure)
    return ""


async def _replayed(run: Run, entity: Entity, inputs: Mapping[str, Any], at: int, *, asks: bool) -> Any:
    """What the call gave when it was made; one that was never made, and that has to be agreed to, is agreed to or refused as in
    an eval, but not made."""
    observations = run.services.observations
    found = observations.find(run.program, entity, inputs) if observations is not None else None
    if found is None and asks:
        inputs = run.trace.calls[at].inputs = await _agreed(run, entity, inputs, at)
        found = observations.find(run.program, entity, inputs) if observations is not None else None
    if found is not None and found.error:
        raise ToolFailure(found.error)
    if found is not None:
        return found.output
    raise NotRecorded(
        f"`{entity.id}` has effects or needs approval, so it is only replayed here, and no earlier call with these "
        "inputs is recorded; `adalang eval --split train` (and val, test) records those of a split"
    )


def _sentence(reason: str) -> str:
    return reason if reason.startswith("`") else f"it {reason}"
