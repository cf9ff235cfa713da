"""A run in the worker asks the person at the editor before it calls a tool that needs approval."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adalang.engine.client import EngineClient, EngineError, OnApproval
from adalang.engine.protocol import ApprovalAsked, RunRequest, Verdict

PROGRAM = """\
tool refund(order: str, amount: float) -> str = python("t.py:refund") { approve = amount > 50 }

pipeline pay(order: str, amount: float) -> str {
  done = refund(order, amount)
  return done
}
"""
CODE = "def refund(order: str, amount: float) -> str:\n    return f'refunded {amount}'\n"


@asynccontextmanager
async def worker(folder: Path, **approve: OnApproval) -> AsyncIterator[EngineClient]:
    (folder / "shop.adal").write_text(PROGRAM)
    (folder / "t.py").write_text(CODE)
    client = EngineClient(folder, **approve)
    try:
        yield client
    finally:
        await client.close()


def run(folder: Path, amount: float) -> RunRequest:
    return RunRequest(str(folder / "shop.adal"), "pay", {"order": "7", "amount": amount})


async def test_a_person_approves_changes_and_refuses(tmp_path: Path) -> None:
    asked: list[ApprovalAsked] = []
    verdicts = [
        Verdict(True, {"order": "7", "amount": 60.0}),
        Verdict(True, {"order": "7", "amount": 51.5}),
        Verdict(False, {}, "too much"),
    ]

    async def approve(one: ApprovalAsked) -> Verdict:
        asked.append(one)
        return verdicts[len(asked) - 1]

    async with worker(tmp_path, approve=approve) as client:
        assert (await client.call(run(tmp_path, 10.0)))["output"] == "refunded 10.0"
        assert not asked
        assert (await client.call(run(tmp_path, 60.0)))["output"] == "refunded 60.0"
        assert (await client.call(run(tmp_path, 60.0)))["output"] == "refunded 51.5"
        with pytest.raises(EngineError, match="`refund` was not approved: too much"):
            await client.call(run(tmp_path, 60.0))
    assert asked == [ApprovalAsked("refund", {"order": "7", "amount": 60.0}, "pay")] * 3


async def test_without_a_person_and_when_asking_fails_nothing_is_approved(tmp_path: Path) -> None:
    async def broken(one: ApprovalAsked) -> Verdict:
        raise ValueError("no dialog")

    async with worker(tmp_path) as client:
        with pytest.raises(EngineError, match="there is nobody to ask here"):
            await client.call(run(tmp_path, 60.0))
    async with worker(tmp_path, approve=broken) as client:
        with pytest.raises(EngineError, match="nobody could be asked"):
            await client.call(run(tmp_path, 60.0))


async def test_a_question_ends_with_the_run_that_asked(tmp_path: Path) -> None:
    waits, over = asyncio.Event(), asyncio.Event()

    async def never(one: ApprovalAsked) -> Verdict:
        waits.set()
        try:
            await asyncio.Event().wait()
        finally:
            over.set()
        raise AssertionError

    async with worker(tmp_path, approve=never) as client:
        running = asyncio.create_task(client.call(run(tmp_path, 60.0)))
        await waits.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await over.wait()
        assert (await client.call(run(tmp_path, 10.0)))["output"] == "refunded 10.0"
