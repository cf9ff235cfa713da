"""Rerankers: models that score texts against a query, called through litellm; each question is bought once."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence

from adalang.language.models import estimate_tokens
from adalang.runtime.failures import TransportFailure
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.embedding import of_either, sent_usage
from adalang.runtime.models.keys import canonical_json, public_options, without_login
from adalang.runtime.models.litellm_errors import classify, missing_key
from adalang.runtime.models.litellm_lane import load_litellm, place_of, unlogged
from adalang.runtime.models.metered import Metered
from adalang.runtime.models.types import ModelSpec, Usage
from adalang.store import Store
from adalang.store.records import ResponseRecord


def is_reranker(model: ModelSpec) -> bool:
    """Whether a model scores texts, and does not chat; all that litellm knows say so in their names."""
    return "rerank" in model.name.lower()


class Reranker:
    """Scores over one gateway's limits and store. With ``use_cache=False`` nothing kept is used again."""

    def __init__(self, store: Store, metered: Metered, use_cache: bool) -> None:
        self._store = store
        self._metered = metered
        self._use_cache = use_cache

    async def rerank(
        self, model: ModelSpec, query: str, texts: Sequence[str], budget: Budget
    ) -> tuple[list[float], Usage]:
        """A score for each text (higher is nearer), and what was paid now. Raises a Failure or BudgetExceeded."""
        asked = [model.id, public_options(model.options), query, list(texts)]
        content = canonical_json(["rerank", without_login(model.api_base), *asked])
        key = hashlib.sha256(content.encode()).hexdigest()
        record = self._store.response(key) if self._use_cache else None
        if record is not None:
            usage = Usage(cached_calls=1)
            budget.record(usage)
            return [float(one) for one in record.response["scores"]], usage
        keyless = missing_key(model)
        if keyless is not None:
            raise keyless
        await asyncio.to_thread(load_litellm)

        async def ask() -> tuple[list[float], Usage, list[ResponseRecord]]:
            scores, usage = await _call(model, query, texts)
            request = {"model": model.id, "options": asked[1], "query": query, "documents": list(texts)}
            return scores, usage, [ResponseRecord(key, model.id, request, {"scores": scores}, usage.usd, usage.tokens)]

        sent = sum(len(text.encode("utf-8", "replace")) + len(query.encode("utf-8", "replace")) for text in texts)
        return await self._metered.buy(model, sent_usage(model, sent), budget, ask)


async def _call(model: ModelSpec, query: str, texts: Sequence[str]) -> tuple[list[float], Usage]:
    litellm = load_litellm()
    deadline = asyncio.timeout(model.timeout)
    began = time.monotonic()
    try:
        async with deadline:
            with unlogged():
                answer = await litellm.arerank(
                    **place_of(model), query=query, documents=list(texts), top_n=len(texts), return_documents=False
                )
    except Exception as error:
        if deadline.expired():
            message = f"{model.id} did not answer within {model.timeout:g} seconds"
            raise TransportFailure(message, maybe_paid=True) from None
        raise classify(error, model) from error
    try:
        scores = [0.0] * len(texts)
        for one in answer.results:
            scores[int(of_either(one, "index"))] = float(of_either(one, "relevance_score"))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        message = f"{model.id} gave no scores: what it sent is malformed ({error})"
        raise TransportFailure(message, maybe_paid=True) from error
    sent = sum(estimate_tokens(text) + estimate_tokens(query) for text in texts)
    return scores, sent_usage(model, sent, time.monotonic() - began)
