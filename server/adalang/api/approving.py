"""A Python callback as the person who is asked before a tool is called."""

from __future__ import annotations

from functools import partial

from adalang.api.calling import CALLER
from adalang.runtime.approval import Answer, ApprovalRequest, Approver, Callback, asking

Approve = Callback
"""Answers ``True``, ``False``, the inputs to call the tool with, or a :class:`Decision`; it may be async."""


def approver_of(approve: Approve) -> Approver:
    """Asks ``approve`` where the call was made (see :mod:`adalang.api.calling`)."""

    async def there(request: ApprovalRequest) -> Answer:
        return await CALLER.get().ask(partial(approve, request))

    return asking(there)
