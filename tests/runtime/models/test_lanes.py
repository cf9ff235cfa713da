"""Both lanes to a model that speaks the OpenAI protocol do the same: litellm's own, and the one over open connections.

Each test runs on both, against a real server; what one lane sent and made of the answer is what the other one has to.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
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
    RateLimited,
    Refusal,
    Reply,
    ServerError,
    Slow,
    Unauthorized,
    scripted,
)

from adalang.runtime.failures import BugFailure, Failure, RefusedFailure, TransportFailure, UnreadableFailure
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.keys import input_tokens
from adalang.runtime.models.lanes import Lane
from adalang.runtime.models.litellm_lane import LiteLLMLane, arguments, load_litellm
from adalang.runtime.models.openai_lane import OpenAILane
from adalang.runtime.models.openai_routes import route
from adalang.runtime.models.types import ImagePart, Message, ModelSpec, Request, Response, TextPart, ToolCall

KEY = "sk-live-0123456789abcdef"
MESSAGES = (Message("system", "Say beta."), Message("user", "which?"))
SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["alpha", "beta"]}},
    "required": ["label"],
}
TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks.",
        "parameters": {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
    },
}

Ask = Callable[..., Any]


@pytest.fixture(params=[OpenAILane, LiteLLMLane], ids=["open connections", "litellm"])
async def lane(request: pytest.FixtureRequest) -> AsyncIterator[Lane]:
    lane: Lane = request.param()
    yield lane
    await lane.aclose()


def gateway(lane: Lane, **more: Any) -> Gateway:
    return Gateway(None, backoff=0.01, lanes={"openai": lane, "hosted_vllm": lane}, **more)


def request(server: LoopbackServer, name: str = "openai/gpt-4o-mini", **more: Any) -> Request:
    options = {"api_base": server.api_base, **more.pop("options", {"temperature": 0})}
    secrets = more.pop("secrets", {"api_key": KEY})
    timeout = more.pop("timeout", 10.0)
    messages = more.pop("messages", MESSAGES)
    return Request(ModelSpec(name, options, secrets, timeout=timeout), messages, **more)


async def answered(lane: Lane, body: dict[str, Any], **more: Any) -> Response:
    """What is made of a body that the server sends."""
    async with LoopbackServer("openai", lambda _: BadJson(json.dumps(body))) as server:
        return await gateway(lane).complete(replace(request(server), **more))


def completion(message: dict[str, Any], usage: Any = None, **more: Any) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", **message},
        "finish_reason": more.pop("finish_reason", "stop"),
    }
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [choice],
        "usage": usage or {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
        **more,
    }


# -- what is sent

SENT: dict[str, dict[str, Any]] = {
    "plain": {},
    "options": {
        "options": {
            "temperature": 0.3,
            "max_tokens": 7,
            "top_p": 0.9,
            "seed": 4,
            "stop": ["\n", "END"],
            "frequency_penalty": 0.1,
            "presence_penalty": -0.1,
            "n": None,
        }
    },
    "an option that litellm does not know": {"options": {"top_k": 40, "min_p": 0.1}},
    "nested options": {"options": {"extra_body": {"guided_choice": ["a", "b"]}, "user": "me"}},
    "schema": {"schema": SCHEMA, "schema_name": "kind"},
    "tools": {"tools": (TOOL,)},
    "tools and a schema": {"tools": (TOOL,), "schema": SCHEMA},
    "what came of tools": {
        "messages": (
            *MESSAGES,
            Message("assistant", "", (ToolCall("a", "look", '{"at": "it"}'), ToolCall("b", "look", "{}"))),
            Message("tool", "a cat", tool_call_id="a"),
            Message("tool", "nothing", tool_call_id="b"),
        ),
        "tools": (TOOL,),
    },
    "an image": {
        "messages": (Message("user", (TextPart("what is it?"), ImagePart("data:image/png;base64,iVBORw0KGgo="))),)
    },
    "turns and other scripts": {
        "messages": (
            *MESSAGES,
            Message("assistant", "“beta” 日本語 \U0001f600"),
            Message("user", 'two\n\nlines\tand \\ " quotes'),
        )
    },
    "headers": {"secrets": {"api_key": KEY, "headers": {"X-Team": "east", "X-Login": "Bearer whispered"}}},
    "an organization": {"options": {"organization": "org-1"}},
    "no key": {"secrets": {}},
    "a model that reasons": {"name": "openai/gpt-5-mini", "options": {"max_tokens": 50, "reasoning_effort": "low"}},
    "a model of nobody's": {"name": "openai/my-own", "options": {"temperature": 2}, "schema": SCHEMA},
    "vLLM": {"name": "hosted_vllm/mine", "options": {"temperature": 0.5, "top_k": 3}, "schema": SCHEMA},
    "a slash in the name": {"name": "hosted_vllm/Qwen/Qwen3-8B"},
    "an answer's service tier": {"options": {"service_tier": "flex"}},
}
_HEADERS = ("authorization", "content-type", "x-team", "x-login", "openai-organization", "openai-project")


@pytest.mark.parametrize("more", SENT.values(), ids=list(SENT))
async def test_both_lanes_send_the_same(more: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    monkeypatch.setenv("OPENAI_ORGANIZATION", "org-of-the-environment")
    async with LoopbackServer("openai", lambda _: Reply('{"label": "beta"}')) as server:
        asked = request(server, **more)
        assert route(load_litellm(), arguments(asked, None)) is not None, "this model takes the direct lane"
        for lane in (OpenAILane(), LiteLLMLane()):
            await gateway(lane).complete(asked)
            await lane.aclose()
        ours, theirs = server.log
        assert ours.body == theirs.body
        assert [ours.headers.get(name) for name in _HEADERS] == [theirs.headers.get(name) for name in _HEADERS]


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("anthropic/claude-sonnet-4-5", {}),
        ("gemini/gemini-2.5-flash", {}),
        ("mistral/mistral-small-latest", {}),
        ("ollama/qwen3", {}),
        ("azure/mine", {"api_version": "2024-10-21"}),
        ("bedrock/anthropic.claude-3-haiku-20240307-v1:0", {}),
        ("openai/o3", {"temperature": 0.5}),
        ("openai/o3-mini", {}),
        ("openai/responses/gpt-5-mini", {}),
        ("nobody/nothing", {}),
    ],
)
def test_other_protocols_and_what_litellm_refuses_are_left_to_litellm(model: str, options: dict[str, Any]) -> None:
    spec = ModelSpec(model, {"api_base": "http://127.0.0.1:1", **options}, {"api_key": KEY})
    assert route(load_litellm(), arguments(Request(spec, MESSAGES), None)) is None


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("openai/gpt-4o-mini", "https://api.openai.com/v1/chat/completions"),
        ("deepseek/deepseek-chat", "https://api.deepseek.com/beta/chat/completions"),
        ("together_ai/some/model", "https://api.together.ai/v1/chat/completions"),
    ],
)
def test_the_usual_address_is_litellms(model: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    found = route(load_litellm(), arguments(Request(ModelSpec(model, {}, {"api_key": KEY}), MESSAGES), None))
    assert found is not None and found.url == url
    assert found.headers["Authorization"] == f"Bearer {KEY}" and KEY not in repr(found)


def test_a_proxy_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    asked = Request(ModelSpec("openai/gpt-4o-mini", {}, {"api_key": KEY}), MESSAGES)
    near = ModelSpec("openai/gpt-4o-mini", {"api_base": "https://127.0.0.1:1/v1"}, {"api_key": KEY})
    for model, proxy in ((asked.model, "http://proxy.example:3128"), (near, "")):
        found = route(load_litellm(), arguments(replace(asked, model=model), None))
        assert found is not None and found.proxy == proxy


# -- what is made of an answer

ANSWERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": (completion({"content": "it is beta"}), {"text": "it is beta", "finish_reason": "stop"}),
    "cut off": (completion({"content": "it is"}, finish_reason="length"), {"finish_reason": "length"}),
    "a finish of its own": (completion({"content": "beta"}, finish_reason="eos"), {"finish_reason": "stop"}),
    "reasoning apart": (completion({"content": "beta", "reasoning_content": "hm"}), {"text": "beta"}),
    "reasoning in a tag": (completion({"content": "<think>hm</think>beta"}), {"text": "beta"}),
    "tools": (
        completion(
            {
                "content": None,
                "tool_calls": [{"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
            },
            finish_reason="tool_calls",
        ),
        {"text": "", "finish_reason": "tool_calls"},
    ),
}
USAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}, {}),
    "cached": (
        {
            "prompt_tokens": 1000,
            "completion_tokens": 100,
            "total_tokens": 1100,
            "prompt_tokens_details": {"cached_tokens": 600, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 40, "audio_tokens": 0},
        },
        {},
    ),
    "a dearer tier": (
        {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
        {"service_tier": "priority"},
    ),
    "sound": (
        {
            "prompt_tokens": 1000,
            "completion_tokens": 100,
            "total_tokens": 1100,
            "prompt_tokens_details": {"audio_tokens": 200},
        },
        {},
    ),
}


@pytest.mark.parametrize(("body", "expected"), ANSWERS.values(), ids=list(ANSWERS))
async def test_an_answer_is_read_alike(lane: Lane, body: dict[str, Any], expected: dict[str, Any]) -> None:
    response = await answered(lane, body)
    assert {name: getattr(response, name) for name in expected} == expected
    assert (response.usage.input_tokens, response.usage.output_tokens) == (1000, 100)
    assert [(call.name, call.arguments) for call in response.tool_calls] in ([], [("look", "{}")])


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "openai/gpt-5", "openai/gpt-4o", "openai/not-yet-out"])
@pytest.mark.parametrize(("usage", "more"), USAGES.values(), ids=list(USAGES))
async def test_both_lanes_find_the_same_price(model: str, usage: dict[str, Any], more: dict[str, Any]) -> None:
    body = completion({"content": "beta"}, usage, **more)
    body["model"] = model.partition("/")[2]
    async with LoopbackServer("openai", lambda _: BadJson(json.dumps(body))) as server:
        found = []
        for lane in (OpenAILane(), LiteLLMLane()):
            responses = [await gateway(lane).complete(request(server, model, options={}, sample=n)) for n in range(2)]
            found.append([(one.usage.usd, one.usage.priced, one.usage.tokens) for one in responses])
            await lane.aclose()
    assert found[0] == [(pytest.approx(usd, rel=1e-9), priced, tokens) for usd, priced, tokens in found[1]]
    assert found[0][0][1] == (model != "openai/not-yet-out")


async def test_usage_that_is_not_told_is_estimated(lane: Lane) -> None:
    body = completion({"content": "it is beta"}) | {"usage": None}
    response = await answered(lane, body)
    asked = Request(ModelSpec("openai/gpt-4o-mini"), MESSAGES)
    assert (response.usage.input_tokens, response.usage.output_tokens) == (input_tokens(asked), 3)
    assert response.usage.usd > 0


async def test_refusals_and_filtered_answers_are_refused(lane: Lane) -> None:
    with pytest.raises(RefusedFailure, match="not this"):
        await answered(lane, completion({"content": None, "refusal": "not this"}))
    with pytest.raises(RefusedFailure, match="content filter stopped"):
        await answered(lane, completion({"content": None}, finish_reason="content_filter"))
    with pytest.raises(UnreadableFailure, match="raise max_tokens"):
        await answered(lane, completion({"content": ""}, finish_reason="length"))


# -- failures

POLICY = json.dumps(
    {
        "error": {
            "message": "Your request was rejected.",
            "type": "invalid_request_error",
            "code": "content_policy_violation",
        }
    }
)


@pytest.mark.parametrize(
    ("fault", "status", "retry_after", "maybe_paid"),
    [
        (RateLimited(3), 429, 3.0, False),
        (ServerError(500), 500, None, False),
        (ServerError(502), 502, None, True),
        (ServerError(503), 503, None, False),
        (ServerError(504), 504, None, True),
        (ServerError(529), 529, None, False),
        (ServerError(408), 408, None, True),
        (Drop(), None, None, True),
        (CutOff(), None, None, True),
        (BadJson(), None, None, True),
        (BadJson("<html>welcome</html>"), None, None, True),
        (BadJson('{"choices": []}'), None, None, True),
        (BadJson('{"error": {"message": "slow down, told in a 200", "code": 429}}'), 429, None, False),
    ],
    ids=repr,
)
async def test_failures_of_transport_say_what_must_be_known_to_try_again(
    lane: Lane, fault: Fault, status: int | None, retry_after: float | None, maybe_paid: bool
) -> None:
    async with LoopbackServer("openai", lambda _: fault) as server:
        with pytest.raises(TransportFailure, match=r"^openai/gpt-4o-mini gave no answer: ") as failed:
            await lane.call(request(server))
        assert (failed.value.retry_after, failed.value.maybe_paid) == (retry_after, maybe_paid)
        if status is not None:
            assert failed.value.status == status
        assert KEY not in str(failed.value)


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (Unauthorized(), BugFailure, r"refused for its key: .*; set OPENAI_API_KEY"),
        (ServerError(403, "not for you"), BugFailure, "refused for its key: not for you"),
        (ServerError(404, "no such model"), BugFailure, "not found at http://127.0.0.1.*no such model"),
        (ServerError(400, "bad parameter"), BugFailure, "refused the request: bad parameter"),
        (ServerError(422, "bad shape"), BugFailure, "refused the request: bad shape"),
        (ServerError(429, "You exceeded your current quota."), BugFailure, "no credit left"),
        (BadJson('{"error": {"message": "told in a 200"}}'), BugFailure, "refused the request: told in a 200"),
        (BadJson(POLICY, 400), RefusedFailure, "refused by its content policy: Your request was rejected"),
        (Overlong(), RefusedFailure, "the prompt is too long"),
        (Refusal("no"), None, ""),
    ],
    ids=repr,
)
async def test_what_no_retry_can_mend_is_named_alike(
    lane: Lane, fault: Fault, kind: type[Failure] | None, message: str
) -> None:
    async with LoopbackServer("openai", lambda _: fault) as server:
        if kind is None:
            assert (await lane.call(request(server))).refusal == "no"
            return
        with pytest.raises(kind, match=message) as failed:
            await lane.call(request(server))
        assert KEY not in str(failed.value)
        assert len(server.log) == 1


async def test_a_time_limit_ends_the_call(lane: Lane) -> None:
    async with LoopbackServer("openai", lambda _: Hang()) as server:
        with pytest.raises(TransportFailure, match=r"did not answer within 0.3 seconds") as failed:
            await lane.call(request(server, timeout=0.3))
        assert failed.value.maybe_paid
        await until(lambda: server.disconnected == [0])


async def test_a_server_that_is_not_there_has_done_nothing(lane: Lane) -> None:
    async with LoopbackServer("openai") as server:
        asked = request(server)
    with pytest.raises(TransportFailure, match="cannot be reached") as failed:
        await lane.call(asked)
    assert not failed.value.maybe_paid


async def test_cancelling_ends_the_http_call(lane: Lane) -> None:
    async with LoopbackServer("openai", lambda _: Hang()) as server:
        one = gateway(lane)
        waiter = asyncio.create_task(one.complete(request(server)))
        await until(lambda: server.running)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        await until(lambda: server.disconnected == [0])
        assert one.budget.spent.calls == 1, "the provider may bill it all the same"


async def test_retries_go_on_until_an_answer_arrives(lane: Lane) -> None:
    faults: list[Reply | Fault] = [ServerError(500), RateLimited(0.01), Drop()]
    async with LoopbackServer("openai", scripted(faults, lambda _: Reply("beta"))) as server:
        one = gateway(lane)
        asked = request(server)
        response = await one.complete(replace(asked, model=replace(asked.model, retries=3)))
        assert (response.text, len(server.log), response.usage.calls) == ("beta", 4, 2)


# -- the rest


async def test_a_model_that_takes_no_schema_is_asked_without_one_from_then_on(lane: Lane) -> None:
    def behaviour(incoming: Incoming) -> Reply | Fault:
        if "response_format" in incoming.body:
            return ServerError(400, "response_format is not supported by this model")
        return Reply('{"label": "beta"}')

    async with LoopbackServer("openai", behaviour) as server:
        for sample in range(2):
            assert (await lane.call(request(server, schema=SCHEMA, sample=sample))).text == '{"label": "beta"}'
        assert ["response_format" in incoming.body for incoming in server.log] == [True, False, False]


async def test_many_calls_at_once_are_kept_apart(lane: Lane) -> None:
    async with LoopbackServer("openai", lambda incoming: Slow(0.01, Reply(incoming.messages[-1].text))) as server:
        one = gateway(lane, concurrency=20)
        texts = [f"number {n}" for n in range(60)]
        responses = await asyncio.gather(
            *(one.complete(request(server, messages=(Message("user", text),))) for text in texts)
        )
        assert [response.text for response in responses] == texts
        assert server.most_running <= 20


async def test_what_was_closed_can_begin_anew(lane: Lane) -> None:
    async with LoopbackServer("openai", lambda _: Reply("beta")) as server:
        for sample in range(2):
            assert (await lane.call(request(server, sample=sample))).text == "beta"
            await lane.aclose()


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
