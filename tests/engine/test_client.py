"""The worker process and its client: requests that end early, and a worker that speaks nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adalang.engine.client import EngineClient, WorkerDied
from adalang.engine.protocol import Progress, RunRequest
from tests.runtime.retrieval.world import EmbeddingServer
from tests.servers import LoopbackServer, Reply, Slow

PAGE = 'prompt answer(question: str) = """{{ question }}"""\n'


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[EngineClient]:
    (tmp_path / "adalang.toml").write_text('model = "builtin/lexical"\n', encoding="utf-8")
    (tmp_path / "page.adal").write_text(PAGE, encoding="utf-8")
    client = EngineClient(tmp_path)
    yield client
    await client.close()


def question(client: EngineClient) -> RunRequest:
    return RunRequest(str(client.root / "page.adal"), "answer", {"question": "Who?"})


async def test_cancelled_before_it_began_is_answered_and_costs_nobody_the_worker(client: EngineClient) -> None:
    await client.call(question(client))
    worker = client.pid
    calls = [asyncio.create_task(client.call(question(client))) for _ in range(5)]
    await asyncio.sleep(0)  # they are sent; the cancels follow in the same breath
    for call in calls:
        call.cancel()
    async with asyncio.timeout(2):
        found = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in found)
    assert "output" in await client.call(question(client))
    assert client.pid == worker


@pytest.mark.parametrize("said", [b"Content-Length: 4\r\n\r\nnope", b"Content-Length: 4\r\n\r\n[12]"])
async def test_worker_that_speaks_nonsense_is_ended_and_the_next_call_starts_another(
    client: EngineClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    broken = tmp_path / "broken"
    broken.write_text(f"#!{sys.executable}\nimport os, time\nos.write(1, {said!r})\ntime.sleep(60)\n", encoding="utf-8")
    broken.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(broken))
        async with asyncio.timeout(10):
            with pytest.raises(WorkerDied):
                await client.call(question(client))
    assert "output" in await client.call(question(client))


async def test_a_run_tells_its_answer_while_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "adalang.toml").touch()
    model = 'model m = "openai/test" { api_base = env("BASE"), api_key = env("KEY") }\n'
    page = model + 'prompt answer(question: str) -> str {\n  model = m\n  user = """{{ question }}"""\n}\n'
    (tmp_path / "page.adal").write_text(page, encoding="utf-8")
    text, told = " ".join(f"word{n}" for n in range(300)), list[Progress]()
    async with LoopbackServer(behaviour=lambda _: Slow(0.01, Reply(text))) as server:
        client = EngineClient(tmp_path, {**os.environ, "BASE": server.api_base, "KEY": "k"})
        result = await client.call(question(client), told.append)
        await client.close()
    answers = [one.answer for one in told if one.answer is not None]
    assert "".join(one.text for one in answers) == result["output"] == text
    assert {one.component for one in answers} == {"answer"} and len(answers) < 300
    assert told[-1].told("Running answer").endswith("word299")


RETRIEVER = """model e = "openai/e" { api_base = env("BASE"), api_key = env("KEY") }
retriever handbook(query: str) -> Passage[] {
  corpus = "handbook.md"
  method = hybrid
  embedding = e
  k = 1
}
"""


async def test_retrievers_run_in_the_worker_and_what_they_bought_outlives_it(
    client: EngineClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handbook = tmp_path / "handbook.md"
    handbook.write_text("# Shop\n## Refunds\nMoney is paid back.\n## Hours\nNine to five.\n", encoding="utf-8")
    (tmp_path / "search.adal").write_text(RETRIEVER, encoding="utf-8")

    async def sources(query: str) -> list[str]:
        answer = await client.call(RunRequest(str(tmp_path / "search.adal"), "handbook", {"query": query}))
        return [one["source"] for one in answer["output"]]

    async with EmbeddingServer() as server:
        monkeypatch.setenv("BASE", server.api_base)
        monkeypatch.setenv("KEY", "k")
        assert await sources("when is money paid back") == ["handbook.md#Refunds"]
        assert await sources("money paid back when") == ["handbook.md#Refunds"]
        assert len(server.texts) == 2 + 2  # the passages once, and each query
        worker = client.pid
        handbook.write_text(handbook.read_text() + "## Parcels\nLate ones are sent again.\n", encoding="utf-8")
        assert await sources("late parcels") == ["handbook.md#Parcels"]
        assert len(server.texts) == 4 + 2 and client.pid == worker
        assert worker is not None
        os.kill(worker, signal.SIGKILL)  # what was bought is on disk
        with contextlib.suppress(WorkerDied):
            await sources("late parcels")
        assert await sources("late parcels") == ["handbook.md#Parcels"]
        assert len(server.texts) == 6
