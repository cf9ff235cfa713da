"""An equal request is paid for once; what makes requests equal; what is never written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.servers import LoopbackServer, Refusal, Reply, scripted

from adalang.runtime.failures import BugFailure, RefusedFailure, UnreadableFailure
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.keys import request_key
from adalang.runtime.models.types import ImagePart, Message, ModelSpec, Request, TextPart, Usage
from adalang.store import Store

SECRET = "sk-live-0123456789abcdef"
MESSAGES = (Message("system", "Say beta."), Message("user", "which?"))


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer("openai", lambda incoming: Reply(f"answer {incoming.number}")) as running:
        yield running


def request(server: LoopbackServer, **options: Any) -> Request:
    options = {"api_base": server.api_base, "temperature": 0, **options}
    return Request(ModelSpec("openai/gpt-4o-mini", options, {"api_key": SECRET}), MESSAGES)


async def test_an_answer_is_bought_once_and_then_free_for_every_later_process(
    server: LoopbackServer, tmp_path: Path
) -> None:
    with Store.open(tmp_path) as store:
        gateway = Gateway(store)
        bought = await gateway.complete(request(server))
        await gateway.aclose()
    with Store.open(tmp_path) as store:
        gateway = Gateway(store)
        again = await gateway.complete(request(server))
        assert gateway.budget.spent == Usage(cached_calls=1)

    assert len(server.log) == 1
    assert not bought.cached and bought.usage.calls == 1 and bought.usage.usd > 0
    assert again == replace(bought, cached=True, usage=Usage(cached_calls=1), attempts=0)
    assert again.answer_usage == bought.usage


async def test_another_sample_index_is_a_fresh_draw(server: LoopbackServer) -> None:
    gateway = Gateway(None)
    drawn = [(await gateway.complete(replace(request(server), sample=n))).text for n in (0, 1, 0, 1)]
    assert drawn == ["answer 0", "answer 1", "answer 0", "answer 1"]
    await gateway.aclose()


async def test_without_the_cache_old_answers_are_bought_anew_but_new_ones_only_once(
    server: LoopbackServer,
) -> None:
    with Store.in_memory() as store:
        before, fresh = Gateway(store), Gateway(store, use_cache=False)
        await before.complete(request(server))
        texts = [(await fresh.complete(request(server))).text for _ in range(2)]
        assert texts == ["answer 1", "answer 1"]
        assert (await before.complete(request(server))).text == "answer 1"
        await fresh.aclose()


async def test_no_secret_is_on_disk(server: LoopbackServer, tmp_path: Path) -> None:
    recording = tmp_path / "recording.jsonl"
    with Store.open(tmp_path) as store:
        gateway = Gateway(store, record_to=recording)
        asked = request(server, api_key_id="x", extra_headers={"authorization": SECRET}, api_key=SECRET)
        await gateway.complete(asked)
        await gateway.aclose()
        files = [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240
        assert recording in files
        assert server.log[0].headers["authorization"].endswith(SECRET), "it was sent"
        assert all(SECRET.encode() not in path.read_bytes() for path in files)
    assert SECRET not in repr(request(server))


def test_the_key_counts_all_that_decides_the_answer_and_nothing_else() -> None:
    model = ModelSpec("openai/m", {"temperature": 0, "api_base": "http://a"}, {"api_key": "one"})
    base = Request(model, MESSAGES)
    same = [
        replace(base, model=replace(model, secrets={"api_key": "two"}, timeout=1, retries=9)),
        replace(base, model=replace(model, options={"api_base": "http://a", "temperature": 0, "top_p": None})),
        replace(base, model=replace(model, fallback=(model,))),
        replace(base, model=replace(model, secrets={"headers": {"Authorization": "one", "x-api-key": "two"}})),
    ]
    different = [
        replace(base, model=replace(model, id="openai/n")),
        replace(base, model=replace(model, options=dict(model.options) | {"temperature": 1})),
        replace(base, model=replace(model, options=dict(model.options) | {"api_base": "http://b"})),
        replace(base, messages=MESSAGES[::-1]),
        replace(base, messages=(MESSAGES[0], Message("assistant", "which?"))),
        replace(base, messages=(MESSAGES[0], Message("user", (TextPart("which?"), ImagePart("data:x"))))),
        replace(base, schema={"type": "object"}),
        replace(base, tools=({"type": "function"},)),
        replace(base, sample=1),
        replace(base, model=replace(model, secrets={"headers": {"X-Route": "east"}})),
        replace(base, model=replace(model, secrets={"headers": {"X-Route": "west"}})),
        replace(base, model=replace(model, secrets={"headers": {"X-Tier": "east"}})),
    ]
    assert {request_key(item) for item in same} == {request_key(base)}
    assert len({request_key(item) for item in [base, *different]}) == len(different) + 1


async def test_refusals_and_empty_answers_are_answers_paid_for_once() -> None:
    behaviour = scripted([Refusal("not this"), Reply(None), Reply("", finish_reason="length")])
    async with LoopbackServer("openai", behaviour) as server:
        gateway = Gateway(None)
        for _ in range(2):
            with pytest.raises(RefusedFailure, match="not this") as refused:
                await gateway.complete(request(server))
            with pytest.raises(UnreadableFailure, match="without any text"):
                await gateway.complete(replace(request(server), sample=1))
            with pytest.raises(UnreadableFailure, match="raise max_tokens"):
                await gateway.complete(replace(request(server), sample=2))
        assert len(server.log) == 3
        assert refused.value.usage == Usage(cached_calls=1)
        await gateway.aclose()


async def test_a_recording_replays_what_a_real_run_was_answered(server: LoopbackServer, tmp_path: Path) -> None:
    recorder = Gateway(None, record_to=tmp_path / "run.jsonl")
    asked = [replace(request(server), sample=n) for n in range(3)]
    texts = [(await recorder.complete(item)).text for item in asked + asked]
    await recorder.aclose()
    assert len((tmp_path / "run.jsonl").read_text().splitlines()) == 3

    replay = Gateway(None, root=tmp_path)
    model = ModelSpec("replay/run.jsonl", {"temperature": 1})
    replayed = [await replay.complete(replace(item, model=model)) for item in asked]

    assert [response.text for response in replayed] == texts[:3]
    assert all(response.cached and response.usage == Usage(cached_calls=1) for response in replayed)
    with pytest.raises(BugFailure, match=r"run\.jsonl has no answer .*'which\?'.*record it again"):
        await replay.complete(Request(model, MESSAGES, sample=7))


async def test_a_recording_written_by_hand_needs_only_messages_and_text(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"messages": [{"role": "user", "content": "which?"}], "response": "beta"}\n\n')
    gateway = Gateway(None, root=tmp_path)
    model = ModelSpec("replay/r.jsonl")
    response = await gateway.complete(Request(model, (Message("user", "which?"),), sample=3))
    assert response.text == "beta"

    (tmp_path / "bad.jsonl").write_text('{"messages": []}\n')
    with pytest.raises(BugFailure, match=r"bad\.jsonl:1: not a recorded answer"):
        await gateway.complete(Request(ModelSpec("replay/bad.jsonl"), MESSAGES))
    with pytest.raises(BugFailure, match=r"cannot read the recording .*none\.jsonl"):
        await gateway.complete(Request(ModelSpec("replay/none.jsonl"), MESSAGES))


async def test_the_built_in_model_needs_nothing_and_is_alone_under_its_prefix() -> None:
    gateway = Gateway(None)
    first = await gateway.complete(Request(ModelSpec("builtin/lexical"), MESSAGES))
    again = await gateway.complete(Request(ModelSpec("builtin/lexical"), MESSAGES))
    assert (first.usage.calls, first.usage.usd, first.usage.priced) == (1, 0.0, True)
    assert first.usage.input_tokens > 0
    assert again.cached and again.text == first.text
    with pytest.raises(BugFailure, match="builtin/lexical"):
        await gateway.complete(Request(ModelSpec("builtin/other"), MESSAGES))


async def test_a_recording_hides_secrets_and_replays_all_the_same(server: LoopbackServer, tmp_path: Path) -> None:
    key = "sk-abcdefghij0123456789"
    server.behaviour = lambda incoming: Reply(f"not {key}, nor known-secret")
    for name in ("run.jsonl", "again.jsonl"):
        with Store.in_memory() as store:
            store.redactor.learn(["known-secret"])
            gateway = Gateway(store, record_to=tmp_path / name, root=tmp_path)
            asked = replace(request(server), messages=(Message("user", f"{key} or known-secret?"),))
            if name == "again.jsonl":
                asked = replace(asked, model=ModelSpec("replay/run.jsonl"))
            answer = await gateway.complete(asked)
            await gateway.aclose()
    written = (tmp_path / "run.jsonl").read_text(encoding="utf-8")
    assert key not in written and "known-secret" not in written
    assert answer.text == "not [redacted], nor [redacted]"
