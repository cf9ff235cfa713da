"""Embeddings from any model that litellm knows: each text is bought once, in batches, and kept before anyone sees its vector."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from typing import Any

from adalang.language.models import estimate_tokens, price
from adalang.runtime.failures import BugFailure, Failure, TransportFailure, most_telling
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.keys import canonical_json, public_options, without_login
from adalang.runtime.models.litellm_errors import classify, missing_key, refused, unanswered
from adalang.runtime.models.litellm_lane import load_litellm, place_of, unlogged
from adalang.runtime.models.metered import Metered
from adalang.runtime.models.openai_lane import OpenAILane
from adalang.runtime.models.openai_routes import route
from adalang.runtime.models.single_flight import SingleFlight
from adalang.runtime.models.types import ModelSpec, Usage
from adalang.store import Store
from adalang.store.records import ResponseRecord

MOST_TEXTS, MOST_TOKENS = 96, 50_000
"""Of one call; every provider takes as much."""
_FEW, _AT_ONCE = 8, 100
"""Texts that are looked up on the loop, and in a thread at once."""
_OPENAI = ("openai", "mistral", "together_ai", "lm_studio", "hosted_vllm", "litellm_proxy")
"""Providers whose embeddings are asked for as OpenAI's are, and nothing else is sent."""
_OF_LITELLM = ("model", "timeout", "num_retries", "max_retries", "api_version", "region")
_PLACES = ("api_base", "api_key", "headers", "organization")

_Bought = tuple[dict[str, bytes], Usage]


class _NotSent(Failure):
    """Another batch has failed before this one's turn came."""


class Embedder:
    """Embeddings over one gateway's limits and store. With ``use_cache=False`` only its own earlier ones are used again."""

    def __init__(self, store: Store, metered: Metered, lane: OpenAILane, use_cache: bool) -> None:
        self._store = store
        self._metered = metered
        self._lane = lane
        self._use_cache = use_cache
        self._bought: set[str] = set()
        self._flights: SingleFlight[_Bought] = SingleFlight()

    async def embed(self, model: ModelSpec, texts: Sequence[str], budget: Budget) -> tuple[list[bytes], Usage]:
        """A vector (little-endian float32, length 1) for each text, and what was paid now.

        When a batch fails, those that are under way are waited for, and all that has arrived is kept: the next call asks only for
        the rest. Raises a Failure or BudgetExceeded.
        """
        keys: list[str] = []
        known: dict[str, bytes] = {}
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            # Of a corpus this takes seconds, in which others go on.
            found = self._kept(model, some) if len(texts) <= _FEW else await asyncio.to_thread(self._kept, model, some)
            keys += found[0]
            known |= found[1]
        wanted = dict(zip(keys, texts, strict=True))
        usage = Usage(cached_calls=len(known))
        budget.record(usage)
        missing = {key: text for key, text in wanted.items() if key not in known}
        if missing:
            for bought, cost in await self._all(model, missing, budget):
                known |= bought
                usage += cost
        vectors = [known[key] for key in keys]
        if len({len(one) for one in vectors}) > 1:
            raise BugFailure(f"{model.id} gave vectors of different lengths; empty the cache: adalang store prune")
        return vectors, usage

    async def aclose(self) -> None:
        """End the running calls."""
        await self._flights.aclose()

    def _kept(self, model: ModelSpec, texts: Sequence[str]) -> tuple[list[str], dict[str, bytes]]:
        """The keys of texts, and the vectors that are in the store."""
        keys = [embedding_key(model, text) for text in texts]
        records = self._store.responses([key for key in keys if self._use_cache or key in self._bought])
        return keys, {key: b64decode(one.response["embedding"]) for key, one in records.items()}

    async def _all(self, model: ModelSpec, texts: dict[str, str], budget: Budget) -> list[_Bought]:
        over = asyncio.Event()

        async def once(batch: dict[str, str]) -> _Bought:
            try:
                return await self._once(model, batch, budget, over)
            except BaseException:
                over.set()
                raise

        try:
            async with asyncio.timeout(budget.remaining_seconds):
                found = await asyncio.gather(*map(once, _batches(texts, most_texts(model))), return_exceptions=True)
        except TimeoutError:
            raise budget.time_is_up() from None
        errors = [one for one in found if isinstance(one, BaseException) and not isinstance(one, _NotSent)]
        if errors:
            raise most_telling(BaseExceptionGroup("embeddings", errors)) from None
        return [one for one in found if not isinstance(one, BaseException)]

    async def _once(self, model: ModelSpec, batch: dict[str, str], budget: Budget, over: asyncio.Event) -> _Bought:
        """Equal batches that are asked for at the same time are bought once. When it is ``over`` none is sent any more."""
        while True:
            try:
                result, joined = await self._flights.run("".join(batch), lambda: self._buy(model, batch, budget, over))
            except _NotSent:
                if over.is_set():
                    raise
                continue  # it was over for who had begun it
            return (result[0], Usage(cached_calls=len(batch))) if joined else result

    async def _buy(self, model: ModelSpec, batch: dict[str, str], budget: Budget, over: asyncio.Event) -> _Bought:
        keyless = missing_key(model)
        if keyless is not None:
            raise keyless
        await asyncio.to_thread(load_litellm)  # seconds the first time; nothing is set aside for a call yet

        async def ask() -> tuple[dict[str, bytes], Usage, list[ResponseRecord]]:
            if over.is_set():
                raise _NotSent("another batch has failed")
            vectors, usage = await _call(self._lane, model, list(batch.values()))
            found = dict(zip(batch, vectors, strict=True))
            self._bought.update(found)
            share = 1 / len(batch)
            records = [
                ResponseRecord(
                    key,
                    model.id,
                    {"model": model.id, "options": public_options(model.options), "input": batch[key]},
                    {"embedding": b64encode(vector).decode("ascii")},
                    usage.usd * share,
                    round(usage.tokens * share),
                )
                for key, vector in found.items()
            ]
            return found, usage, records

        # A token has at least one byte.
        sent = sum(len(text.encode("utf-8", "replace")) for text in batch.values())
        return await self._metered.buy(model, sent_usage(model, sent), budget, ask)


def embedding_key(model: ModelSpec, text: str) -> str:
    """The SHA-256 (hex) of all that decides a text's vector; never a credential."""
    content = ["embedding", model.id, public_options(model.options), without_login(model.api_base), text]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def most_texts(model: ModelSpec) -> int:
    """How many texts go into one call. Where litellm makes a call of its own for each text, each is one here too, and counts."""
    name = model.name.lower()
    alone = (model.provider == "bedrock" and "cohere" not in name) or (
        model.provider == "vertex_ai" and "gemini" in name
    )
    return 1 if alone else MOST_TEXTS


def _batches(texts: dict[str, str], most: int) -> Iterator[dict[str, str]]:
    batch: dict[str, str] = {}
    tokens = 0
    for key, text in texts.items():
        size = estimate_tokens(text)
        if batch and (len(batch) == most or tokens + size > MOST_TOKENS):
            yield batch
            batch, tokens = {}, 0
        batch[key] = text
        tokens += size
    if batch:
        yield batch


async def _call(lane: OpenAILane, model: ModelSpec, texts: list[str]) -> tuple[list[bytes], Usage]:
    """One attempt, no longer than the model's timeout."""
    # Providers refuse empty texts; those of blanks alone mean as little.
    given = [text if text.strip() else "-" for text in texts]
    deadline = asyncio.timeout(model.timeout)
    began = time.monotonic()
    try:
        async with deadline:
            data, sent = await _ask(lane, model, given)
    except TimeoutError:
        if not deadline.expired():
            raise
        message = f"{model.id} did not answer within {model.timeout:g} seconds"
        raise TransportFailure(message, maybe_paid=True) from None
    try:
        found = sorted(data, key=lambda one: of_either(one, "index"))
        vectors = [_unit(of_either(one, "embedding")) for one in found]
        if len(vectors) != len(texts):
            raise ValueError(f"{len(vectors)} vectors for {len(texts)} texts")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        message = f"{model.id} gave no embeddings: what it sent is malformed ({error})"
        raise TransportFailure(message, maybe_paid=True) from error
    return vectors, sent_usage(model, sent or sum(map(estimate_tokens, texts)), time.monotonic() - began)


async def _ask(lane: OpenAILane, model: ModelSpec, texts: list[str]) -> tuple[list[Any], int]:
    """The data and the tokens of one call: our own where the model speaks OpenAI's protocol (litellm would let its client try
    again by itself, behind the budget's back), else litellm's."""
    litellm = load_litellm()
    given = {name: value for name, value in place_of(model).items() if name in _PLACES}
    # The name of no model: of those that it knows to embed, litellm tells no way to chat.
    chat = given | {"model": f"{model.provider}/unknown", "messages": [{"role": "user", "content": "a"}]}
    way = route(litellm, chat) if model.provider in _OPENAI else None
    if way is None:
        try:
            known = {name: value for name, value in place_of(model).items() if name in (*_PLACES, *_OF_LITELLM)}
            # The provider's own name: only what chats is spoken to in another way.
            with unlogged():
                answer = await litellm.aembedding(**known | {"model": model.id}, input=texts)
        except TimeoutError:
            raise
        except Exception as error:
            raise classify(error, model) from error
        return answer.data, int(of_either(answer.usage, "prompt_tokens") or 0) if answer.usage else 0
    body = json.dumps({"model": model.name, "input": texts, "encoding_format": "float"})
    url = way.url.removesuffix("/chat/completions") + "/embeddings"
    try:
        status, headers, text = await lane.post(way, url, body.encode())
        told = json.loads(text) if status < 400 else None
    except TimeoutError:
        raise
    except Exception as error:
        raise unanswered(error, model) from error
    if status >= 400:
        raise refused(litellm, model, way.provider, status, headers, text.decode("utf-8", "replace"))
    if not isinstance(told, dict) or not isinstance(told.get("data"), list):
        raise TransportFailure(f"{model.id} gave no embeddings: what it sent is malformed", maybe_paid=True)
    return told["data"], int((told.get("usage") or {}).get("prompt_tokens") or 0)


def of_either(one: Any, name: str) -> Any:
    """A field of what litellm gives, which is an object or a dict by the provider."""
    return one[name] if isinstance(one, dict) else getattr(one, name)


def _unit(values: Sequence[float]) -> bytes:
    norm = sum(value * value for value in values) ** 0.5
    if not norm > 0 or norm == float("inf"):
        raise ValueError("a vector without a length")
    return array("f", [value / norm for value in values]).tobytes()


def sent_usage(model: ModelSpec, sent: int, seconds: float = 0.0) -> Usage:
    """One call that sends so many tokens and gets none."""
    rates = price(model.id)
    usd = sent * rates[0] if rates is not None else 0.0
    return Usage(1, 0, sent, 0, usd, seconds, priced=rates is not None)
