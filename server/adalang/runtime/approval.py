"""A person's word before a tool is called. Whoever starts a run brings the way to ask; without one nothing is approved."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A call that waits. ``tool`` is the tool's id, ``inputs`` are the values by name that it would be called with,
    ``asked_by`` is the component that wants the call ("" for a tool that is run by itself). ``types`` are the inputs' types as
    the language writes them, and ``mistake`` says why the tool does not take other inputs ("": it does)."""

    tool: str
    inputs: Mapping[str, Any]
    asked_by: str = ""
    types: Mapping[str, str] = field(default_factory=dict, compare=False)
    mistake: Callable[[Mapping[str, Any]], str] = field(default=lambda inputs: "", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """``inputs`` are what the tool is called with: those that were asked about, or the person's. ``note`` says why not."""

    approved: bool
    inputs: Mapping[str, Any]
    note: str = ""


Approver = Callable[[ApprovalRequest], Awaitable[Decision]]
"""Asks a person. Cancelled when the run is; it may take as long as the person does."""


Answer = bool | Decision | Mapping[str, Any]
"""What a callback may say: yes or no, a whole decision, or yes with these inputs."""
Callback = Callable[[ApprovalRequest], Answer | Awaitable[Answer]]


def nobody_because(why: str) -> Approver:
    """An approver that refuses everything and says why nobody is asked, and what to do."""

    async def refuse(request: ApprovalRequest) -> Decision:
        return Decision(False, request.inputs, why)

    return refuse


nobody = nobody_because("there is nobody to ask here")
"""Where no person can be asked."""


def asking(callback: Callback) -> Approver:
    """An approver out of a plain or async function.

    A plain one is called in a thread of its own, so that it may take as long as the person does and hold up nothing; what it
    raises is raised by the run. Anything but ``True``, a mapping or an approving :class:`Decision` is a no.
    """

    async def ask(request: ApprovalRequest) -> Decision:
        if inspect.iscoroutinefunction(callback):
            answer = await callback(request)
        else:
            answer = await in_daemon_thread(lambda: callback(request))
            if inspect.isawaitable(answer):
                answer = await answer
        match answer:
            case Decision():
                return answer
            case Mapping():
                return Decision(True, answer)
            case _:
                return Decision(answer is True, request.inputs)

    return ask


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """``work()`` in a thread that nobody waits for once the caller is cancelled, nor when the process ends.

    What it raises is raised here; what would end the thread or the loop (SystemExit) as a RuntimeError.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            settled = partial(done.set_result, work())
        except BaseException as error:
            if not isinstance(error, Exception) or isinstance(error, StopIteration):
                error = RuntimeError(f"it ended with {type(error).__name__}: {error}")
            settled = partial(done.set_exception, error)
        try:
            loop.call_soon_threadsafe(lambda: settled() if not done.done() else None)
        except RuntimeError:  # the loop has ended
            pass

    threading.Thread(target=run, name="adalang approval", daemon=True).start()
    return await done
