"""What an agent asks of its model: the conversation so far, its tools told in the way that the model takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adalang.language.declarations import AgentDeclaration, setting
from adalang.language.models import known_models
from adalang.language.program import Entity
from adalang.runtime.agents.native import Native
from adalang.runtime.agents.react import React
from adalang.runtime.agents.steps import Dialect, Step, within
from adalang.runtime.agents.toolbox import Toolbox
from adalang.runtime.answers import AnswerForm
from adalang.runtime.fitting import Cut, excess, fitted, room_of, too_long
from adalang.runtime.models.types import ModelSpec, Request
from adalang.runtime.prompts import with_instruction

if TYPE_CHECKING:
    from adalang.runtime.interpreter import Runtime


@dataclass(frozen=True)
class Asking:
    """One agent's way to ask. ``thinking`` says how to reason before each step ("" for not at all)."""

    runtime: Runtime
    entity: Entity
    model: ModelSpec
    toolbox: Toolbox
    form: AnswerForm
    thinking: str

    @classmethod
    def of(cls, runtime: Runtime, entity: Entity) -> Asking:
        """Raises BugFailure: its model cannot be called as it is declared."""
        declaration = entity.declaration
        assert isinstance(declaration, AgentDeclaration)
        form = runtime.prompts.form(entity)
        how = runtime.prompts.param_values(entity, declaration).get("reasoning_steps", "")
        return cls(
            runtime,
            entity,
            runtime.models.of_setting(entity, setting(declaration.settings, "model")),
            Toolbox.of(runtime.program, entity),
            form,
            (how or "Reason step by step.") if form.reasoning else "",
        )

    def dialect(self) -> Dialect:
        """The model's own way to call tools, or words for a model that has none."""
        functions = self.toolbox.schemas
        return Native(functions) if self._takes_tools() else React(functions)

    def without_tools(self) -> None:
        """The model has said that it takes no tools: from now on it is told of them in words."""
        self.runtime.services.toolless.add((self.model.id, self.model.api_base))

    def request(
        self,
        dialect: Dialect,
        inputs: Mapping[str, Any],
        steps: Sequence[Step] = (),
        *,
        structured: bool = False,
        sample: int = 0,
    ) -> tuple[Request, tuple[Cut, ...]]:
        """The request for the step after ``steps``, with what was left out of it to fit the model's window.

        Raises:
            RefusedFailure: it would be too long, whatever is left out.
        """
        runtime = self.runtime
        order = dialect.instruction(self.form, self.thinking)

        def written(values: Mapping[str, Any], steps: Sequence[Step] = ()) -> Request:
            opening, _ = runtime.prompts.opening(self.entity, values)
            messages = (*with_instruction(opening, order), *dialect.told(steps))
            schema = self.form.schema if structured else None
            name = self.entity.id.replace(".", "_")[:64]
            return Request(self.model, messages, schema, name, dialect.tools, sample)

        _, inputs, cuts = fitted(runtime.program, self.entity, inputs, written)
        room = room_of(self.model)
        request, left_out = within(written(inputs, steps), room, steps, lambda shown: written(inputs, shown))
        if left_out and room is not None:
            known = sum(len(step.observations) for step in steps)
            cuts += (Cut("what tools gave", left_out, known, "answers", "oldest", room, self.model.id),)
        if room is not None and excess(request, room) > 0:
            raise too_long(self.entity.id, request, room)
        return request, cuts

    def _takes_tools(self) -> bool:
        known = known_models().get(self.model.id)
        said_no = (self.model.id, self.model.api_base) in self.runtime.services.toolless
        return not said_no and (known is None or "t" in known.can or known.provider == "builtin")
