"""A prompt, retriever, tool, agent or pipeline as a function."""

from __future__ import annotations

import html
import operator
from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING, Any

from adalang.api.conversation import Conversation
from adalang.language.program import Entity

if TYPE_CHECKING:
    from adalang.api.engine import Ready, Work
    from adalang.api.program import Program
    from adalang.runtime.listening import Piece


class Component:
    """One component of a program. Inputs are given by position or by name, and the answer has the declared type.

    Its ``repr`` and ``help`` show the signature and the comment above the declaration.
    """

    def __init__(self, program: Program, entity: Entity) -> None:
        self._program = program
        self._entity = entity
        self.__name__ = entity.id
        self.__doc__ = entity.declaration.doc or None

    def __repr__(self) -> str:
        return f"<{self._entity.kind} {self._signature()}>"

    def _repr_html_(self) -> str:
        about = f"<br>{html.escape(self._entity.declaration.doc)}" if self._entity.declaration.doc else ""
        return f"{self._entity.kind} <code>{html.escape(self._signature())}</code>{about}"

    def __reduce__(self) -> tuple[Any, ...]:
        return operator.getitem, (self._program, self._entity.id)

    def __call__(self, /, *positional: Any, **inputs: Any) -> Any:
        """Run it and wait for the answer.

        Raises:
            CheckFailed: the file has errors.
            RunFailed: no answer; ``failure`` is the typed reason, ``trace`` what ran before.
            ProgramClosed: the program was closed meanwhile.
            TypeError: more inputs than it takes, or one given twice.
        """
        return self._program._call(self._work(positional, inputs))

    async def acall(self, /, *positional: Any, **inputs: Any) -> Any:
        """:meth:`__call__` for coroutines; raises the same. Cancelling it ends the run."""
        return await self._program._acall(self._work(positional, inputs))

    def session(self, name: str) -> Conversation:
        """Its runs under a name, which are kept after each step and can be gone on with after they were stopped."""
        return Conversation(self, name)

    def stream(self, /, *positional: Any, **inputs: Any) -> Generator[Piece[Any]]:
        """The answer while it is written, piece by piece; the last one has the whole. Leaving the loop early ends the run.

        Raises what a call does.
        """
        from adalang.streaming import stream

        return stream(self.acall, positional, inputs)

    def astream(self, /, *positional: Any, **inputs: Any) -> AsyncGenerator[Piece[Any]]:
        """:meth:`stream` for coroutines."""
        from adalang.streaming import astream

        return astream(self.acall, positional, inputs)

    def _work(self, positional: tuple[Any, ...], inputs: dict[str, Any]) -> Work[Any]:
        given = self._given(positional, inputs)
        keep = self._program._keep_trace()

        async def run(ready: Ready) -> Any:
            from adalang.engine.checked import find_component
            from adalang.runtime.interpreter import RunFailed

            try:
                entity = find_component(ready.program, self._entity.id)
                output, trace, _ = await ready.session.traced(ready.runtime, entity, given, "python")
            except RunFailed as failed:
                keep(failed.trace)
                raise
            keep(trace)
            return output

        return run

    def _given(self, positional: tuple[Any, ...], inputs: dict[str, Any]) -> dict[str, Any]:
        names = [one.name.text for one in self._entity.parameters]
        if len(positional) > len(names):
            raise TypeError(f"`{self._entity.id}` takes {len(names)} inputs, not {len(positional)}")
        given = dict(zip(names, positional, strict=False))
        if twice := given.keys() & inputs:
            raise TypeError(f"`{self._entity.id}` got the input `{min(twice)}` twice")
        return given | inputs

    def _signature(self) -> str:
        from adalang.language.checks.scope import signature
        from adalang.language.types import describe

        found = signature(self._program._asked.source, self._entity)
        inputs = ", ".join(f"{name}: {describe(wanted)}{' = …' * left}" for name, wanted, left in found.inputs)
        return f"{self._entity.id}({inputs}) -> {describe(found.returns)}"
