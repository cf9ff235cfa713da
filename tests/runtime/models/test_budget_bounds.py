"""No bound is ever passed: on both lanes, with answers longer than reserved, retries, fallbacks, 32 at a time, after a kill."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.servers import Hang, Incoming, LoopbackServer, RateLimited, Reply, ServerError, Slow

from adalang.language.models import price
from adalang.runtime.failures import BudgetExceeded, Failure
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import Message, ModelSpec, Request, Usage
from adalang.store import Store

MODELS = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-sonnet-4-5"}
"""One for each lane: the direct one, and litellm's own."""


class Talker:
    """A model that says as many tokens as it likes, but no more than it is asked for, and now and then goes wrong."""

    def __init__(self, seed: int, longest: int, faults: bool) -> None:
        self.random, self.longest, self.faults = random.Random(seed), longest, faults
        self.billed: list[Usage] = []

    def __call__(self, incoming: Incoming) -> Reply | RateLimited | ServerError | Slow:
        if self.faults and self.random.random() < 0.3:
            return self.random.choice([RateLimited(0.001), ServerError(500), ServerError(503)])
        wanted = self.random.randint(1, self.longest)
        most = incoming.body.get("max_tokens") or incoming.body.get("max_completion_tokens") or wanted
        sent = sum(len(message.text.encode()) for message in incoming.messages)
        said = min(wanted, most)
        self.billed.append(Usage(1, 0, sent, said))
        reply = Reply("beta", (), "stop" if wanted <= most else "length", sent, said)
        return Slow(0.001 * self.random.random(), reply)


def request(server: LoopbackServer, protocol: str, sample: int, **spec: object) -> Request:
    options = {"api_base": server.api_base, "api_key": "k"}
    model = ModelSpec(MODELS[protocol], options, retries=2, timeout=20)
    return Request(replace(model, **spec), (Message("user", "which of the two is it?"),), sample=sample)  # type: ignore[arg-type]


async def all_asked(gateway: Gateway, budget: Budget, asked: list[Request]) -> list[object]:
    results = await asyncio.gather(*(gateway.complete(one, budget=budget) for one in asked), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Failure | BudgetExceeded):
            raise result
    return list(results)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    protocol=st.sampled_from(["openai", "anthropic"]),
    limit=st.sampled_from(["calls", "tokens", "usd"]),
    share=st.floats(0.05, 1.2),
    longest=st.sampled_from([20, 900, 6000]),
    faults=st.booleans(),
    seed=st.integers(0, 99),
)
def test_calls_tokens_and_money_are_never_overrun(
    protocol: str, limit: str, share: float, longest: int, faults: bool, seed: int
) -> None:
    async def run() -> None:
        talker = Talker(seed, longest, faults)
        async with LoopbackServer(protocol, talker) as server:  # type: ignore[arg-type]
            rates = price(MODELS[protocol])
            assert rates is not None
            whole = 40 * (23 + longest / 2)
            allowed: dict[str, float] = {
                "calls": round(40 * share),
                "tokens": round(whole * share),
                "usd": whole * share * rates[1],
            }
            budget = Budget(**{limit: allowed[limit]})  # type: ignore[arg-type]
            gateway = Gateway(None, concurrency=32, backoff=0.001)
            await all_asked(gateway, budget, [request(server, protocol, nth) for nth in range(40)])
            await gateway.aclose()
            billed = sum(talker.billed, Usage())
            usd = billed.input_tokens * rates[0] + billed.output_tokens * rates[1]
            real = {"calls": billed.calls, "tokens": billed.tokens, "usd": usd}
            assert real[limit] <= allowed[limit] + 1e-9
            assert budget.spent.calls >= billed.calls, "a call that a provider may have billed was not counted"
            assert budget.reserved == Usage()

    asyncio.run(asyncio.wait_for(run(), 60))


async def test_an_answer_cut_for_the_budget_is_asked_for_again_with_more_room_and_never_taken_for_the_models() -> None:
    def says_3000(incoming: Incoming) -> Reply:
        most = incoming.body.get("max_tokens") or 9999
        return Reply("whole" if most >= 3000 else "cut", (), "stop" if most >= 3000 else "length", 10, min(3000, most))

    async with LoopbackServer("openai", says_3000) as server:
        gateway = Gateway(None)
        budget = Budget(tokens=20_000)
        answer = await gateway.complete(request(server, "openai", 0), budget=budget)
        assert (answer.text, answer.usage.calls, answer.finish_reason) == ("whole", 3, "stop")
        assert answer.usage.output_tokens == 1024 + 2048 + 3000 and budget.spent == answer.usage
        assert (await gateway.complete(request(server, "openai", 0), budget=budget)).cached
        again = await gateway.complete(request(server, "openai", 1), budget=budget)
        assert again.usage.calls == 1, "how long its answers are is known now"
        with pytest.raises(BudgetExceeded, match="2000 tokens"):
            await gateway.complete(request(server, "openai", 2), budget=Budget(tokens=2000))
        await gateway.aclose()


async def test_a_model_that_ends_at_a_length_of_its_own_is_believed() -> None:
    async with LoopbackServer("openai", lambda _: Reply("short", (), "length", 10, 400)) as server:
        gateway = Gateway(None)
        answer = await gateway.complete(request(server, "openai", 0), budget=Budget(tokens=90_000))
        assert (answer.text, answer.finish_reason, answer.usage.calls) == ("short", "length", 2)
        await gateway.aclose()


async def test_without_a_bound_on_tokens_or_money_nothing_is_asked_for_that_the_file_does_not_say() -> None:
    async with LoopbackServer("openai", lambda _: Reply("beta")) as server:
        gateway = Gateway(None)
        await gateway.complete(request(server, "openai", 0), budget=Budget(calls=3, seconds=30))
        bounded = request(server, "openai", 1, options={"api_base": server.api_base, "api_key": "k", "max_tokens": 7})
        await gateway.complete(bounded, budget=Budget(tokens=900))
        assert [incoming.body.get("max_tokens") for incoming in server.log] == [None, 7]
        await gateway.aclose()


async def test_a_fallback_is_paid_out_of_the_same_budget() -> None:
    def behaviour(incoming: Incoming) -> Reply | ServerError:
        return ServerError(500) if incoming.model == "gpt-4o" else Reply("beta")

    async with LoopbackServer("openai", behaviour) as server:
        gateway = Gateway(None, backoff=0.001)
        spare = request(server, "openai", 0).model
        asked = [request(server, "openai", nth, id="openai/gpt-4o", fallback=(spare,), retries=1) for nth in range(20)]
        budget = Budget(calls=7)
        await all_asked(gateway, budget, asked)
        assert sum(incoming.model == "gpt-4o-mini" for incoming in server.log) <= budget.spent.calls <= 7
        await gateway.aclose()


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
async def test_a_retry_does_not_outlive_the_time(protocol: str) -> None:
    async with LoopbackServer(protocol, lambda _: ServerError(500)) as server:  # type: ignore[arg-type]
        gateway = Gateway(None, backoff=60)
        warm = request(server, protocol, 0, retries=0)
        with pytest.raises(Failure):
            await gateway.complete(warm)
        async with asyncio.timeout(10):
            with pytest.raises(BudgetExceeded, match=r"0\.3 seconds"):
                await gateway.complete(request(server, protocol, 1), budget=Budget(seconds=0.3))
        await gateway.aclose()


async def test_what_a_killed_process_had_paid_or_may_have_paid_is_in_its_account(tmp_path: Path) -> None:
    """Answered calls as they were, calls under way with the most that they may cost, and nothing for those never sent."""

    four_hang = asyncio.Event()

    def behaviour(incoming: Incoming) -> Reply | Hang:
        if incoming.number == 5 + 4 - 1:
            four_hang.set()
        return Hang() if "slow" in incoming.messages[0].text else Reply("beta", (), "stop", 5, 2)

    async with LoopbackServer("openai", behaviour) as server:
        with Store.open(tmp_path) as store:
            gateway = Gateway(store, concurrency=4)
            budget = Budget(calls=50, tokens=100_000, account="run")
            for nth in range(5):
                await gateway.complete(request(server, "openai", nth), budget=budget)
            slow = replace(request(server, "openai", 9), messages=(Message("user", "slow"),))
            hanging = [
                asyncio.create_task(gateway.complete(replace(slow, sample=nth), budget=budget)) for nth in range(9)
            ]
            async with asyncio.timeout(20):
                await four_hang.wait()
            with Store.open(tmp_path) as other:  # as a process sees it that is started after a kill now
                paid = other.paid("run")
                assert (paid.calls, paid.open, paid.input_tokens >= 5 * 5) == (5 + 4, 4, True)
                assert paid.output_tokens >= 5 * 2 + 4 * 256
                assert other.paid("another run").calls == 0
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
            await gateway.aclose()
            assert store.paid("run").open == 0
            assert store.paid("run").calls == budget.spent.calls
