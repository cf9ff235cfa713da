"""What stands behind a model's prefix: a lane takes one request to one kind of model."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from adalang.language.models import estimate_tokens
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.answers import Answer
from adalang.runtime.models.keys import input_tokens
from adalang.runtime.models.streams import Say
from adalang.runtime.models.types import Request


class Lane(Protocol):
    """A way to a kind of model. A `free` lane answers from a record: nothing is paid, cached or budgeted."""

    free: bool

    async def ready(self) -> None:
        """Load what calls need, before anything is set aside for one. It may take seconds the first time."""
        ...

    async def call(self, request: Request, say: Say | None = None) -> Answer:
        """One attempt, no longer than the model's timeout; the answer says how long it took.

        `say` is told the text while it comes, if it does so in pieces; the whole answer is what counts.

        Raises a Failure. Cancelling it ends the call for real.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


class BuiltinLane:
    """`builtin/lexical`: the offline model that is part of this package."""

    free = False

    async def ready(self) -> None:
        pass

    async def call(self, request: Request, say: Say | None = None) -> Answer:
        if request.model.name != "lexical":
            raise BugFailure(f'there is no model "{request.model.id}"; the built-in one is "builtin/lexical"')
        from adalang.runtime.models import lexical

        # The answer is computed on the event loop: give progress and cancellation their turn first.
        await asyncio.sleep(0)
        began = time.monotonic()
        text = lexical.answer(request)
        return Answer(
            text,
            input_tokens=input_tokens(request),
            output_tokens=estimate_tokens(text),
            seconds=time.monotonic() - began,
        )

    async def aclose(self) -> None:
        pass
