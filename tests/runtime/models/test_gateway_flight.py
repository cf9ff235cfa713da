"""Equal requests share one call; cancelling is real, and takes nothing from others nor from what was paid for."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.servers import Hang, LoopbackServer, RateLimited, Reply, ServerError, Slow, scripted

from adalang.runtime.failures import BudgetExceeded, TransportFailure
from adalang.runtime.models.answers import Answer
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.keys import request_key
from adalang.runtime.models.streams import Say
from adalang.runtime.models.types import Message, ModelSpec, Request, Usage
from adalang.store import Store


def request(server: LoopbackServer, sample: int = 0, timeout: float = 10.0, retries: int = 2) -> Request:
    model = ModelSpec("openai/gpt-4o-mini", {"api_base": server.api_base}, retries=retries, timeout=timeout)
    return Request(model, (Message("user", "which?"),), sample=sample)


async def until(condition: object, seconds: float = 5.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_equal_requests_at_the_same_time_are_one_call() -> None:
    async with LoopbackServer("openai", lambda _: Slow(0.1, Reply("beta"))) as server:
        gateway = Gateway(None)
        responses = await asyncio.gather(*(gateway.complete(request(server)) for _ in range(10)))
        assert len(server.log) == 1
        assert {response.text for response in responses} == {"beta"}
        assert sum((response.usage for response in responses), Usage()).calls == 1
        assert gateway.budget.spent.calls == 1 and gateway.budget.spent.cached_calls == 9
        await gateway.aclose()


async def test_a_failure_is_shared_but_its_cost_is_counted_once() -> None:
    async with LoopbackServer("openai", lambda _: ServerError(502)) as server:
        gateway = Gateway(None, backoff=0.01)
        asked = [gateway.complete(request(server, retries=1)) for _ in range(3)]
        failures = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(failure, TransportFailure) for failure in failures)
        assert len(server.log) == 2
        paid = [failure.usage.calls for failure in failures if isinstance(failure, TransportFailure)]
        assert sorted(paid) == [0, 0, 2] and gateway.budget.spent.calls == 2
        await gateway.aclose()


async def test_cancelling_one_waiter_leaves_the_others_their_answer() -> None:
    async with LoopbackServer("openai", lambda _: Slow(0.3, Reply("beta"))) as server:
        gateway = Gateway(None)
        first, second = (asyncio.create_task(gateway.complete(request(server))) for _ in range(2))
        await until(lambda: server.running)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await second).text == "beta"
        assert len(server.log) == 1 and not server.disconnected
        await gateway.aclose()


async def test_cancelling_the_last_waiter_ends_the_http_call() -> None:
    async with LoopbackServer("openai", lambda _: Hang()) as server:
        gateway = Gateway(None)
        waiters = [asyncio.create_task(gateway.complete(request(server))) for _ in range(2)]
        await until(lambda: server.running)
        for waiter in waiters:
            waiter.cancel()
        await asyncio.gather(*waiters, return_exceptions=True)
        await until(lambda: server.disconnected == [0])
        assert gateway.budget.spent.calls == 1, "the provider may bill it all the same"
        await gateway.aclose()


class InstantLane:
    """Answers at the very moment at which the test says so."""

    free = False

    def __init__(self) -> None:
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    async def ready(self) -> None:
        pass

    async def call(self, request: Request, say: Say | None = None) -> Answer:
        return await asyncio.shield(self.answer)

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize("turns", range(6))
async def test_an_answer_that_arrives_as_its_waiter_is_cancelled_is_kept(turns: int) -> None:
    lane = InstantLane()
    asked = Request(ModelSpec("instant/x"), (Message("user", "which?"),))
    with Store.in_memory() as store:
        gateway = Gateway(store, lanes={"instant": lane})
        waiter = asyncio.create_task(gateway.complete(asked))
        await asyncio.sleep(0.01)
        lane.answer.set_result(Answer("beta", input_tokens=3))
        for _ in range(turns):
            await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        kept = store.response(request_key(asked))
        # On the first two turns the lane itself has not seen the answer yet.
        assert (kept is not None) or turns < 2
        assert gateway.budget.spent.calls == 1


async def test_a_joiner_with_a_budget_of_its_own_does_not_fail_for_the_others_lack_of_money() -> None:
    async with LoopbackServer("openai", scripted([RateLimited(0.05)], lambda _: Reply("beta"))) as server:
        gateway = Gateway(None, backoff=0.01)
        poor, rich = Budget(calls=1), Budget(calls=5)
        await gateway.complete(request(server, sample=1), budget=poor)
        failed, answered = await asyncio.gather(
            gateway.complete(request(server), budget=poor),
            gateway.complete(request(server), budget=rich),
            return_exceptions=True,
        )
        assert isinstance(failed, BudgetExceeded)
        assert not isinstance(answered, BaseException) and answered.text == "beta"
        assert rich.spent.calls == 1
        await gateway.aclose()


async def test_closing_the_gateway_ends_its_calls() -> None:
    async with LoopbackServer("openai", lambda _: Hang()) as server:
        gateway = Gateway(None)
        waiter = asyncio.create_task(gateway.complete(request(server)))
        await until(lambda: server.running)
        await gateway.aclose()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        await until(lambda: server.disconnected == [0])


async def test_one_server_gets_only_so_many_calls_at_a_time_and_another_is_not_held_up_by_it() -> None:
    async with (
        LoopbackServer("openai", lambda _: Slow(0.05, Reply("a"))) as busy,
        LoopbackServer("openai", lambda _: Reply("b")) as idle,
    ):
        gateway = Gateway(None, concurrency=3)
        crowd = [asyncio.create_task(gateway.complete(request(busy, sample=n))) for n in range(12)]
        await until(lambda: busy.running == 3)
        await gateway.complete(request(idle))
        assert not all(task.done() for task in crowd)
        await asyncio.gather(*crowd)
        assert busy.most_running == 3
        await gateway.aclose()


@pytest.mark.parametrize("whose", ["the model's", "the workspace's"])
async def test_no_more_requests_are_sent_in_a_minute_than_allowed(whose: str) -> None:
    async with LoopbackServer("openai", lambda _: Reply("beta")) as server:
        gateway = Gateway(None, rpm=1 if whose == "the model's" else 2)
        asked = request(server)
        if whose == "the model's":
            asked = replace(asked, model=replace(asked.model, rpm=2))
        crowd = [asyncio.create_task(gateway.complete(replace(asked, sample=n))) for n in range(5)]
        await until(lambda: sum(task.done() for task in crowd) == 2)
        await asyncio.sleep(0.2)
        assert len(server.log) == 2
        cached = await gateway.complete(replace(asked, sample=0))
        assert cached.cached, "what is known needs no allowance"
        await gateway.aclose()
        await asyncio.gather(*crowd, return_exceptions=True)


async def test_a_server_that_says_it_is_overloaded_gets_fewer_calls_at_a_time() -> None:
    async with LoopbackServer("openai", scripted([ServerError(503)] * 8, lambda _: Slow(0.02, Reply("b")))) as server:
        gateway = Gateway(None, backoff=0.01, concurrency=8)
        await asyncio.gather(*(gateway.complete(request(server, sample=n)) for n in range(8)))
        server.most_running = 0
        await asyncio.gather(*(gateway.complete(request(server, sample=n)) for n in range(8, 16)))
        assert server.most_running < 8
        await gateway.aclose()


async def test_a_fallback_answers_when_the_model_is_out_of_reach() -> None:
    async with (
        LoopbackServer("openai", lambda _: ServerError(502)) as broken,
        LoopbackServer("anthropic", lambda _: Reply("beta")) as other,
    ):
        backup = ModelSpec("anthropic/claude-sonnet-4-5", {"api_base": other.api_base})
        asked = request(broken, retries=1)
        asked = replace(asked, model=replace(asked.model, fallback=(replace(asked.model), backup)))
        gateway = Gateway(None, backoff=0.01)
        response = await gateway.complete(asked)
        assert (response.text, response.model) == ("beta", "anthropic/claude-sonnet-4-5")
        assert len(broken.log) == 2, "the model once, not again as its own fallback"
        assert response.usage.calls == 3, "failed attempts may be billed too"
        again = await gateway.complete(asked)
        assert again.model == backup.id and len(other.log) == 1
        await gateway.aclose()
