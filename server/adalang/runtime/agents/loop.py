"""The way through one run of an agent: the model is asked, the tools that it wants are called, until it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from adalang.language.declarations import AgentDeclaration, Constant, setting
from adalang.language.program import Entity
from adalang.language.settings import DEFAULT_MAX_STEPS
from adalang.runtime import running
from adalang.runtime.agents.asking import Asking
from adalang.runtime.agents.journal import Journal, digest
from adalang.runtime.agents.native import Native
from adalang.runtime.agents.react import Closing
from adalang.runtime.agents.steps import Dialect, Step
from adalang.runtime.agents.toolbox import Asked
from adalang.runtime.answers import read_answer, read_json
from adalang.runtime.failures import BudgetExceeded, BugFailure, Failure, UnreadableFailure, most_telling
from adalang.runtime.listening import hearing
from adalang.runtime.models.types import ModelSpec, ToolCall
from adalang.runtime.provenance import Origin, Origins, Sourced
from adalang.runtime.trace import STOPPED, Call

if TYPE_CHECKING:
    from adalang.runtime.interpreter import Runtime

_LIKELY_CALLS = 3
_REMINDER = "That was neither a tool's call (`Action: name {…}`) nor the end (`Final answer: …`). Write one of them."
_NO_STEPS_LEFT = "No tool can be used any more. Give the final answer now, from what you know."


class Run(running.Run, Protocol):
    """What an agent needs of the run that it is part of."""

    journal: Journal | None

    @property
    def runtime(self) -> Runtime: ...

    def sample_of(self, model: ModelSpec) -> int: ...


def calls_of(entity: Entity) -> int:
    """About how many model calls one call of a component makes by itself."""
    if isinstance(entity.declaration, AgentDeclaration):
        return min(_LIKELY_CALLS, (_number(entity.declaration, "max_steps") or DEFAULT_MAX_STEPS) + 1)
    return int(entity.kind == "prompt")


async def run_agent(run: Run, entity: Entity, inputs: Mapping[str, Any], at: int) -> Sourced:
    """The agent's answer; ``at`` is its call's position in the trace, where each step and each tool's call stands below it.

    Raises:
        UnreadableFailure: no answer that can be read as the declared type, even when asked for it without tools.
        Failure, BudgetExceeded: of the model, or of what a tool called, where the model can do nothing about it.
    """
    return await _Agent(run, entity, inputs, at).answer()


@dataclass
class _Agent:
    run: Run
    entity: Entity
    inputs: Mapping[str, Any]
    at: int
    steps: list[Step] = field(default_factory=list)
    observed: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What tools gave so far, by a name of its own, with the position of its call in the trace."""

    def __post_init__(self) -> None:
        declaration = self.entity.declaration
        assert isinstance(declaration, AgentDeclaration)
        self.call = self.run.trace.calls[self.at]
        self.asking = Asking.of(self.run.runtime, self.entity)
        self.form = self.asking.form
        self.most = _number(declaration, "max_steps") or DEFAULT_MAX_STEPS

    async def answer(self) -> Sourced:
        while len(self.steps) < self.most:
            step = Step("")
            try:
                step, at = await self._step(self.asking.dialect())
                if self._strays(step):
                    self.steps.append(replace(step, observations=(_REMINDER,)))
                    continue
                if not step.calls:
                    return self._ended(step, at)
            except UnreadableFailure as failure:
                self.steps.append(replace(step, observations=(f"{_sentence(failure)} {_NO_STEPS_LEFT}",)))
                return await self._last_word()
            self.steps.append(replace(step, observations=await self._observations(step, at)))
        last = self.steps[-1]
        closing = f"{last.observations[-1]}\n\n{_NO_STEPS_LEFT}"
        self.steps[-1] = replace(last, observations=(*last.observations[:-1], closing))
        return await self._last_word()

    # ---- the model

    async def _step(self, dialect: Dialect, *, structured: bool = False) -> tuple[Step, int]:
        """One answer of the model, and the position in the trace of the call that got it."""
        number = len(self.steps)
        call = Call(
            self.entity.id,
            "step",
            self._seen(),
            self.at,
            place=(*self.call.place, number),
            origins=self._origins(),
            model=self.asking.model.id,
        )
        self.run.trace.calls.append(call)
        at = len(self.run.trace.calls) - 1
        step = self._written_down(call)
        if step is None:
            began = time.perf_counter()
            try:
                step = await self._asked(dialect, call, structured)
            except (Failure, BudgetExceeded) as failure:
                call.error = str(failure)
                if isinstance(failure, Failure):
                    call.usage += failure.usage
                    call.attempts = failure.attempts or call.attempts
                raise
            except asyncio.CancelledError:
                call.error = STOPPED
                raise
            finally:
                call.seconds = time.perf_counter() - began
            self._write_down(step, call)
        call.output = (
            {"calls": [{"tool": one.name, "arguments": _loaded(one)} for one in step.calls]}
            if step.calls
            else step.text
        )
        call.reasoning = step.text if step.calls else ""
        return step, at

    async def _asked(self, dialect: Dialect, call: Call, structured: bool) -> Step:
        try:
            return await self._answered(dialect, call, structured)
        except BugFailure as failure:
            if not dialect.tools or not _speaks_of_tools(str(failure)):
                raise
        self.asking.without_tools()
        return await self._answered(self.asking.dialect(), call, structured)

    async def _answered(self, dialect: Dialect, call: Call, structured: bool) -> Step:
        sample = self.run.sample_of(self.asking.model)
        request, call.cuts = self.asking.request(dialect, self.inputs, self.steps, structured=structured, sample=sample)
        call.messages = request.messages
        # A structured answer, and a dialect in words, are no text that a person would read while it comes.
        plain = isinstance(dialect, Native) and not structured
        on_text = hearing(self.run.program, self.run.trace, call, self.form) if plain else None
        response = await self.run.runtime.gateway.complete(request, budget=self.run.runtime.budget, on_text=on_text)
        call.answered(response)
        return dialect.read(response)

    def _strays(self, step: Step) -> bool:
        """Whether the model has, for the first time, written what it was not told to, and it is no answer all the same."""
        if not step.unmarked or any(one.unmarked for one in self.steps):
            return False
        try:
            read_answer(step.text, self.form)
        except UnreadableFailure:
            return True
        return not self.form.instruction  # any text could be one

    # ---- the tools

    async def _observations(self, step: Step, at: int) -> tuple[str, ...]:
        """What came of a step's calls, which are made at the same time."""
        number = len(self.steps)
        asked = [Asked(call, nth, at, self.at, (*self.call.place, number, nth)) for nth, call in enumerate(step.calls)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.asking.toolbox.observe(self.run, one)) for one in asked]
        except BaseExceptionGroup as errors:
            raise most_telling(errors) from None
        found = [task.result() for task in tasks]
        for one, (text, place) in zip(asked, found, strict=True):
            self.observed[self._name(one.call.name, number)] = text, place
        return tuple(text for text, _ in found)

    def _name(self, tool: str, number: int) -> str:
        """`find_order (step 1)`; a second call in the same step has a number more."""
        name = f"{tool} (step {number + 1})"
        same = sum(one == name or one.startswith(f"{name} ") for one in self.observed)
        return f"{name} {same + 1}" if same else name

    # ---- the end

    async def _last_word(self) -> Sourced:
        """The final answer, asked for without tools and with the schema of the result."""
        try:
            return self._ended(*await self._step(Closing(names=self.asking.toolbox.tools), structured=True))
        except UnreadableFailure as failure:
            asked = _counted(len(self.steps))
            most = f" (`max_steps = {self.most}`; raise it if that is too few)" if len(self.steps) == self.most else ""
            told = f"`{self.entity.id}` gave no final answer after {asked}{most}: {failure}"
            raise UnreadableFailure(told, raw=failure.raw) from failure

    def _ended(self, step: Step, at: int) -> Sourced:
        call = self.run.trace.calls[at]
        try:
            call.output, call.reasoning = read_answer(step.text, self.form)
            if call.output == "":
                raise UnreadableFailure("the answer is empty", raw=call.raw)
        except UnreadableFailure as failure:
            call.error = str(failure)
            raise
        self.call.reasoning = call.reasoning
        return Sourced(call.output, (Origin(at),))

    # ---- where things come from, and what is kept

    def _seen(self) -> dict[str, Any]:
        return {**self.inputs, **{name: text for name, (text, _) in self.observed.items()}}

    def _origins(self) -> Origins:
        return (*self.call.origins, *(Origin(at, (name,)) for name, (_, at) in self.observed.items()))

    def _written_down(self, call: Call) -> Step | None:
        known = self.run.journal.read(call.place) if self.run.journal is not None else None
        if known is None or known["of"] != digest(self.entity.id, self.inputs):
            return None
        call.raw = known["raw"]
        calls = tuple(ToolCall(**one) for one in known["calls"])
        return Step(known["text"], calls, unmarked=known.get("unmarked", False))

    def _write_down(self, step: Step, call: Call) -> None:
        if self.run.journal is not None:
            calls = [{"id": one.id, "name": one.name, "arguments": one.arguments} for one in step.calls]
            of = digest(self.entity.id, self.inputs)
            told = {"of": of, "raw": call.raw, "text": step.text, "calls": calls, "unmarked": step.unmarked}
            self.run.journal.write(call.place, told)


def _number(declaration: AgentDeclaration, name: str) -> int | None:
    found = setting(declaration.settings, name)
    value = found.value.value if found is not None and isinstance(found.value, Constant) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _speaks_of_tools(text: str) -> bool:
    """Whether a refusal of the request is one of the tools in it."""
    folded = text.casefold()
    return "tool" in folded or "function call" in folded


def _loaded(call: ToolCall) -> Any:
    try:
        return read_json(call.arguments)
    except UnreadableFailure:
        return call.arguments


def _sentence(failure: Failure) -> str:
    text = str(failure)
    return f"{text[:1].upper()}{text[1:]}."


def _counted(steps: int) -> str:
    return f"{steps} step{'' if steps == 1 else 's'}"
