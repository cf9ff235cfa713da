"""A run, as those see it that call components in it: pipelines, agents, tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from adalang.language.program import Entity, Program
from adalang.runtime.provenance import Origins, Sourced
from adalang.runtime.trace import Place, Trace


class Run(Protocol):
    trace: Trace

    @property
    def program(self) -> Program: ...

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
        """Call a component; ``parent`` is the caller's position in the trace.

        Raises:
            Failure, BudgetExceeded: it gave no output.
        """
