"""A Python callback as the person who is asked before a tool is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from adalang.api.calling import CALLER
from adalang.runtime.approval import ApprovalRequest, Approver, Decision, nobody

Answer = bool | Decision
Approve = Callable[[ApprovalRequest], Answer | Awaitable[Answer]]
"""Answers ``True``, ``False``, or a :class:`Decision` with inputs of its own or a note that says why not."""


def approver_of(approve: Approve | None) -> Approver:
    """Asks ``approve`` where the call was made (see :mod:`adalang.api.calling`); without one nothing is approved."""
    if approve is None:
        return nobody

    async def ask(request: ApprovalRequest) -> Decision:
        answer: object = await CALLER.get().ask(partial(approve, request))
        match answer:
            case Decision():
                return answer
            case bool():
                return Decision(answer, request.inputs, "" if answer else "it was refused")
            case _:
                raise TypeError(
                    f"the approval of `{request.tool}` was answered with {answer!r}, not with True, False or a Decision"
                )

    return ask
