"""No number of concurrent tasks overruns a budget, and none is refused that would have fitted."""

from __future__ import annotations

import asyncio
import pickle
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.servers import Hang, LoopbackServer, Reply, Slow

from adalang.runtime.failures import BudgetExceeded
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import Message, ModelSpec, Request, Usage


def usage(calls: int, tokens: int, cents: int) -> Usage:
    return Usage(calls, 0, tokens, 0, cents / 100)


JOBS = st.lists(
    st.tuples(
        st.tuples(st.integers(0, 3), st.integers(0, 50), st.integers(0, 40)),
        st.floats(0, 1),
        st.integers(0, 4),
        st.booleans(),
    ),
    max_size=25,
)
LIMITS = st.tuples(*(st.none() | st.integers(0, most) for most in (20, 300, 200)))


@settings(max_examples=150, deadline=None)
@given(jobs=JOBS, outer=LIMITS, inner=LIMITS)
def test_spent_and_reserved_never_pass_the_limit_and_refusals_are_just(
    jobs: list[tuple[tuple[int, int, int], float, int, bool]],
    outer: tuple[int | None, ...],
    inner: tuple[int | None, ...],
) -> None:
    def budget(limits: tuple[int | None, ...], parent: Budget | None = None) -> Budget:
        calls, tokens, cents = limits
        return Budget(calls, tokens, None if cents is None else cents / 100, parent=parent)

    def within(checked: Budget) -> bool:
        total = checked.spent + checked.reserved
        return not (
            (checked.calls is not None and total.calls > checked.calls)
            or (checked.tokens is not None and total.tokens > checked.tokens)
            or (checked.usd is not None and total.usd > checked.usd + 1e-9)
        )

    async def run() -> None:
        whole = budget(outer)
        part = budget(inner, whole)

        async def job(most: tuple[int, int, int], share: float, turns: int, in_part: bool) -> None:
            own = part if in_part else whole
            estimate = usage(*most)
            actual = usage(*(int(amount * share) for amount in most))
            try:
                reservation = await own.reserve(estimate)
            except BudgetExceeded as error:
                short = [b for b in (part, whole) if not _has_room(b, estimate)]
                assert short and error.limit in ("calls", "tokens", "usd")
                return
            with reservation:
                for _ in range(turns):
                    assert within(whole) and within(part)
                    await asyncio.sleep(0)
                reservation.settle(actual)

        async with asyncio.timeout(5):
            await asyncio.gather(*(job(*one) for one in jobs))
        assert within(whole) and within(part)
        assert whole.reserved == part.reserved == Usage()

    asyncio.run(run())


def _has_room(budget: Budget, estimate: Usage) -> bool:
    total = budget.spent + estimate
    return not (
        (budget.calls is not None and total.calls > budget.calls)
        or (budget.tokens is not None and total.tokens > budget.tokens)
        or (budget.usd is not None and total.usd > budget.usd + 1e-12)
    )


async def test_a_reservation_that_may_fit_later_waits_and_one_that_cannot_fails_at_once() -> None:
    budget = Budget(tokens=100)
    first = await budget.reserve(Usage(1, 0, 80))
    waiting = asyncio.create_task(budget.reserve(Usage(1, 0, 80)))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    with pytest.raises(BudgetExceeded, match="100 tokens"):
        await budget.reserve(Usage(1, 0, 101))
    first.settle(Usage(1, 0, 10))
    await asyncio.wait_for(waiting, 1)
    assert budget.spent == Usage(1, 0, 10)


def test_a_child_can_spend_no_more_than_its_parent_has() -> None:
    parent = Budget(calls=5, usd=1.0)
    child = Budget(calls=10, parent=parent)
    assert (child.remaining_calls, child.remaining_usd, child.remaining_seconds) == (5, 1.0, None)
    child.record(Usage(calls=4, usd=0.75))
    assert parent.spent.calls == 4
    assert (child.remaining_calls, parent.remaining_calls, child.remaining_usd) == (1, 1, 0.25)
    assert Budget().remaining_calls is None


def test_the_error_survives_the_way_from_the_worker_process() -> None:
    error = pickle.loads(pickle.dumps(BudgetExceeded("usd", Usage(calls=3, usd=0.5), 0.5)))
    assert (error.limit, error.spent.calls) == ("usd", 3)
    assert "0.5 USD" in str(error) and "3 calls" in str(error)


def request(server: LoopbackServer, sample: int, **options: object) -> Request:
    model = ModelSpec("openai/gpt-4o-mini", {"api_base": server.api_base, **options}, timeout=30)
    return Request(model, (Message("user", "which of the two is it?"),), sample=sample)


async def test_a_hundred_tasks_over_http_make_exactly_the_calls_that_are_allowed() -> None:
    async with LoopbackServer("openai", lambda _: Slow(0.01, Reply("beta"))) as server:
        gateway = Gateway(None)
        budget = Budget(calls=30)
        asked = [gateway.complete(request(server, n), budget=budget) for n in range(100)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        refused = [result for result in results if isinstance(result, BudgetExceeded)]
        assert (len(server.log), len(refused), budget.spent.calls) == (30, 70, 30)
        assert budget.remaining_calls == 0
        assert len(gateway._limiters) == 1
        await gateway.aclose()


async def test_money_is_spent_to_the_last_call_that_surely_fits() -> None:
    reply = Reply("beta", input_tokens=6, output_tokens=50)
    async with LoopbackServer("openai", lambda _: Slow(0.01, reply)) as server:
        gateway = Gateway(None)
        one = (await gateway.complete(request(server, -1, max_tokens=50))).usage.usd
        budget = Budget(usd=one * 20.5)
        asked = [gateway.complete(request(server, n, max_tokens=50), budget=budget) for n in range(60)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert budget.spent.usd <= one * 20.5
        answered = [result for result in results if not isinstance(result, BaseException)]
        assert 19 <= len(answered) <= 20, "estimates that are too high must not waste what is left"
        assert {type(result) for result in results if isinstance(result, BaseException)} == {BudgetExceeded}
        await gateway.aclose()


async def test_when_the_time_is_up_the_running_call_is_ended() -> None:
    async with LoopbackServer("openai", lambda _: Hang()) as server:
        gateway = Gateway(None)
        await gateway.complete(Request(ModelSpec("builtin/lexical"), (Message("user", "x"),)))
        budget = Budget(seconds=0.5)
        began = time.monotonic()
        with pytest.raises(BudgetExceeded, match=r"0\.5 seconds"):
            await gateway.complete(request(server, 0), budget=budget)
        assert 0.4 < time.monotonic() - began < 5
        with pytest.raises(BudgetExceeded):
            await gateway.complete(request(server, 1), budget=Budget(parent=budget))
        await asyncio.sleep(0.05)
        assert len(server.log) == len(server.disconnected) <= 1
        await gateway.aclose()


async def test_an_unknown_price_counts_as_nothing_and_says_so() -> None:
    async with LoopbackServer("openai", lambda _: Reply("beta")) as server:
        gateway = Gateway(None)
        asked = request(server, 0)
        asked = replace(asked, model=replace(asked.model, id="hosted_vllm/mine"))
        response = await gateway.complete(asked, budget=Budget(usd=0.01))
        assert (response.usage.usd, response.usage.priced) == (0.0, False)
        await gateway.aclose()
