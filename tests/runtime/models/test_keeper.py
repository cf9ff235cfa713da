"""Answers that arrive together are committed together, and nobody sees one that is not safe yet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from adalang.runtime.models.answers import Answer
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.keeper import Keeper
from adalang.runtime.models.streams import Say
from adalang.runtime.models.types import Message, ModelSpec, Request
from adalang.store import Store, StoreError
from adalang.store.records import PaymentRecord, ResponseRecord


class Counting:
    """Counts the commits of a store; refuses all once it is told to."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commits: list[int] = []
        self.broken = False
        real = store.put_responses

        def put(records: Sequence[ResponseRecord], payments: Sequence[PaymentRecord]) -> None:
            self.commits.append(len(records))
            if self.broken:
                raise StoreError("the disk is full")
            real(records, payments)

        monkeypatch.setattr(store, "put_responses", put)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


def record(number: int) -> ResponseRecord:
    return ResponseRecord(f"key {number}", "m", {}, {"text": str(number)})


async def test_what_arrives_in_one_turn_of_the_loop_is_one_commit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting, keeper = Counting(store, monkeypatch), Keeper(store)
    await asyncio.gather(*(keeper.keep(record(number)) for number in range(5)))
    await keeper.keep(record(5))
    assert counting.commits == [5, 1]
    assert all(store.response(f"key {number}") is not None for number in range(6))


async def test_an_answer_is_kept_whose_waiter_is_gone_and_one_that_is_there_at_the_end(store: Store) -> None:
    keeper = Keeper(store)
    keeper.keep(record(0)).cancel()
    keeper.keep(record(1))
    keeper.commit()
    assert store.response("key 0") is not None and store.response("key 1") is not None
    keeper.commit()


async def test_everybody_is_told_that_nothing_could_be_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    counting, keeper = Counting(store, monkeypatch), Keeper(store)
    counting.broken = True
    told = await asyncio.gather(*(keeper.keep(record(number)) for number in range(3)), return_exceptions=True)
    assert [str(error) for error in told if isinstance(error, StoreError)] == ["the disk is full"] * 3
    counting.broken = False
    await keeper.keep(record(0))


class AtOnce:
    """A lane whose answers all arrive in the same turn of the loop."""

    free = False

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def ready(self) -> None:
        pass

    async def call(self, request: Request, say: Say | None = None) -> Answer:
        await self.go.wait()
        return Answer(request.messages[0].text, input_tokens=1)

    async def aclose(self) -> None:
        pass


async def test_answers_that_come_together_are_safe_before_anyone_sees_them(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting, lane = Counting(store, monkeypatch), AtOnce()
    gateway = Gateway(store, concurrency=30, lanes={"at": lane})
    with Store.open(tmp_path) as other:  # what another process would find, were this one killed now

        async def ask(number: int) -> bool:
            request = Request(ModelSpec("at/once"), (Message("user", str(number)),))
            return other.response((await gateway.complete(request)).key) is not None

        asked = [asyncio.create_task(ask(number)) for number in range(30)]
        await asyncio.sleep(0.05)
        lane.go.set()
        assert all(await asyncio.gather(*asked))
    assert sum(counting.commits) == 30 and len(counting.commits) < 10
    await gateway.aclose()


def test_of_a_batch_that_fails_nothing_is_kept(store: Store) -> None:
    broken = ResponseRecord("key 1", None, {}, {})  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="NOT NULL"):
        store.put_responses([record(0), broken, record(2)])
    assert store.response("key 0") is None
    store.put_responses([record(0), record(2)])
    assert store.response("key 2") is not None
