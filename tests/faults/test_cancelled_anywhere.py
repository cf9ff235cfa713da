"""A run with everything in it, cancelled at any step of the event loop: nothing goes on, nothing is lost, nothing is paid twice."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adalang.config import load_settings
from adalang.engine.session import Session
from adalang.runtime.listening import Listening, listened
from adalang.store import Store
from tests.faults.world import nothing_is_left
from tests.runtime.retrieval.world import EmbeddingServer
from tests.servers import Incoming, LoopbackServer, Reply
from tests.servers.threaded import served

POINTS = int(os.environ.get("CANCELLED_POINTS", "6"))
"""Steps at which a run is cancelled; it takes some hundred."""
MCP = Path(__file__).with_name("mcp_faults.py")
MODELS = (
    'model m = "openai/gpt-4o-mini" { api_base = env("BASE"), api_key = env("KEY") }\n'
    'model e = "openai/text-embedding-3-small" { api_base = env("EMBED"), api_key = env("KEY") }\n'
)
TOOLS = {
    "ask": 'prompt ask(x: str) -> str {\n  model = m\n  user = """ASK {{ x }}"""\n}\n',
    "note": 'tool note(x: str) -> str = python("tools.py:note") { effects = true }\n',
    "look": f'tool look(x: str) -> str = mcp("{sys.executable} {MCP} fine", tool = "do")\n',
    "find": 'retriever find(x: str) -> Passage[] {\n  corpus = "*.txt"\n  method = hybrid\n  embedding = e\n  k = 1\n}\n',
    "web": 'tool web() -> str = http("api.json", base = env("WEB"))\n',
}
AGENT = f"agent helper(ticket: str) -> str {{\n  model = m\n  tools = [{', '.join(TOOLS)}]\n}}\n"
CODE = 'def note(x: str) -> str:\n    open("noted", "a").write("x")\n    return x\n'
API = {"openapi": "3.1.0", "paths": {"/log": {"get": {"operationId": "web"}}}}
ANSWER = "All of it was looked up, and this is the answer to your question."


def answer(incoming: Incoming) -> Reply:
    last = incoming.messages[-1]
    if last.text.startswith("ASK "):
        return Reply("asked")
    if last.role == "tool":
        return Reply(ANSWER)
    return Reply(None, tuple((name, "{}" if name == "web" else '{"x": "parcel"}') for name in TOOLS), "tool_calls")


class Steps(asyncio.SelectorEventLoop):
    """Counts what is put on the loop, and cancels a task at one of these steps."""

    def __init__(self) -> None:
        super().__init__()
        self.steps, self.last, self.victim = 0, -1, None

    def call_soon(self, callback: Any, *given: Any, context: Any = None) -> asyncio.Handle:
        self.steps += 1
        if self.steps == self.last and self.victim is not None:
            self.victim.cancel()
        return super().call_soon(callback, *given, context=context)


@dataclass
class World:
    folder: Path
    models: LoopbackServer
    embeddings: EmbeddingServer

    def begin(self, name: str) -> Path:
        """A workspace of its own."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "main.adal").write_text(MODELS + "".join(TOOLS.values()) + AGENT)
        (folder / "tools.py").write_text(CODE)
        (folder / "api.json").write_text(json.dumps(API))
        for number in range(3):
            (folder / f"{number}.txt").write_text(f"The parcel of {name} with the number {number} is late.")
        return folder

    def run(self, folder: Path, *, resume: bool = False, cancel_at: int = 0) -> tuple[str | None, int]:
        """The answer (none for a run that was cancelled), and the steps that it took."""
        loop = Steps()

        async def work(session: Session) -> str:
            given = {} if resume else {"ticket": f"Where is the parcel of {folder.name}?"}
            with listened(Listening(lambda: None)):
                output, _, _ = await session.run_component(
                    folder / "main.adal", "helper", given, session="s", resume=resume
                )
            return str(output)

        async def whole() -> tuple[str | None, int]:
            settings = load_settings(
                folder,
                {
                    "BASE": self.models.api_base,
                    "EMBED": self.embeddings.api_base,
                    "WEB": self.models.url,
                    "KEY": "k",
                    "PATH": os.environ["PATH"],
                },
            )
            async with asyncio.timeout(60), Session(folder, settings) as session:
                loop.victim = asyncio.create_task(work(session))
                loop.last = loop.steps + cancel_at if cancel_at else -1
                began = loop.steps
                await asyncio.wait({loop.victim})
                steps = loop.steps - began
            assert asyncio.all_tasks() == {asyncio.current_task()}, asyncio.all_tasks()
            return (None if loop.victim.cancelled() else loop.victim.result()), steps

        try:
            return finished(loop, whole())
        finally:
            loop.close()


def finished(loop: Steps, work: Coroutine[Any, Any, Any]) -> Any:
    asyncio.set_event_loop(loop)
    try:
        found = loop.run_until_complete(work)
        loop.run_until_complete(loop.shutdown_default_executor())
        return found
    finally:
        asyncio.set_event_loop(None)


@contextmanager
def nothing_stays_open() -> Iterator[None]:
    """Sockets and pipes of this process are those of before; the other end of a connection may need a moment."""
    before = opened()
    yield
    gc.collect()
    until = time.monotonic() + 10
    while len(now := opened()) > len(before):
        assert time.monotonic() < until, now
        time.sleep(0.01)


def opened() -> list[str]:
    found = []
    for one in Path("/proc/self/fd").iterdir():
        try:
            target = str(one.readlink())
        except OSError:
            continue
        if target.startswith(("socket:", "pipe:")):
            found.append(target)
    return found


def kept(folder: Path) -> set[str]:
    """What the store holds answers to: texts that were embedded, and conversations."""
    with Store.open(folder) as store:
        requests = [row["request"] for row in store.export(["responses"])]
    return {
        one["input"] if "input" in one else texts_of([turn.get("content") for turn in one["messages"]])
        for one in requests
    }


def texts_of(texts: list[str | None]) -> str:
    return json.dumps([text or "" for text in texts])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_cancelled_at_any_step_nothing_goes_on_and_the_next_run_pays_for_the_rest(tmp_path: Path) -> None:
    pytest.importorskip("mcp")
    with served(LoopbackServer(behaviour=answer)) as models, served(EmbeddingServer()) as embeddings:
        world = World(tmp_path, models, embeddings)
        world.run(world.begin("first"))  # what is made once in a process, such as litellm's own things
        with nothing_stays_open():
            output, steps = world.run(world.begin("whole"))
        assert output == ANSWER and nothing_is_left(tmp_path)
        rng = random.Random(5)
        points = [1, 2, *sorted(rng.sample(range(3, steps), min(POINTS, steps - 3)))]
        for point in points:
            folder = world.begin(f"at{point}")
            with nothing_stays_open():
                output, _ = world.run(folder, cancel_at=point)
            assert nothing_is_left(tmp_path), point
            paid = kept(folder)
            with Store.open(folder) as store:
                known = store.session("main.adal", "helper", "s")
            sent, embedded = len(models.log), len(embeddings.texts)
            if output is None:
                output, _ = world.run(folder, resume=known is not None and known.status == "open")
            assert output == ANSWER, point
            asked = {texts_of([one.text for one in incoming.messages]) for incoming in models.log[sent:]}
            assert not paid & (asked | set(embeddings.texts[embedded:])), point
            noted = folder / "noted"
            assert not noted.exists() or noted.read_text() == "x", "an effect comes once"
            assert nothing_is_left(tmp_path), point
