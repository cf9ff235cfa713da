"""Programs made from a program, their traces, who approves for them, and what happens when they are closed."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import adalang
from adalang.store import Store

DESK = """
type Team = "returns" | "billing"

# Sorts a ticket.
prompt classify(ticket: str) -> Team {
  param instruction = \"\"\"
    - billing: words such as invoice, card
    - returns: words such as broken, exchange
    \"\"\"
  demos shots { max = 2 }
  system = \"\"\"{{ instruction }}\"\"\"
  user = \"\"\"{{ ticket }}\"\"\"
}

pipeline sort_all(tickets: str[]) -> Team[] {
  teams = [classify(ticket) for ticket in tickets]
  return teams
}
"""

SHOP = """
tool refund(order: str, amount: float) -> str = python("tools.py:refund") { approve = amount > 50 }

pipeline settle(order: str, amount: float) -> str {
  done = refund(order, amount)
  return done
}

pipeline settle_both(first: str, second: str) -> str[] {
  one = refund(first, 60)
  two = refund(second, 70)
  return [one, two]
}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[adalang.Program]:
    file = tmp_path / "desk.adal"
    file.write_text(DESK)
    with adalang.load(file) as program:
        yield program


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[adalang.Program]:
    (tmp_path / "tools.py").write_text(
        "def refund(order: str, amount: float) -> str:\n    return f'{order}: {amount:g}'\n"
    )
    file = tmp_path / "shop.adal"
    file.write_text(SHOP)
    with adalang.load(file) as program:
        yield program


def test_other_texts_and_examples_answer_and_the_file_stays(desk: adalang.Program) -> None:
    before = desk.path.read_text()
    turned = desk.with_params(
        {"classify.instruction": "- billing: words such as broken\n- returns: words such as card"}
    )
    assert [turned.classify("my card"), desk.classify("my card")] == ["returns", "billing"]
    taught = desk.with_params({"classify.shots": [{"ticket": "zzz", "output": "returns"}]})
    taught.classify("broken")
    assert taught.trace is not None and any("zzz" in one.text for one in taught.trace.calls[0].messages)
    assert desk.path.read_text() == before


def test_programs_made_from_one_share_its_answers(desk: adalang.Program) -> None:
    desk.classify("my card")
    again = desk.with_models({"classify": "builtin/lexical"})
    assert again.classify("my card") == "billing"
    assert again.trace is not None and again.trace.usage.cached_calls == 1


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"classify.instrution": "x"}, (ValueError, "did you mean `classify.instruction`")),
        ({"classify.instruction": ["x"]}, (TypeError, "is a text")),
        ({"classify.shots": "x"}, (TypeError, "a list of objects")),
        ({"classify.shots": [1]}, (TypeError, "a list of objects")),
    ],
)
def test_params_that_cannot_be_are_refused_at_once(
    desk: adalang.Program, values: dict[str, object], wrong: tuple[type[Exception], str]
) -> None:
    with pytest.raises(wrong[0], match=wrong[1]):
        desk.with_params(values)


def test_a_model_for_a_component_that_is_not_there_is_refused(desk: adalang.Program) -> None:
    with pytest.raises(ValueError, match="did you mean `classify`"):
        desk.with_models({"clasify": "x/y"})
    with pytest.raises(ValueError, match="did you mean `classify`"):
        adalang.load(desk.path, model={"clasify": "x/y"})


def test_a_pickled_program_keeps_its_texts_and_models(desk: adalang.Program) -> None:
    turned = desk.with_params({"classify.instruction": "- returns: words such as card"}).with_models("builtin/lexical")
    with pickle.loads(pickle.dumps(turned)) as again:
        assert again.classify("my card") == "returns"


# ---- traces


def test_a_program_tells_what_its_last_call_did_also_when_it_failed(desk: adalang.Program) -> None:
    assert desk.trace is None
    desk.sort_all(["my card", "broken"])
    assert desk.trace is not None
    assert [call.component for call in desk.trace.calls] == ["sort_all", "classify", "classify"]
    failing = desk.with_models("replay/nothing.jsonl")
    desk.path.with_name("nothing.jsonl").write_text("")
    with pytest.raises(adalang.RunFailed):
        failing.classify("my card")
    assert failing.trace is not None and "no answer" in failing.trace.calls[0].error


async def test_the_traces_of_a_block_are_those_of_its_own_tasks(desk: adalang.Program) -> None:
    async def block(texts: list[str]) -> set[str]:
        with desk.tracing() as traces:
            await asyncio.gather(*(desk.classify.acall(text) for text in texts))
        return {trace.calls[0].inputs["ticket"] for trace in traces}

    words = [[f"{word} {number}" for number in range(5)] for word in ("card", "broken")]
    assert await asyncio.gather(*map(block, words)) == [set(one) for one in words]


def test_the_traces_of_a_block_are_those_of_its_own_thread(desk: adalang.Program) -> None:
    found: dict[str, list[str]] = {}

    def block(word: str) -> None:
        with desk.tracing() as outer, desk.with_models("builtin/lexical").tracing() as inner:
            for number in range(5):
                desk.classify(f"{word} {number}")
        assert outer == inner
        found[word] = [trace.calls[0].inputs["ticket"] for trace in outer]

    threads = [threading.Thread(target=block, args=[word]) for word in ("card", "broken", "invoice")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {word: [f"{word} {number}" for number in range(5)] for word in ("card", "broken", "invoice")}


# ---- approvals


def test_nothing_is_approved_where_nobody_is_asked(shop: adalang.Program) -> None:
    assert shop.settle("a", 20.0) == "a: 20"
    with pytest.raises(adalang.RunFailed, match="refund"):
        shop.settle("a", 60.0)


def test_a_plain_call_asks_in_the_thread_that_waits(shop: adalang.Program) -> None:
    asked: list[tuple[object, ...]] = []

    def approve(request: adalang.ApprovalRequest) -> bool:
        asked.append((threading.current_thread(), request.tool, request.inputs["amount"], request.asked_by))
        return request.inputs["amount"] < 100

    program = shop.with_approval(approve)
    assert program.settle("a", 60.0) == "a: 60"
    with pytest.raises(adalang.RunFailed):
        program.settle("b", 200.0)
    here = threading.current_thread()
    assert [one[:3] for one in asked] == [(here, "refund", 60.0), (here, "refund", 200.0)]


async def test_an_awaited_call_asks_on_the_loop_that_awaits(shop: adalang.Program) -> None:
    here, asked = asyncio.get_running_loop(), []

    async def approve(request: adalang.ApprovalRequest) -> dict[str, object]:
        asked.append(asyncio.get_running_loop())
        return {**request.inputs, "amount": 10.0}

    assert await shop.with_approval(approve).settle_both.acall("a", "b") == ["a: 10", "b: 10"]
    assert asked == [here, here]


async def test_an_awaited_call_asks_a_plain_callback_without_holding_up_its_loop(shop: adalang.Program) -> None:
    answer = threading.Event()
    program = shop.with_approval(lambda request: answer.wait(60))
    call = asyncio.create_task(program.settle.acall("a", 60.0))
    await asyncio.sleep(0)
    answer.set()
    assert await call == "a: 60"


def test_a_plain_call_may_ask_an_async_callback(shop: adalang.Program) -> None:
    async def approve(request: adalang.ApprovalRequest) -> adalang.Decision:
        await asyncio.sleep(0)
        return adalang.Decision(False, request.inputs, "too much of it")

    with pytest.raises(adalang.RunFailed, match="too much of it"):
        shop.with_approval(approve).settle("a", 60.0)


async def test_what_the_callback_raises_ends_the_call(shop: adalang.Program) -> None:
    def approve(request: adalang.ApprovalRequest) -> bool:
        raise LookupError("no such person")

    program = shop.with_approval(approve)
    with pytest.raises(LookupError, match="no such person"):
        await asyncio.to_thread(program.settle, "a", 60.0)
    with pytest.raises(LookupError, match="no such person"):
        await program.settle.acall("a", 60.0)


EVAL = """
dataset orders = [{ order = "a", amount = 60.0, done = "a: 60" }, { order = "b", amount = 70.0, done = "b: 70" }]

eval settled of settle {
  data = orders
  expect = row.done
  metric = exact_match
}
"""


def test_an_eval_asks_the_function_that_the_program_was_given(shop: adalang.Program) -> None:
    shop.path.write_text(shop.path.read_text() + EVAL)
    asked: list[str] = []

    def approve(request: adalang.ApprovalRequest) -> bool:
        asked.append(request.inputs["order"])
        return request.inputs["order"] == "a"

    with adalang.load(shop.path, approve=approve) as program:
        found = program.evaluate(split="train", limit=2)
        rows = {row.inputs["order"]: row.status for row in found.rows}
        assert sorted(asked) == sorted(rows) and rows.get("a", "ok") == "ok" and rows.get("b", "refused") != "ok"
        assert program.with_approval(None).evaluate(split="train", limit=2).void, "a program without one asks nobody"


async def test_a_call_that_waits_for_approval_is_cancelled(shop: adalang.Program) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def approve(request: adalang.ApprovalRequest) -> bool:
        asked.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()
        return True

    call = asyncio.create_task(shop.with_approval(approve).settle.acall("a", 60.0))
    await asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await ended.wait()


# ---- threads, loops, closing


def test_threads_and_their_loops_share_a_program(desk: adalang.Program) -> None:
    found: list[str] = []

    def use(number: int) -> None:
        async def both() -> list[str]:
            return list(await asyncio.gather(*(desk.classify.acall(f"card {number} {each}") for each in range(3))))

        found.extend(asyncio.run(both()))
        found.append(desk.classify(f"invoice {number}"))

    threads = [threading.Thread(target=use, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["billing"] * 24


async def test_closing_ends_the_calls_that_run_and_says_so(shop: adalang.Program) -> None:
    asked = threading.Semaphore(0)

    async def never(request: adalang.ApprovalRequest) -> bool:
        asked.release()
        await asyncio.sleep(3600)
        return True

    program = shop.with_approval(never)
    plain = asyncio.create_task(asyncio.to_thread(program.settle, "a", 60.0))
    awaited = asyncio.create_task(program.settle.acall("b", 60.0))
    for _ in range(2):
        await asyncio.to_thread(asked.acquire)
    await asyncio.to_thread(shop.close)
    for call in (plain, awaited):
        with pytest.raises(adalang.ProgramClosed, match="while this call ran"):
            await call
    assert not [one.name for one in threading.enumerate() if one.name == "adalang"]
    with pytest.raises(adalang.ProgramClosed, match="was closed; load it again"):
        await program.settle.acall("c", 20.0)


def test_a_program_that_nobody_holds_closes_itself(desk: adalang.Program) -> None:
    before = {one for one in threading.enumerate() if one.name == "adalang"}
    program = adalang.load(desk.path)
    program.classify("my card")
    (thread,) = [one for one in threading.enumerate() if one.name == "adalang" and one not in before]
    del program
    gc.collect()
    thread.join(30)
    assert not thread.is_alive()


def test_a_process_ends_while_calls_run_and_programs_are_open(desk: adalang.Program) -> None:
    code = f"""
import threading, time, adalang
program = adalang.load({str(desk.path)!r})
assert program.classify("my card") == "billing"
threading.Thread(target=program.sort_all, args=[[f"card {{n}}" for n in range(200)]], daemon=True).start()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_process_that_leaves_a_program_open_keeps_its_trace(desk: adalang.Program) -> None:
    code = f"import adalang; program = adalang.load({str(desk.path)!r}); program.classify('my card')"
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    assert "Traceback" not in done.stderr
    with Store.open(desk.path.parent) as store:
        assert len(store.runs.find()) == 1


def test_a_component_shows_what_it_takes(desk: adalang.Program) -> None:
    assert repr(desk.classify) == "<prompt classify(ticket: str) -> Team>"
    assert desk.classify.__doc__ == "Sorts a ticket."
    assert "<code>sort_all(tickets: str[]) -&gt; Team[]</code>" in desk._repr_html_()
