"""A server of embeddings and rerankings on loopback, and a runtime whose programs may use it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from tests.runtime.world import write_program

from adalang.language.program import Program
from adalang.runtime.interpreter import Runtime
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import ModelSpec
from adalang.runtime.resolve import Models
from adalang.runtime.retrieval.retrieval import Indexes
from adalang.runtime.retrieval.words import terms
from adalang.runtime.services import Services
from adalang.runtime.trace import Trace
from adalang.store import Store

WIDTH = 64
MODEL = 'model e = "openai/text-embedding-3-small" { api_base = env("BASE"), api_key = env("KEY"), retries = 1 }\n'


def spec(server: EmbeddingServer, **options: Any) -> ModelSpec:
    given = {"retries": 1, "timeout": 20.0, **options}
    return ModelSpec("openai/text-embedding-3-small", {"api_base": server.api_base}, {"api_key": "secret-key"}, **given)


@dataclass
class EmbeddingServer:
    """Answers as the provider does whose path is asked for, with one dimension for some words each. ``texts`` are all that were
    embedded, in order.

    ``fault`` is asked before each answer, with the number of the call: a status of 400 and more is sent as it is.
    """

    fault: Callable[[int], int] = lambda number: 200
    latency: float = 0.0
    retry_after: str = "0"
    calls: list[list[str]] = field(default_factory=list)
    reranked: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def texts(self) -> list[str]:
        return [text for call in self.calls for text in call]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/rerank", self._rerank)
        app.router.add_post("/{path:.*}", self._embed)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _embed(self, request: web.Request) -> web.Response:
        body = await request.json()
        texts = _texts(body)
        number = len(self.calls)
        self.calls.append(texts)
        await asyncio.sleep(self.latency)
        status = self.fault(number)
        if status >= 400:
            error = {"message": "the server has a bad day", "type": "server_error"}
            return web.json_response({"error": error}, status=status, headers={"retry-after": self.retry_after})
        return web.json_response(_answer(request.path, body, [_vector(text) for text in texts]))

    async def _rerank(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.reranked.append(body)
        scores = [(nth, float(len(text))) for nth, text in enumerate(body["documents"])]
        best_first = sorted(scores, key=lambda one: -one[1])
        results = [{"index": nth, "relevance_score": score} for nth, score in best_first]
        return web.json_response({"id": "r", "results": results, "meta": {"billed_units": {"search_units": 1}}})


def _texts(body: dict[str, Any]) -> list[str]:
    """What is to be embedded, as OpenAI and others, Gemini, Cohere and Titan are told it."""
    if "requests" in body:
        return [one["content"]["parts"][0]["text"] for one in body["requests"]]
    found = body.get("input") or body.get("texts") or body["inputText"]
    return found if isinstance(found, list) else [found]


def _answer(path: str, body: dict[str, Any], vectors: list[list[float]]) -> dict[str, Any]:
    sent = sum(len(text) // 4 + 1 for text in _texts(body))
    if path.endswith(":batchEmbedContents"):
        return {"embeddings": [{"values": one} for one in vectors]}
    if path.endswith("/api/embed"):
        return {"embeddings": vectors, "prompt_eval_count": sent}
    if path.endswith("/v2/embed"):
        return {"id": "e", "embeddings": {"float": vectors}, "meta": {"billed_units": {"input_tokens": sent}}}
    if path.endswith("/invoke"):
        return {"embedding": vectors[0], "inputTextTokenCount": sent}
    data = [{"object": "embedding", "index": nth, "embedding": one} for nth, one in enumerate(vectors)]
    return {
        "object": "list",
        "model": body["model"],
        "data": data,
        "usage": {"prompt_tokens": sent, "total_tokens": sent},
    }


def _vector(text: str) -> list[float]:
    values = [0.01] * WIDTH
    for term in terms(text):
        values[zlib.crc32(term.encode()) % WIDTH] += 1.0
    return values


@dataclass
class World:
    program: Program
    runtime: Runtime
    gateway: Gateway

    async def run(self, component: str, /, **inputs: Any) -> Any:
        output, _ = await self.traced(component, **inputs)
        return output

    async def traced(self, component: str, /, **inputs: Any) -> tuple[Any, Trace]:
        entity = self.program.resolve(component)
        assert entity is not None
        return await self.runtime.run(entity, inputs)


@asynccontextmanager
async def searching(
    folder: Path, text: str, server: EmbeddingServer | None = None, *, kept: bool = False
) -> AsyncIterator[World]:
    """``kept``: with a store and indexes on disk, in the folder."""
    program = write_program(folder, text)
    environment = {"BASE": server.api_base if server else "http://127.0.0.1:9", "KEY": "secret-key"}
    models = Models(program, "builtin/lexical", environment)
    store = Store.open(folder) if kept else Store.in_memory()
    gateway = Gateway(store, backoff=0.01)
    indexes = Indexes(folder / ".adalang" / "indexes" if kept else None)
    try:
        yield World(program, Runtime(program, gateway, models, services=Services(indexes=indexes)), gateway)
    finally:
        await indexes.aclose()
        await gateway.aclose()
        store.close()


def sources(passages: list[dict[str, Any]]) -> list[str]:
    return [one["source"] for one in passages]
