"""A component's runs under a name: one that was stopped goes on where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adalang.api.component import Component
    from adalang.api.engine import Ready, Work


class Conversation:
    """What a component does in one session, kept in the workspace's store after each step. From Python, ``--session`` of
    ``adalang run`` and other processes it is the same session.

    A call begins a run; an input of ``Turn[]`` that is left out holds what was said in the runs before.
    """

    def __init__(self, component: Component, name: str) -> None:
        self._component = component
        self.name = name

    def __repr__(self) -> str:
        return f"<session {self.name!r} of {self._component.__name__}>"

    def __call__(self, /, *positional: Any, **inputs: Any) -> Any:
        """Run the component and wait for its answer; stopped, it can be gone on with by :meth:`resume`.

        Raises:
            BugFailure: the session has a run that is not finished, or is at work already.
            CheckFailed, RunFailed, ProgramClosed, TypeError: as a call of the component.
        """
        return self._component._program._call(self._begun(positional, inputs))

    async def acall(self, /, *positional: Any, **inputs: Any) -> Any:
        """:meth:`__call__` for coroutines; raises the same. Cancelling it stops the run."""
        return await self._component._program._acall(self._begun(positional, inputs))

    def resume(self) -> Any:
        """Go on with the run that was stopped, with the inputs that it was begun with.

        Raises:
            BugFailure: there is none, the session is at work already, or the program is another one than the run was begun with.
            CheckFailed, RunFailed, ProgramClosed: as a call of the component.
        """
        return self._component._program._call(self._work({}, resume=True))

    async def aresume(self) -> Any:
        """:meth:`resume` for coroutines; raises the same."""
        return await self._component._program._acall(self._work({}, resume=True))

    def _begun(self, positional: tuple[Any, ...], inputs: dict[str, Any]) -> Work[Any]:
        return self._work(self._component._given(positional, inputs), resume=False)

    def _work(self, given: dict[str, Any], *, resume: bool) -> Work[Any]:
        keep = self._component._program._keep_trace()

        async def run(ready: Ready) -> Any:
            from adalang.engine.checked import find_component
            from adalang.runtime.interpreter import RunFailed

            entity = find_component(ready.program, self._component.__name__)
            try:
                output, trace, _ = await ready.session.traced(
                    ready.runtime, entity, given, "python", session=self.name, resume=resume
                )
            except RunFailed as failed:
                keep(failed.trace)
                raise
            keep(trace)
            return output

        return run
