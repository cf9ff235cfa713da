"""A program's retrievers at work: the query embedded, the index searched, the order mended."""

from __future__ import annotations

import asyncio
import copy
import hashlib
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from adalang.language.program import Entity, Program
from adalang.runtime.failures import BugFailure, Failure
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.keys import canonical_json, public_options, without_login
from adalang.runtime.models.types import ModelSpec, Usage
from adalang.runtime.resolve import Models
from adalang.runtime.retrieval import rerank
from adalang.runtime.retrieval.index import ENDED, Index, Outside
from adalang.runtime.retrieval.index_file import Damaged
from adalang.runtime.retrieval.plan import Plan, plan_of
from adalang.runtime.retrieval.tables import FORMAT

if TYPE_CHECKING:
    from adalang.runtime.trace import Call

Item = TypeVar("Item")


class Indexes:
    """The indexes of a workspace, each opened once; ``folder`` is where they are kept (None: in memory)."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._indexes: dict[str, Index] = {}
        self._outside: dict[str, Outside] = {}
        self._ended = False

    def of(self, plan: Plan) -> Index:
        assert plan.corpus is not None
        self._still_open()
        name = _name(plan)
        key = f"{name} {plan.store}"
        if key not in self._indexes:
            self._indexes[key] = Index(
                self._folder / f"{name}.db" if self._folder is not None else None,
                plan.corpus,
                lexical=plan.lexical,
                with_faiss=plan.store == "faiss",
                outside=self.outside(plan),
            )
        return self._indexes[key]

    def outside(self, plan: Plan) -> Outside | None:
        """The store outside that a plan names, if it names one."""
        if plan.store in ("", "faiss"):
            return None
        self._still_open()
        base = str(plan.folder)
        key = f"{base}|{plan.store}"
        if key not in self._outside:
            from adalang.runtime.retrieval.stores import opened

            self._outside[key] = opened(plan.store, plan.folder)
        return self._outside[key]

    async def aclose(self) -> None:
        self._ended = True
        for one in self._indexes.values():
            await one.aclose()
        for store in self._outside.values():
            await store.aclose()
        self._indexes.clear()
        self._outside.clear()

    def _still_open(self) -> None:
        if self._ended:
            raise BugFailure(ENDED)


def _name(plan: Plan) -> str:
    """An index's name: all that decides what is in it, but for the files' content."""
    assert plan.corpus is not None
    corpus = plan.corpus
    spec = plan.embedding
    embedding: Any = "lexical" if plan.lexical else None
    if spec is not None:
        embedding = [spec.id, public_options(spec.options), without_login(spec.api_base)]
    outside = plan.store if plan.store != "faiss" else ""  # which searches the vectors that are in the index anyway
    read = [str(corpus.folder), list(corpus.patterns), corpus.encoding, corpus.chunk, corpus.overlap]
    content = [FORMAT, *read, embedding, outside]
    return hashlib.sha256(canonical_json(content).encode("utf-8", "surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True)
class Retrieval:
    """The retrievers of one program. The files of each are looked at once, before its first search."""

    program: Program
    models: Models
    gateway: Gateway
    indexes: Indexes
    budget: Budget | None
    _ready: dict[str, asyncio.Future[Plan]] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def search(
        self, entity: Entity, inputs: Mapping[str, Any], k: int | None, call: Call, ask: rerank.Ask
    ) -> Any:
        """The passages for a query, the best first. What it costs is added to ``call``.

        Raises:
            Failure, BudgetExceeded: the corpus cannot be read, or a model does not answer.
        """
        try:
            return await self._searched(entity, inputs, k, call, ask)
        except Damaged:
            self._ready.pop(entity.id, None)
            return await self._searched(entity, inputs, k, call, ask)

    async def _searched(
        self, entity: Entity, inputs: Mapping[str, Any], k: int | None, call: Call, ask: rerank.Ask
    ) -> Any:
        query = _query(entity, inputs)
        plan = await self._prepared(entity, call)
        wanted = k if k is not None else plan.k
        if wanted < 1:
            raise BugFailure(f"`{entity.id}`: k is at least 1, not {wanted}")
        if not query.strip():
            return []
        most = wanted if plan.rerank is None else rerank.depth(wanted)
        vector = None
        if plan.embedding is not None:
            import numpy as np

            vector = np.frombuffer((await self._embed(plan.embedding, [query], call))[0], dtype=np.float32)
        if plan.corpus is not None:
            found = await self.indexes.of(plan).search(query, vector, plan.method, most)
        else:
            outside = self.indexes.outside(plan)
            assert outside is not None and vector is not None
            found = await outside.search(vector, most)
        passages = [{"text": one.text, "source": one.source, "score": score} for one, score in found]
        return (await self._reranked(plan, query, passages, call, ask))[:wanted]

    async def _reranked(
        self, plan: Plan, query: str, found: rerank.Passages, call: Call, ask: rerank.Ask
    ) -> rerank.Passages:
        if plan.rerank is None or not found:
            return found
        if isinstance(plan.rerank, Entity):
            return await rerank.by_prompt(self.program, plan.rerank, query, found, ask)
        return await _paid(rerank.by_model(self.gateway, plan.rerank, query, found, self.budget), call)

    async def _prepared(self, entity: Entity, call: Call) -> Plan:
        """The plan, once its index is up to date. Who comes meanwhile waits, and fails as it does; who comes later tries again."""
        while (begun := self._ready.get(entity.id)) is not None:
            await asyncio.wait({begun})
            if not begun.cancelled():  # else whoever had begun was stopped
                return _result(begun)
        ready = self._ready[entity.id] = asyncio.get_running_loop().create_future()
        try:
            plan = plan_of(self.program, self.models, entity)
            if plan.corpus is not None:
                spec = plan.embedding

                async def embed(texts: Sequence[str]) -> list[bytes]:
                    assert spec is not None
                    return await self._embed(spec, texts, call)

                index = self.indexes.of(plan)
                await index.refresh(embed if spec is not None else None)
                if not len(index):
                    raise BugFailure(f"`{entity.id}`: the corpus has no passages: there is no text in its files")
        except BaseException as error:
            del self._ready[entity.id]
            if isinstance(error, Exception):
                ready.set_exception(error)
                ready.exception()  # nobody may be waiting
            ready.cancel()
            raise
        ready.set_result(plan)
        return plan

    async def _embed(self, model: ModelSpec, texts: Sequence[str], call: Call) -> list[bytes]:
        return await _paid(self.gateway.embed(model, texts, budget=self.budget), call)


async def _paid(buying: Awaitable[tuple[Item, Usage]], call: Call) -> Item:
    """What is bought; its cost is the call's, also when it comes to nothing."""
    try:
        found, usage = await buying
    except Failure as failure:
        call.usage += failure.usage
        raise
    call.usage += usage
    return found


def _result(ready: asyncio.Future[Plan]) -> Plan:
    """What another one prepared; those who only waited have paid nothing for its failure."""
    error = ready.exception()
    if error is None:
        return ready.result()
    error = copy.copy(error)
    if isinstance(error, Failure):
        error.usage = Usage()
    raise error


def _query(entity: Entity, inputs: Mapping[str, Any]) -> str:
    """The first input that is a text."""
    found = next((value for name, value in inputs.items() if isinstance(value, str)), None)
    if found is None:
        raise BugFailure(f"`{entity.id}` needs an input that is a text: the query")
    return found
