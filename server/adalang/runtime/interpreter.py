"""Runs components: prompts through the model gateway, pipelines as dataflow.

What a run did is in its trace, in the order that the program means, however the calls overlapped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from adalang.language.declarations import (
    AgentDeclaration,
    PipelineDeclaration,
    PromptDeclaration,
    RetrieverDeclaration,
    ToolDeclaration,
    setting,
)
from adalang.language.program import Entity, Program
from adalang.runtime.agents.asking import Asking
from adalang.runtime.agents.journal import Called, Journal, Wanted, once, started
from adalang.runtime.agents.loop import run_agent
from adalang.runtime.answers import read_answer
from adalang.runtime.dataflow import run_pipeline
from adalang.runtime.failures import BudgetExceeded, BugFailure, Failure, UnreadableFailure
from adalang.runtime.fitting import Cut, fitted
from adalang.runtime.inputs import checked_call, checked_inputs
from adalang.runtime.listening import hearing
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import Message, ModelSpec, Request
from adalang.runtime.prompts import Overrides, Prompts
from adalang.runtime.provenance import Origin, Origins, Sourced
from adalang.runtime.resolve import Models
from adalang.runtime.retrieval.retrieval import Retrieval
from adalang.runtime.services import Services
from adalang.runtime.tools.calls import call_tool
from adalang.runtime.tools.source import is_repeatable
from adalang.runtime.trace import CUT_OFF, STOPPED, Call, Place, Trace


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
    services: Services = field(default_factory=Services)
    prompts: Prompts = field(init=False, repr=False, compare=False)
    retrieval: Retrieval = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompts", Prompts(self.program, self.overrides, self.services.file_folders))
        retrieval = Retrieval(self.program, self.models, self.gateway, self.services.indexes, self.budget)
        object.__setattr__(self, "retrieval", retrieval)

    async def run(
        self,
        entity: Entity,
        inputs: Mapping[str, Any],
        *,
        sample: int = 0,
        trace: Trace | None = None,
        journal: Journal | None = None,
    ) -> tuple[Any, Trace]:
        """The component's output for ``inputs`` (by name) and the trace. ``sample`` tells repeats apart; a run with a
        ``journal`` goes on from what is written in it.

        A ``trace`` that is given is the one that is filled: it holds what happened in a run that is cancelled too.

        Raises:
            RunFailed: with the typed failure and the trace so far.
        """
        run = _Run(self, sample, trace or Trace(), journal)
        try:
            output = await run.component(entity, inputs, (), parent=None, binding="", place=())
        except (Failure, BudgetExceeded) as failure:
            raise RunFailed(failure, run.trace) from failure
        finally:
            run.trace.settle()
        return output.value, run.trace

    def messages(self, entity: Entity, inputs: Mapping[str, Any]) -> tuple[Message, ...]:
        """What a prompt, or an agent at first, would send for these inputs; nothing is called."""
        return self.opening(entity, inputs)[0]

    def opening(
        self, entity: Entity, inputs: Mapping[str, Any]
    ) -> tuple[tuple[Message, ...], tuple[Mapping[str, Any], ...], tuple[Cut, ...]]:
        """:meth:`messages`, the tools that go with them, and what was left out to fit the model's window.

        Raises:
            RefusedFailure: it is too long even with what `cut` allows to leave out.
        """
        values = checked_inputs(self.program, entity, inputs)
        declaration = entity.declaration
        if isinstance(declaration, AgentDeclaration):
            asking = Asking.of(self, entity)
            request, cuts = asking.request(asking.dialect(), values)
            return request.messages, request.tools, cuts
        if isinstance(declaration, PromptDeclaration) and setting(declaration.settings, "cut") is not None:
            with suppress(
                BugFailure
            ):  # a model that lacks its key cannot be called, but what it would get can be shown
                model = self.models.of_setting(entity, setting(declaration.settings, "model"))
                request, cuts = self.request(entity, values, model)
                return request.messages, (), cuts
        return self.prompts.messages(entity, values)[0], (), ()

    def request(
        self, entity: Entity, values: Mapping[str, Any], model: ModelSpec, sample: int = 0
    ) -> tuple[Request, tuple[Cut, ...]]:
        """A prompt's request for inputs that are checked, with what was left out of it to fit the model's window."""
        schema = self.prompts.form(entity).schema

        def written(values: Mapping[str, Any]) -> Request:
            messages, _ = self.prompts.messages(entity, values)
            return Request(model, messages, schema, _schema_name(entity), sample=sample)

        request, _, cuts = fitted(self.program, entity, values, written)
        return request, cuts


class _Run:
    def __init__(self, runtime: Runtime, sample: int, trace: Trace, journal: Journal | None) -> None:
        self.runtime = runtime
        self.journal = journal
        self._sample = sample
        self.trace = trace

    @property
    def program(self) -> Program:
        return self.runtime.program

    @property
    def services(self) -> Services:
        return self.runtime.services

    @property
    def overrides(self) -> Overrides:
        return self.runtime.overrides

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
        values, count = checked_call(self.program, entity, inputs)
        call = Call(entity.id, entity.kind, values, parent, binding, place=place, origins=origins)
        self.trace.calls.append(call)
        at = len(self.trace.calls) - 1
        began = time.perf_counter()
        try:
            match entity.declaration:
                case PromptDeclaration():
                    call.output = await self._prompt(entity, values, call)
                    call.returned = (Origin(at),)
                case AgentDeclaration():
                    found = await run_agent(self, entity, values, at)
                    call.output, call.returned = found.value, found.origins
                case PipelineDeclaration() as declaration:
                    found = await run_pipeline(self, entity, declaration, values, at)
                    call.output, call.returned = found.value, found.origins
                case ToolDeclaration():
                    call.output = await self._tool(entity, at)
                    call.returned = (Origin(at),)
                case RetrieverDeclaration():
                    call.output = await self._retriever(entity, values, count, call, at)
                    call.returned = (Origin(at),)
                case _:
                    raise AssertionError(entity.kind)
        except (Failure, BudgetExceeded) as failure:
            call.error = str(failure)
            if isinstance(failure, Failure) and entity.kind == "prompt":
                call.usage += failure.usage
                call.attempts = failure.attempts or call.attempts
            raise
        except asyncio.CancelledError:
            call.error = STOPPED
            raise
        finally:
            call.seconds = time.perf_counter() - began
        return Sourced(call.output, call.returned)

    async def _tool(self, entity: Entity, at: int) -> Any:
        """A tool's output; what a journal has of the call is not done again."""
        call = self.trace.calls[at]

        async def called() -> Called:
            output = await call_tool(self, entity, call.inputs, at)
            return Called(output, call.inputs)

        if self.journal is None:
            return (await called()).output
        wanted = Wanted(call.place, entity.id, call.inputs, is_repeatable(entity), self._observed(call))
        found = await once(self.journal, wanted, called)
        call.inputs = found.inputs
        return found.output

    def calling(self, at: int) -> None:
        """The tool of the call at ``at`` is called now."""
        self.trace.made.append(self.trace.calls[at])
        if self.journal is not None:
            started(self.journal, self.trace.calls[at].place)

    def _observed(self, call: Call) -> bool:
        """Whether a call is made for an agent, directly or not."""
        while call.parent is not None:
            call = self.trace.calls[call.parent]
            if call.kind == "agent":
                return True
        return False

    async def _prompt(self, entity: Entity, inputs: Mapping[str, Any], call: Call) -> Any:
        declaration = entity.declaration
        assert isinstance(declaration, PromptDeclaration)
        model = self.runtime.models.of_setting(entity, setting(declaration.settings, "model"))
        call.model = model.id
        form = self.runtime.prompts.form(entity)
        request, call.cuts = self.runtime.request(entity, inputs, model, self.sample_of(model))
        call.messages = request.messages
        on_text = hearing(self.program, self.trace, call, form)
        response = await self.runtime.gateway.complete(request, budget=self.runtime.budget, on_text=on_text)
        call.answered(response)
        try:
            output, call.reasoning = read_answer(response.text, form)
        except UnreadableFailure as failure:
            mend = f"; the answer was {CUT_OFF}" if call.cut_off else ""
            raise UnreadableFailure(f"`{entity.id}`: {failure}{mend}", raw=failure.raw) from failure
        return output

    async def _retriever(self, entity: Entity, inputs: Mapping[str, Any], k: int | None, call: Call, at: int) -> Any:
        async def ask(prompt: Entity, given: Mapping[str, Any], nth: int) -> Any:
            output = await self.component(prompt, given, (), parent=at, binding="", place=(*call.place, nth))
            return output.value

        return await self.runtime.retrieval.search(entity, inputs, k, call, ask)

    def sample_of(self, model: ModelSpec) -> int:
        """Deterministic models give the same answer every time: a repeat would be a second payment for the first one."""
        return 0 if model.provider == "builtin" else self._sample


def _schema_name(entity: Entity) -> str:
    return entity.id.replace(".", "_")[:64]
