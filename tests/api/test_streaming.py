"""Answers from Python while they are written."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import adalang
from tests.servers import LoopbackServer, Reply, ServerError, Stall
from tests.servers.threaded import served

TEXT = """\
model m = "openai/test" { api_base = env("BASE"), api_key = env("KEY"), retries = 0 }

prompt reply(q: str) -> str {
  model = m
  user = \"\"\"{{ q }}\"\"\"
}

prompt order(q: str) -> { name: str, tags: str[] } {
  model = m
  user = \"\"\"order {{ q }}\"\"\"
}
"""
TOLD = "It is so, and it has been so for a long time."
ORDER = '{"name": "a long pump", "tags": ["blue", "new"]}'


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    behaviour = lambda incoming: Reply(ORDER if incoming.schema else TOLD)  # noqa: E731
    with served(LoopbackServer(behaviour=behaviour)) as one:
        yield one


@pytest.fixture
def program(tmp_path: Path, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[adalang.Program]:
    monkeypatch.setenv("BASE", server.api_base)
    monkeypatch.setenv("KEY", "k")
    (tmp_path / "adalang.toml").touch()
    (tmp_path / "main.adal").write_text(TEXT, encoding="utf-8")
    with adalang.load(tmp_path / "main.adal") as found:
        yield found


def until(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_pieces_and_then_the_answer(program: adalang.Program, server: LoopbackServer) -> None:
    rest = threading.Event()
    server.behaviour = lambda _: Stall(Reply(TOLD), rest)
    pieces = []
    for piece in program.reply.stream("x"):
        rest.set()  # the first came while the server held back the rest
        pieces.append(piece)
    assert 0 < len(pieces[0].text) < len(TOLD)
    assert "".join(piece.text for piece in pieces) == pieces[-1].value == TOLD
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]


async def test_values_so_far_for_coroutines(program: adalang.Program, server: LoopbackServer) -> None:
    rest = threading.Event()
    server.behaviour = lambda _: Stall(Reply(ORDER), rest)
    values = []
    async for piece in program.order.astream(q="x"):
        rest.set()
        values.append(piece.value)
    assert values[-1] == {"name": "a long pump", "tags": ["blue", "new"]} != values[0]
    assert all(value is None or value.keys() <= values[-1].keys() for value in values)


async def test_plain_streams_work_where_a_loop_runs(program: adalang.Program) -> None:
    assert list(program.reply.stream("x"))[-1].value == TOLD


def test_what_goes_wrong_is_raised(program: adalang.Program, server: LoopbackServer) -> None:
    server.behaviour = lambda _: ServerError(500)
    with pytest.raises(adalang.RunFailed, match="gave no answer"):
        list(program.reply.stream("x"))
    with pytest.raises(adalang.RunFailed, match="needs the input `q`"):
        list(program.reply.stream())


def test_leaving_early_ends_the_call(program: adalang.Program, server: LoopbackServer) -> None:
    server.behaviour = lambda _: Stall(Reply("one two three four five six"))
    for piece in program.reply.stream("x"):
        assert piece.text.startswith("one")
        break
    until(lambda: server.disconnected == [0])


async def test_leaving_early_ends_the_call_for_coroutines(program: adalang.Program, server: LoopbackServer) -> None:
    server.behaviour = lambda _: Stall(Reply("one two three four five six"))
    pieces = program.reply.astream("x")
    assert (await anext(pieces)).text.startswith("one")
    await pieces.aclose()  # type: ignore[attr-defined]
    await asyncio.to_thread(until, lambda: server.disconnected == [0])
