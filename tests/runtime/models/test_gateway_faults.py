"""Every way in which real servers fail, over real HTTP, in both protocols: what is retried, and what it is called."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.servers import (
    BadJson,
    CutOff,
    Drop,
    Fault,
    Hang,
    Incoming,
    LoopbackServer,
    Overlong,
    Protocol,
    RateLimited,
    Refusal,
    Reply,
    ServerError,
    Slow,
    Unauthorized,
    scripted,
)

from adalang.language.models import key_variables
from adalang.runtime.failures import (
    BugFailure,
    Failure,
    RefusedFailure,
    TransportFailure,
)
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.keys import input_tokens
from adalang.runtime.models.litellm_lane import LiteLLMLane
from adalang.runtime.models.types import ImagePart, Message, ModelSpec, Request, TextPart, ToolCall

MODELS: dict[Protocol, str] = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-sonnet-4-5"}
KEY = "sk-live-0123456789abcdef"
LABELS = "Answer with exactly one of these labels and nothing else: alpha, beta"
SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["alpha", "beta"]}},
    "required": ["label"],
}
both_protocols = pytest.mark.parametrize("protocol", ["openai", "anthropic"])


def beta(incoming: Incoming) -> Reply:
    return Reply("beta")


def request(server: LoopbackServer, retries: int = 2, timeout: float = 10.0, **more: Any) -> Request:
    model = ModelSpec(
        MODELS[server.protocol],
        {"api_base": server.api_base, "temperature": 0},
        {"api_key": KEY},
        retries=retries,
        timeout=timeout,
    )
    return Request(model, (Message("system", LABELS), Message("user", "it is beta")), **more)


@both_protocols
@pytest.mark.parametrize(
    ("fault", "paid"),
    [
        (RateLimited(0.01), 0),
        (ServerError(500), 0),
        (ServerError(503), 0),
        (ServerError(529), 0),
        (ServerError(502), 1),
        (ServerError(504), 1),
        (Hang(), 1),
        (Drop(), 1),
        (CutOff(), 1),
        (BadJson(), 1),
        (BadJson("<html>welcome</html>"), 1),
        (BadJson('{"choices": []}'), 1),
        (BadJson('{"usage": null}'), 1),
    ],
    ids=repr,
)
async def test_transport_failures_are_retried_until_an_answer_arrives(
    protocol: Protocol, fault: Fault, paid: int
) -> None:
    async with LoopbackServer(protocol, scripted([fault, fault], beta)) as server:
        gateway = Gateway(None, backoff=0.01)
        response = await gateway.complete(request(server, timeout=0.5 if fault == Hang() else 10))
        assert response.text == "beta"
        assert len(server.log) == 3
        assert response.usage.calls == gateway.budget.spent.calls == 1 + 2 * paid
        await gateway.aclose()


@both_protocols
@pytest.mark.parametrize(
    "fault", [ServerError(500), Drop(), CutOff(), BadJson(), BadJson('{"choices": []}'), RateLimited(0.0)], ids=repr
)
async def test_a_failure_that_stays_is_a_transport_failure_and_nothing_is_kept(
    protocol: Protocol, fault: Fault
) -> None:
    attempts = 9 if fault == RateLimited(0.0) else 3
    async with LoopbackServer(protocol, scripted([fault] * attempts, beta)) as server:
        gateway = Gateway(None, backoff=0.001)
        with pytest.raises(TransportFailure, match="gave no answer") as failed:
            await gateway.complete(request(server))
        assert failed.value.kind == "transport" and len(server.log) == attempts
        assert (await gateway.complete(request(server))).text == "beta"
        await gateway.aclose()


@both_protocols
@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (Unauthorized(), BugFailure, r"refused for its key: .*; set (OPENAI|ANTHROPIC)_API_KEY"),
        (ServerError(404), BugFailure, "not found at http://127.0.0.1"),
        (ServerError(400), BugFailure, "refused the request"),
        (Overlong(), RefusedFailure, "the prompt is too long"),
        (Refusal(), RefusedFailure, "refused: "),
    ],
    ids=repr,
)
async def test_what_no_retry_can_mend_is_asked_once(
    protocol: Protocol, fault: Fault, kind: type[Failure], message: str
) -> None:
    async with LoopbackServer(protocol, lambda _: fault) as server:
        gateway = Gateway(None, backoff=0.01)
        with pytest.raises(kind, match=message) as failed:
            await gateway.complete(request(server))
        assert len(server.log) == 1
        assert KEY not in str(failed.value)
        await gateway.aclose()


async def test_an_answer_whose_usage_is_not_told_is_kept_and_not_taken_for_free() -> None:
    said = {"role": "assistant", "content": "it is beta"}
    body = {"choices": [{"index": 0, "message": said, "finish_reason": "stop"}], "usage": None}
    async with LoopbackServer("openai", lambda _: BadJson(json.dumps(body))) as server:
        gateway = Gateway(None)
        response = await gateway.complete(request(server))
        spent = gateway.budget.spent
        assert response.text == "it is beta" and len(server.log) == 1
        assert (spent.input_tokens, spent.output_tokens) == (input_tokens(request(server)), 3)
        assert spent.usd > 0 and spent.priced
        await gateway.aclose()


@both_protocols
async def test_headers_are_sent_and_their_secrets_blotted_out_of_errors(protocol: Protocol) -> None:
    def behaviour(incoming: Incoming) -> Fault:
        sent = f"{incoming.headers['X-Team-Token']} {incoming.headers['X-Login']}"
        return ServerError(400, f"{'long ' * 74} who is {sent}?")

    headers = {"X-Team-Token": "hush-hush-1234", "X-Login": "Bearer whispered-5678"}
    async with LoopbackServer(protocol, behaviour) as server:
        gateway = Gateway(None)
        asked = request(server)
        asked = replace(asked, model=replace(asked.model, secrets={"api_key": KEY, "headers": headers}))
        with pytest.raises(BugFailure, match=r"who is \*\*\*") as failed:
            await gateway.complete(asked)
        assert not any(part in str(failed.value) for part in ("hush", "whispered"))
        await gateway.aclose()


@both_protocols
async def test_retry_after_is_obeyed_by_all_calls_to_that_server(protocol: Protocol) -> None:
    arrivals: list[float] = []

    def behaviour(incoming: Incoming) -> Reply | Fault:
        arrivals.append(time.monotonic())
        return RateLimited(1.0) if incoming.number == 0 else Reply("beta")

    async with LoopbackServer(protocol, behaviour) as server:
        gateway = Gateway(None, backoff=0.01, concurrency=4)
        first = asyncio.create_task(gateway.complete(request(server)))
        while not arrivals:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)  # by now it has heard of it
        rest = [asyncio.create_task(gateway.complete(request(server, sample=n))) for n in (1, 2)]
        await asyncio.gather(first, *rest)
        assert [round(arrival - arrivals[0], 3) >= 1.0 for arrival in arrivals[1:]] == [True] * 3
        await gateway.aclose()


async def test_a_server_that_asks_for_too_long_a_pause_is_not_waited_for() -> None:
    async with LoopbackServer("openai", lambda _: RateLimited(3600)) as server:
        gateway = Gateway(None)
        with pytest.raises(TransportFailure, match="slow down") as failed:
            await asyncio.wait_for(gateway.complete(request(server)), 60)
        assert failed.value.retry_after == 3600 and len(server.log) == 1
        await gateway.aclose()


async def test_an_account_without_credit_is_not_asked_again() -> None:
    broke = ServerError(429, "You exceeded your current quota, please check your plan and billing details.")
    async with LoopbackServer("openai", lambda _: broke) as server:
        gateway = Gateway(None, backoff=0.01)
        with pytest.raises(BugFailure, match="no credit left"):
            await gateway.complete(request(server))
        assert len(server.log) == 1
        await gateway.aclose()


async def test_closing_one_gateway_leaves_another_at_work() -> None:
    async with LoopbackServer("openai", lambda _: Slow(0.3, Reply("beta"))) as server:
        one, other = Gateway(None), Gateway(None)
        running = asyncio.create_task(other.complete(request(server)))
        await one.complete(request(server, sample=1))
        await one.aclose()
        assert (await running).text == "beta"
        assert (await other.complete(request(server, sample=2))).text == "beta"
        await other.aclose()
        assert (await other.complete(request(server, sample=3))).text == "beta", "and it can begin anew"
        assert len(server.log) == 4
        await other.aclose()


async def test_a_server_that_is_not_there_costs_nothing() -> None:
    async with LoopbackServer("openai") as server:
        asked = request(server, retries=1)
    gateway = Gateway(None, backoff=0.01)
    with pytest.raises(TransportFailure, match=r"http://127.0.0.1:\d+/v1 cannot be reached"):
        await gateway.complete(asked)
    assert gateway.budget.spent.calls == 0
    await gateway.aclose()


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini", "mistral", "together_ai"])
async def test_a_missing_key_names_the_variable_to_set(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in key_variables(provider):
        monkeypatch.delenv(name, raising=False)
    gateway = Gateway(None, backoff=0.01)
    with pytest.raises(BugFailure, match=rf"no key for {provider}/some-model; set {key_variables(provider)[0]}"):
        await gateway.complete(Request(ModelSpec(f"{provider}/some-model"), (Message("user", "x"),)))
    await gateway.aclose()


async def test_a_model_without_a_provider_is_told_how_to_be_written() -> None:
    gateway = Gateway(None, backoff=0.01)
    with pytest.raises(BugFailure, match='no provider is known for "nobody/nothing"; write provider/name'):
        await gateway.complete(Request(ModelSpec("nobody/nothing"), (Message("user", "x"),)))
    await gateway.aclose()


@pytest.mark.parametrize(
    ("protocol", "model"),
    [
        ("openai", "openai/gpt-4o-mini"),
        ("openai", "hosted_vllm/mine"),
        ("anthropic", "anthropic/claude-sonnet-4-5"),
        ("anthropic", "anthropic/claude-3-haiku-20240307"),
    ],
)
async def test_a_schema_is_carried_in_the_way_of_the_protocol_and_comes_back_as_json(
    protocol: Protocol, model: str
) -> None:
    async with LoopbackServer(protocol) as server:
        gateway = Gateway(None)
        asked = Request(
            ModelSpec(model, {"api_base": server.api_base}),
            (Message("system", LABELS), Message("user", "it is beta")),
            schema=SCHEMA,
        )
        response = await gateway.complete(asked)
        assert response.text.replace(" ", "") == '{"label":"beta"}'
        received = server.log[0].schema
        assert received is not None and received["additionalProperties"] is False
        assert server.log[0].messages[0].text == LABELS
        assert not response.tool_calls
        await gateway.aclose()


async def test_a_model_that_takes_no_schema_is_asked_without_one_from_then_on() -> None:
    def behaviour(incoming: Incoming) -> Reply | Fault:
        if "response_format" in incoming.body:
            return ServerError(400, "response_format is not supported by this model")
        return Reply('{"label": "beta"}')

    async with LoopbackServer("openai", behaviour) as server:
        gateway = Gateway(None)
        for sample in range(2):
            response = await gateway.complete(request(server, schema=SCHEMA, sample=sample))
            assert response.text == '{"label": "beta"}'
        assert ["response_format" in incoming.body for incoming in server.log] == [True, False, False]
        await gateway.aclose()


@both_protocols
async def test_tools_and_images_reach_the_model_and_its_calls_come_back(protocol: Protocol) -> None:
    tool = {
        "type": "function",
        "function": {"name": "look", "description": "d", "parameters": {"type": "object", "properties": {}}},
    }
    image = ImagePart("data:image/png;base64,iVBORw0KGgo=")
    behaviour: Callable[[Incoming], Reply] = lambda _: Reply(  # noqa: E731
        None, tool_calls=(("look", '{"at": "it"}'),), finish_reason="tool_calls"
    )
    async with LoopbackServer(protocol, behaviour) as server:
        gateway = Gateway(None)
        asked = request(server)
        asked = Request(asked.model, (Message("user", (TextPart("what is it?"), image)),), tools=(tool,))
        response = await gateway.complete(asked)
        [call] = response.tool_calls
        assert call.name == "look" and call.arguments.replace(" ", "") == '{"at":"it"}'
        assert image in server.log[0].messages[0].content
        assert len(server.log[0].tools) == 1
        await gateway.aclose()


@both_protocols
async def test_what_came_of_tools_reaches_the_model_as_such(protocol: Protocol) -> None:
    tool = {
        "type": "function",
        "function": {"name": "look", "description": "d", "parameters": {"type": "object", "properties": {}}},
    }
    turns = (
        Message("user", "what is where?"),
        Message("assistant", "I look.", (ToolCall("a", "look", '{"at": "it"}'), ToolCall("b", "look", "{}"))),
        Message("tool", "a cat", tool_call_id="a"),
        Message("tool", "nothing", tool_call_id="b"),
    )
    async with LoopbackServer(protocol, beta) as server:
        gateway = Gateway(None)
        await gateway.complete(Request(request(server).model, turns, tools=(tool,)))
        assert server.log[0].messages == turns
        await gateway.aclose()


async def test_two_event_loops_in_one_process_each_have_working_connections() -> None:
    def run_in_a_loop_of_its_own() -> str:
        async def run() -> str:
            async with LoopbackServer("openai", beta) as server:
                lane = LiteLLMLane()
                try:
                    return (await lane.call(request(server))).text or ""
                finally:
                    await lane.aclose()

        return asyncio.run(run())

    assert [await asyncio.to_thread(run_in_a_loop_of_its_own) for _ in range(2)] == ["beta", "beta"]
