"""Embeddings and rerankings are bought as completions are: once, within the budget, kept before they are used."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest
from tests.runtime.retrieval.world import WIDTH, EmbeddingServer, spec

from adalang.runtime.failures import BudgetExceeded, BugFailure, TransportFailure
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.embedding import MOST_TEXTS
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import ModelSpec
from adalang.store import Store


@pytest.fixture
async def server():
    async with EmbeddingServer() as running:
        yield running


@pytest.fixture
async def gateway(tmp_path):
    store = Store.open(tmp_path)
    one = Gateway(store, backoff=0.01)
    yield one
    await one.aclose()
    store.close()


async def test_each_text_is_bought_once_in_batches(server, gateway):
    texts = [f"text {n}" for n in range(MOST_TEXTS + 10)]
    vectors, usage = await gateway.embed(spec(server), [*texts, texts[0]])
    assert sorted(map(len, server.calls)) == [10, MOST_TEXTS]
    assert vectors[0] == vectors[-1] and len(vectors[0]) == 4 * WIDTH
    assert usage.calls == 2 and usage.priced and usage.usd > 0
    again, usage = await gateway.embed(spec(server), [texts[3], "new"])
    assert again[0] == vectors[3] and (usage.calls, usage.cached_calls) == (1, 1)
    assert server.calls[-1] == ["new"]


async def test_the_loop_goes_on_while_many_texts_are_looked_up(server, gateway, monkeypatch):
    texts = [f"text {n}" for n in range(1000)]
    bought, _ = await gateway.embed(spec(server), texts)
    threads, turns = set(), 0
    lookup = Store.responses

    def told(store, keys):
        threads.add(threading.current_thread())
        return lookup(store, keys)

    monkeypatch.setattr(Store, "responses", told)

    async def count():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    again, usage = await gateway.embed(spec(server), texts)
    counting.cancel()
    assert again == bought and (usage.calls, usage.cached_calls) == (0, 1000)
    assert threading.main_thread() not in threads and turns > 10


async def test_equal_texts_at_the_same_time_are_one_call(server, gateway):
    server.latency = 0.05
    found = await asyncio.gather(*(gateway.embed(spec(server), ["same"]) for _ in range(5)))
    assert len(server.calls) == 1
    assert sorted(usage.calls for _, usage in found) == [0, 0, 0, 0, 1]


async def test_a_server_that_recovers_is_asked_again(server, gateway):
    server.fault = lambda number: 503 if number == 0 else 200
    _, usage = await gateway.embed(spec(server), ["text"])
    assert len(server.calls) == 2 and usage.calls == 1  # what was refused was not paid for
    server.fault = lambda number: 503
    with pytest.raises(TransportFailure):
        await gateway.embed(spec(server, retries=2), ["another"])
    assert len(server.calls) == 2 + 3


async def test_what_came_before_a_failure_is_kept(server, gateway):
    texts = [f"text {n}" for n in range(3 * MOST_TEXTS)]
    server.fault = lambda number: 500 if number >= 2 else 200
    one_at_a_time = Gateway(gateway._store, concurrency=1, backoff=0.01)
    with pytest.raises(TransportFailure, match="gave no answer"):
        await one_at_a_time.embed(spec(server, retries=0), texts)
    await one_at_a_time.aclose()
    server.fault = lambda number: 200
    before = len(server.calls)
    await gateway.embed(spec(server), texts)
    assert [len(call) for call in server.calls[before:]] == [MOST_TEXTS]


async def test_a_budget_is_kept_before_anything_is_sent(server, gateway):
    with pytest.raises(BudgetExceeded):
        await gateway.embed(spec(server), ["text"], budget=Budget(usd=1e-12))
    with pytest.raises(BudgetExceeded):
        await gateway.embed(spec(server), ["text"], budget=Budget(calls=0))
    assert server.calls == []
    spent = Budget(calls=1)
    await gateway.embed(spec(server), ["text"], budget=spent)
    assert spent.spent.calls == 1 and spent.reserved.calls == 0


async def test_time_that_is_up_ends_the_call(server, gateway):
    server.latency = 30
    with pytest.raises(BudgetExceeded):
        await gateway.embed(spec(server), ["text"], budget=Budget(seconds=0.5))


async def test_what_is_kept_holds_no_key(server, gateway, tmp_path):
    await gateway.embed(spec(server), ["text"])
    assert b"secret-key" not in b"".join(one.read_bytes() for one in (tmp_path / ".adalang").iterdir())


async def test_a_model_without_a_key_is_told(gateway, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(BugFailure, match="there is no key"):
        await gateway.embed(ModelSpec("openai/text-embedding-3-small"), ["text"])


async def test_what_was_paid_for_is_on_disk_before_it_is_used(server, gateway, tmp_path):
    await gateway.embed(spec(server), ["paid for"])
    with Store.open(tmp_path) as other:  # as another process would see it
        gateway_of_another = Gateway(other)
        _, usage = await gateway_of_another.embed(spec(server), ["paid for"])
        await gateway_of_another.aclose()
    assert (usage.calls, usage.cached_calls) == (0, 1) and len(server.calls) == 1


PROVIDERS = {
    "openai/text-embedding-3-small": {"api_base": "{url}/v1"},
    "hosted_vllm/mine": {"api_base": "{url}/v1"},
    "mistral/mistral-embed": {"api_base": "{url}/v1"},
    "nvidia_nim/mine": {"api_base": "{url}/v1"},
    "azure/mine": {"api_base": "{url}", "api_version": "2024-10-21"},
    "gemini/gemini-embedding-001": {"api_base": "{url}/v1beta"},
    "cohere/embed-v4.0": {"api_base": "{url}/v2/embed"},
    "bedrock/amazon.titan-embed-text-v2:0": {"api_base": "{url}", "region": "us-east-1"},
    "ollama/mine": {"api_base": "{url}"},
}


@pytest.fixture(params=PROVIDERS)
def model(request, server, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-key")
    options = {
        name: one.format(url=server.api_base.removesuffix("/v1")) for name, one in PROVIDERS[request.param].items()
    }
    secrets = {} if request.param.startswith(("bedrock", "ollama")) else {"api_key": "secret-key"}
    return ModelSpec(request.param, options, secrets, retries=0, timeout=20.0)


async def test_every_provider_s_calls_are_counted_one_by_one(model, server, gateway):
    """Also where one request takes one text alone: then each is a call."""
    vectors, usage = await gateway.embed(model, ["refunds", "parcels", "refunds"])
    assert len(vectors) == 3 and vectors[0] == vectors[2] != vectors[1] and len(vectors[0]) == 4 * WIDTH
    assert sorted(server.texts) == ["parcels", "refunds"]
    assert usage.calls == len(server.calls) == (2 if "titan" in model.id else 1)
    _, again = await gateway.embed(model, ["parcels", "refunds"])
    assert (again.calls, again.cached_calls) == (0, 2)


@pytest.mark.parametrize("status", [429, 500])
async def test_nobody_tries_again_behind_the_budget_s_back(model, server, gateway, status):
    server.fault, server.retry_after = lambda number: status, "0.125"
    with pytest.raises(TransportFailure) as failed:
        await gateway.embed(model, ["text"])
    assert len(server.calls) == 1
    assert failed.value.retry_after == 0.125
    server.fault = lambda number: status if number == 1 else 200
    _, usage = await gateway.embed(replace(model, retries=1), ["text"])
    assert len(server.calls) == 3 and usage.calls == 1


async def test_rerankers_score_once(server, gateway):
    model = ModelSpec("cohere/rerank-v3.5", {"api_base": f"{server.api_base}/rerank"}, {"api_key": "secret-key"})
    scores, usage = await gateway.rerank(model, "q", ["aa", "a", "aaa"])
    assert scores == [2.0, 1.0, 3.0] and usage.calls == 1
    again, usage = await gateway.rerank(model, "q", ["aa", "a", "aaa"])
    assert again == scores and (usage.calls, usage.cached_calls) == (0, 1)
    assert server.reranked[0]["query"] == "q" and len(server.reranked) == 1
