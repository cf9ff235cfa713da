"""A tool that needs approval runs by no path without it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest
from tests.runtime.world import world

from adalang.runtime.approval import ApprovalRequest, Decision, asking
from adalang.runtime.failures import BugFailure, NotApproved, NotRecorded
from adalang.runtime.interpreter import RunFailed
from adalang.runtime.services import Services
from adalang.runtime.tools.observations import Observations
from adalang.store import Store

CODE = "def refund(order: str, amount: float) -> str:\n    open('called', 'a').write(f'{order} {amount}\\n')\n    return f'refunded {amount}'\n"
TEXT = (
    'tool refund(order: str, amount: float) -> str = python("t.py:refund") { approve = amount > 50 }\n'
    "pipeline p(order: str, amount: float) -> str {\n  done = refund(order, amount)\n  return done\n}\n"
)


def shop(folder, services=None, text=TEXT):
    (folder / "t.py").write_text(CODE)
    return world(folder, text, lambda incoming: "", services=services)


def called(folder) -> list[str]:
    note = folder / "called"
    return note.read_text().splitlines() if note.exists() else []


@pytest.mark.parametrize("component", ["refund", "p"])
async def test_without_anybody_to_ask_nothing_is_called(tmp_path, component):
    async with shop(tmp_path) as w:
        with pytest.raises(RunFailed, match="`refund` was not approved: there is nobody to ask here") as failed:
            await w.run(component, order="7", amount=60.0)
        assert isinstance(failed.value.failure, NotApproved)
        assert await w.run(component, order="7", amount=50.0) == "refunded 50.0"
    assert called(tmp_path) == ["7 50.0"]


async def test_a_person_sees_the_call_and_may_change_it(tmp_path):
    asked: list[ApprovalRequest] = []

    async def lower(request: ApprovalRequest) -> Decision:
        asked.append(request)
        return Decision(True, {**request.inputs, "amount": 55})

    async with shop(tmp_path, Services(approver=lower)) as w:
        output, trace = await w.traced("p", order="7", amount=60.0)
    assert output == "refunded 55"
    assert asked == [ApprovalRequest("refund", {"order": "7", "amount": 60.0}, "p")]
    assert trace.calls[1].inputs == {"order": "7", "amount": 55}


@pytest.mark.parametrize("answer", [False, None, "yes", 1, 0, [], {"amount": "much"}, {"order": "7"}])
async def test_anything_but_a_plain_yes_or_inputs_that_fit_is_a_no(tmp_path, answer):
    async with shop(tmp_path, Services(approver=asking(lambda request: answer))) as w:
        with pytest.raises(RunFailed) as failed:
            await w.run("refund", order="7", amount=60.0)
    assert isinstance(failed.value.failure, NotApproved)
    assert not called(tmp_path)


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), float("-inf")])
async def test_no_number_slips_past_a_condition(tmp_path, amount):
    async with shop(tmp_path) as w:
        with pytest.raises(RunFailed) as failed:
            await w.run("refund", order="7", amount=amount)
    assert isinstance(failed.value.failure, BugFailure | NotApproved)
    assert not called(tmp_path)


async def test_a_condition_without_a_value_stops_the_call(tmp_path):
    text = (
        'tool refund(order: { paid: int }?) -> str = mcp("nothing") {\n'
        "  approve = order.paid > 3\n}\n"
    )  # fmt: skip
    async with shop(tmp_path, text=text) as w:
        with pytest.raises(RunFailed, match=r"^main\.adal:2: `approve` of `refund`: None > 3 has no meaning"):
            await w.run("refund", order=None)
    assert not called(tmp_path)


async def test_callbacks_may_be_plain_or_async_and_what_they_raise_is_raised(tmp_path):
    threads = []

    def plain(request: ApprovalRequest) -> bool:
        threads.append(threading.current_thread())
        return True

    async def later(request: ApprovalRequest) -> bool:
        await asyncio.sleep(0)
        return True

    def broken(request: ApprovalRequest) -> bool:
        raise ValueError("no")

    for callback in (plain, later):
        async with shop(tmp_path, Services(approver=asking(callback))) as w:
            assert await w.run("refund", order="7", amount=60.0) == "refunded 60.0"
    assert threads[0] is not threading.main_thread()
    async with shop(tmp_path, Services(approver=asking(broken))) as w:
        with pytest.raises(ValueError, match="no"):
            await w.run("refund", order="8", amount=60.0)
    assert called(tmp_path) == ["7 60.0"] * 2


async def test_an_approval_that_never_comes_can_be_cancelled(tmp_path):
    waits = asyncio.Event()

    async def never(request: ApprovalRequest) -> Decision:
        waits.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with shop(tmp_path, Services(approver=never)) as w:
        running = asyncio.create_task(w.run("p", order="7", amount=60.0))
        await waits.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert not called(tmp_path)


# ---- effects


EFFECTS = 'tool refund(order: str, amount: float) -> str = python("t.py:refund") { effects = true }\n'


@pytest.mark.parametrize("text", [EFFECTS, TEXT])
async def test_where_effects_are_replayed_only_recorded_calls_are_answered(tmp_path, text):
    with Store.in_memory() as store:
        services = Services(approver=asking(lambda request: True), observations=Observations(store))
        async with shop(tmp_path, services, text) as w:
            assert await w.run("refund", order="7", amount=60.0) == "refunded 60.0"
        replay = services.unattended("nobody").replaying()
        async with shop(tmp_path, replay, "# told in other words\n" + text) as w:
            assert await w.run("refund", order="7", amount=60.0) == "refunded 60.0"
            with pytest.raises(RunFailed) as failed:
                await w.run("refund", order="8", amount=60.0)
            refused = NotApproved if text == TEXT else NotRecorded
            assert type(failed.value.failure) is refused
        (tmp_path / "t.py").write_text(CODE + "\n# other code\n")
        async with world(tmp_path, text, lambda incoming: "", services=replay) as w:
            with pytest.raises(RunFailed, match=r"recorded|nobody is asked where tools are only replayed"):
                await w.run("refund", order="7", amount=60.0)
    assert called(tmp_path) == ["7 60.0"]


async def test_an_error_of_a_tool_with_effects_is_recorded_and_replayed(tmp_path):
    with Store.in_memory() as store:
        services = Services(observations=Observations(store))
        async with shop(tmp_path, services, EFFECTS) as w:
            (tmp_path / "t.py").write_text(
                f"{CODE}    raise ValueError('no such order')\n".replace("    return", "    #")
            )
            for replayed in (False, True):
                runtime = replace(w.runtime, services=w.runtime.services.replaying()) if replayed else w.runtime
                with pytest.raises(RunFailed, match=r"`refund`: t\.py:4: ValueError: no such order"):
                    await runtime.run(w.program.resolve("refund"), {"order": "7", "amount": 60.0})
    assert called(tmp_path) == ["7 60.0"]


async def test_tools_without_effects_are_called_where_effects_are_replayed(tmp_path):
    async with shop(tmp_path, Services(effects="replay")) as w:
        assert await w.run("refund", order="7", amount=10.0) == "refunded 10.0"
    assert called(tmp_path) == ["7 10.0"]


@pytest.mark.parametrize("raised", [SystemExit(1), StopIteration(), KeyboardInterrupt(), ValueError("no")])
async def test_whatever_a_callback_raises_ends_the_question(raised: BaseException) -> None:
    def callback(request: ApprovalRequest) -> bool:
        raise raised

    with pytest.raises((RuntimeError, ValueError)):
        await asyncio.wait_for(asking(callback)(ApprovalRequest("t", {})), 20)
