"""What a stop while a lane still loads its library costs: nothing."""

from __future__ import annotations

import asyncio

import pytest

from adalang.runtime.models.answers import Answer
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.streams import Say
from adalang.runtime.models.types import Message, ModelSpec, Request
from adalang.store import Store


class Loading:
    """A lane that takes its time to get ready, as the first import of litellm does."""

    free = False

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def ready(self) -> None:
        self.asked.set()
        await asyncio.Event().wait()

    async def call(self, request: Request, say: Say | None = None) -> Answer:
        raise AssertionError("nothing can be called yet")

    async def aclose(self) -> None:
        pass


async def test_a_call_that_was_never_sent_is_not_paid_for() -> None:
    with Store.in_memory() as store:
        lane = Loading()
        gateway = Gateway(store, lanes={"slow": lane})
        budget = Budget(calls=10, account="run")
        request = Request(ModelSpec("slow/x"), (Message("user", "hello"),))
        waiting = asyncio.create_task(gateway.complete(request, budget=budget))
        await lane.asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await gateway.aclose()
        assert budget.spent.calls == 0 and store.paid("run").calls == 0
