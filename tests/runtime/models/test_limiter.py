"""How many calls a model gets: fewer after a 429 or when answers become slow, more again, and so many a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.runtime.models import limiter as module
from adalang.runtime.models.limiter import Allowance, Limiter, Slots


class Clock:
    """Time that passes when the test says so, or when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        await real(0)
        await clock.sleep(seconds)

    with monkeypatch.context() as patch:
        patch.setattr(module.time, "monotonic", clock.monotonic)
        patch.setattr(module.asyncio, "sleep", sleep)
        yield clock


def answered(limiter: Limiter, times: int, seconds: float = 1.0, tokens: int = 10) -> None:
    for _ in range(times):
        limiter.succeeded(time.monotonic(), seconds, tokens)


# -- slots


async def test_slots_are_given_in_the_order_of_asking_and_a_smaller_limit_takes_none_away() -> None:
    slots, order = Slots(2), []

    async def use(number: int) -> None:
        await slots.take()
        order.append(number)

    tasks = [asyncio.create_task(use(number)) for number in range(5)]
    await asyncio.sleep(0)
    assert order == [0, 1]
    slots.resize(1)
    slots.give_back()
    await asyncio.sleep(0)
    assert (order, slots.taken) == ([0, 1], 1)
    slots.resize(3)
    await asyncio.sleep(0)
    assert order == [0, 1, 2, 3]
    slots.give_back()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("given_already", [False, True])
async def test_who_is_cancelled_while_waiting_takes_no_slot_from_the_others(given_already: bool) -> None:
    slots = Slots(1)
    await slots.take()
    waiting = [asyncio.create_task(slots.take()) for _ in range(2)]
    await asyncio.sleep(0)
    if given_already:
        slots.give_back()
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    if not given_already:
        slots.give_back()
    await waiting[1]
    assert slots.taken == 1


# -- 429


async def test_a_burst_of_429_halves_the_slots_once_and_success_brings_them_back() -> None:
    limiter = Limiter(Slots(8))
    async with limiter.slot() as first, limiter.slot() as second:
        limiter.throttled(first.started, 0.0)
        limiter.throttled(second.started, 0.0)
    assert limiter.limit == 4
    async with limiter.slot() as later:
        limiter.throttled(later.started, 0.0)
    assert limiter.limit == 2
    answered(limiter, 2 + 3 + 4 + 5 + 6 + 7)
    assert limiter.limit == 8
    answered(limiter, 100)
    assert limiter.limit == 8, "never more than the server may get"


async def test_retry_after_is_waited_for_by_those_that_have_a_slot_and_by_those_that_get_one(clock: Clock) -> None:
    limiter = Limiter(Slots(2))
    async with limiter.slot() as slot:
        limiter.throttled(slot.started, 7.0)
    async with limiter.slot() as slot:
        assert slot.started == 1007.0


async def test_models_of_one_server_share_its_slots_but_not_the_complaints_about_one_of_them() -> None:
    server = Slots(4)
    one, other = Limiter(server), Limiter(server)
    async with one.slot() as slot:
        one.throttled(slot.started, 60.0)
    assert (one.limit, other.limit) == (2, 4)
    async with other.slot(), other.slot(), other.slot(), other.slot():
        assert server.taken == 4
        fifth = asyncio.create_task(other.slot().__aenter__())
        await asyncio.sleep(0)
        assert not fifth.done()
    await (await fifth).__aexit__(None, None, None)
    assert server.taken == 0


# -- latency


def test_slow_answers_take_a_quarter_of_the_slots_and_quick_ones_bring_them_back() -> None:
    limiter = Limiter(Slots(16))
    answered(limiter, 16, seconds=0.5)
    answered(limiter, 16, seconds=0.6)
    assert limiter.limit == 16
    answered(limiter, 16, seconds=2.0)
    assert limiter.limit == 12
    answered(limiter, 12, seconds=2.0)
    assert limiter.limit == 9
    answered(limiter, 9, seconds=0.6)
    assert limiter.limit == 10


def test_long_answers_and_a_few_milliseconds_are_not_slowness() -> None:
    limiter = Limiter(Slots(16))
    answered(limiter, 16, seconds=0.5, tokens=10)
    answered(limiter, 16, seconds=10.0, tokens=900)
    assert limiter.limit == 16
    quick = Limiter(Slots(16))
    answered(quick, 16, seconds=0.002)
    answered(quick, 16, seconds=0.050)
    assert quick.limit == 16


def test_a_model_that_has_become_slower_for_good_gets_its_slots_back() -> None:
    limiter = Limiter(Slots(16))
    answered(limiter, 16, seconds=0.5)
    answered(limiter, 2000, seconds=1.5)
    assert limiter.limit == 16


async def test_calls_that_began_before_a_cut_are_no_reason_for_another() -> None:
    limiter = Limiter(Slots(16))
    early = time.monotonic()
    answered(limiter, 16, seconds=0.5)
    answered(limiter, 16, seconds=5.0)
    assert limiter.limit == 12
    for _ in range(12):
        limiter.succeeded(early, 5.0, 10)
    assert limiter.limit == 13


# -- per minute


@given(
    most=st.integers(1, 20),
    uses=st.lists(st.tuples(st.integers(1, 30), st.floats(0, 90)), max_size=40),
)
def test_in_no_60_seconds_is_more_used_than_allowed_and_nobody_waits_in_vain(
    most: int, uses: list[tuple[int, float]]
) -> None:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.time, "monotonic", clock.monotonic)
        allowance, used = Allowance(most), list[tuple[float, int]]()
        for units, pause in uses:
            clock.now += pause
            began = clock.now
            while (wait := allowance.wait(units)) > 0:
                clock.now += wait
            assert clock.now - began <= 60.0001
            used.append((clock.now, units))
            allowance.use(units)
        for at, _ in used:
            within = [units for when, units in used if at - 59.999 < when <= at]
            assert sum(within) <= most or len(within) == 1, "what is more than the allowance goes alone"


def test_what_was_reserved_too_much_is_given_back() -> None:
    allowance = Allowance(100)
    use = allowance.use(90)
    assert allowance.wait(20) > 59
    allowance.correct(use, 30)
    assert allowance.wait(20) == 0


async def test_requests_per_minute_are_kept_to(clock: Clock) -> None:
    limiter = Limiter(Slots(10), rpm=3)
    begun = []
    for _ in range(7):
        async with limiter.slot() as slot:
            begun.append(slot.started)
    assert begun == [1000.0] * 3 + [1060.0] * 3 + [1120.0]


async def test_tokens_per_minute_are_those_that_were_used(clock: Clock) -> None:
    limiter = Limiter(Slots(10), tpm=1000)
    begun = []
    for _ in range(4):
        async with limiter.slot(700) as slot:
            begun.append(slot.started)
            slot.tokens = 200
    assert begun == [1000.0] * 2 + [1060.0] * 2
