"""Text while it is written, on both lanes: the same answer, usage and price as without, and nothing heard that is not in it."""

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
    Fault,
    Hang,
    Incoming,
    LoopbackServer,
    Reply,
    ServerError,
    Slow,
    Stall,
    StreamFails,
    scripted,
)

from adalang.runtime.failures import BugFailure, TransportFailure
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.lanes import Lane
from adalang.runtime.models.litellm_lane import LiteLLMLane
from adalang.runtime.models.openai_lane import OpenAILane
from adalang.runtime.models.streams import AfterThoughts, TextPiece
from adalang.runtime.models.types import Message, ModelSpec, Request, Response

TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks.",
        "parameters": {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
    },
}
SCHEMA = {"type": "object", "properties": {"label": {"type": "string"}}, "required": ["label"]}
TEXT = "It is beta, and\n\nnothing  else \U0001f600."


@pytest.fixture(params=[OpenAILane, LiteLLMLane], ids=["open connections", "litellm"])
async def lane(request: pytest.FixtureRequest) -> AsyncIterator[Lane]:
    lane: Lane = request.param()
    yield lane
    await lane.aclose()


class Ear:
    """What a listener was told, and what it makes of it."""

    def __init__(self) -> None:
        self.pieces: list[TextPiece] = []

    def __call__(self, piece: TextPiece) -> None:
        self.pieces.append(piece)

    @property
    def text(self) -> str:
        text = ""
        for piece in self.pieces:
            text = "" if piece.restart else text + piece.text
        return text

    @property
    def restarts(self) -> int:
        return sum(piece.restart for piece in self.pieces)


def gateway(lane: Lane, **more: Any) -> Gateway:
    return Gateway(None, backoff=0.01, lanes={"openai": lane}, **more)


def request(server: LoopbackServer, **more: Any) -> Request:
    spec = ModelSpec("openai/gpt-4o-mini", {"api_base": server.api_base}, {"api_key": "sk-live-1"}, timeout=10.0)
    return Request(replace(spec, **more.pop("model", {})), (Message("user", "which?"),), **more)


async def both_ways(lane: Lane, reply: Reply, **more: Any) -> tuple[Response, Response, Ear]:
    async with LoopbackServer("openai", lambda _: reply) as server:
        ear = Ear()
        whole = await gateway(lane).complete(request(server, **more))
        streamed = await gateway(lane).complete(request(server, **more), on_text=ear)
        assert [bool(one.body.get("stream")) for one in server.log] == [False, True]
        return whole, streamed, ear


@pytest.mark.parametrize(
    ("reply", "more"),
    [
        (Reply(TEXT), {}),
        (Reply('{"label": "beta"}'), {"schema": SCHEMA}),
        (Reply(None, (("look", '{"at": "the sea"}'), ("look", '{"at": "x"}')), "tool_calls"), {"tools": (TOOL,)}),
        (Reply("I look.", (("look", "{}"),), "tool_calls"), {"tools": (TOOL,)}),
        (Reply("cut", finish_reason="length"), {}),
        (Reply(TEXT, tells_usage=False), {}),
        (Reply("<think>hm, so</think>It is beta."), {}),
        (Reply("<b>It</b> is beta."), {}),
    ],
    ids=lambda one: str(one)[:40],
)
async def test_a_stream_gives_the_same_answer(lane: Lane, reply: Reply, more: dict[str, Any]) -> None:
    whole, streamed, ear = await both_ways(lane, reply, **more)
    timeless = [replace(one.usage, seconds=0.0) for one in (whole, streamed)]
    assert timeless[0] == timeless[1]
    assert replace(streamed, usage=whole.usage, answer_usage=whole.answer_usage) == whole
    assert ear.text == whole.text and ear.restarts == 0
    assert len(ear.pieces) >= min(2, len(whole.text.split()) - 1)


async def test_both_lanes_ask_for_a_stream_alike() -> None:
    async with LoopbackServer("openai", lambda _: Reply("beta")) as server:
        for one in (OpenAILane(), LiteLLMLane()):
            await gateway(one).complete(request(server, tools=(TOOL,)), on_text=Ear())
            await one.aclose()
        assert server.log[0].body == server.log[1].body
        assert server.log[0].body["stream_options"] == {"include_usage": True}


async def test_what_is_in_the_store_is_told_at_once(lane: Lane) -> None:
    async with LoopbackServer("openai", lambda _: Reply(TEXT)) as server:
        one, ear = gateway(lane), Ear()
        await one.complete(request(server))
        response = await one.complete(request(server), on_text=ear)
        assert response.cached and ear.pieces == [TextPiece(TEXT)] and len(server.log) == 1


@pytest.mark.parametrize("fault", [CutOff(), CutOff(cleanly=True), StreamFails()], ids=repr)
async def test_a_stream_that_ends_early_is_a_failure_of_transport(lane: Lane, fault: Fault) -> None:
    async with LoopbackServer("openai", lambda _: fault) as server:
        with pytest.raises(TransportFailure, match="openai/gpt-4o-mini gave no answer: ") as failed:
            await gateway(lane).complete(request(server, model={"retries": 0}), on_text=Ear())
        assert failed.value.usage.calls in (0, 1)
        if isinstance(fault, CutOff):
            assert failed.value.maybe_paid and failed.value.usage.calls == 1


async def test_another_attempt_begins_anew(lane: Lane) -> None:
    faults: list[Reply | Fault] = [CutOff(Reply("something else altogether")), ServerError(500)]
    async with LoopbackServer("openai", scripted(faults, lambda _: Reply(TEXT))) as server:
        ear = Ear()
        response = await gateway(lane).complete(request(server), on_text=ear)
        assert response.text == ear.text == TEXT and ear.restarts == 1
        assert ear.pieces[0].text == "somet" and len(server.log) == 3


async def test_a_fallback_begins_anew(lane: Lane) -> None:
    def behaviour(incoming: Incoming) -> Reply | Fault:
        return CutOff(Reply("something else altogether")) if incoming.model == "gpt-4o-mini" else Reply(TEXT)

    async with LoopbackServer("openai", behaviour) as server:
        asked, ear = request(server, model={"retries": 0}), Ear()
        other = replace(asked.model, id="openai/gpt-4o")
        asked = replace(asked, model=replace(asked.model, fallback=(other,)))
        response = await gateway(lane).complete(asked, on_text=ear)
        assert (response.model, ear.text, ear.restarts) == ("openai/gpt-4o", TEXT, 1)


async def test_who_joins_an_equal_request_hears_it_from_the_beginning(lane: Lane) -> None:
    async with LoopbackServer("openai", lambda _: Slow(0.1, Reply(TEXT))) as server:
        one, ears = gateway(lane), [Ear() for _ in range(3)]
        quiet = one.complete(request(server))
        responses = await asyncio.gather(*(one.complete(request(server), on_text=ear) for ear in ears), quiet)
        assert len(server.log) == 1 and {response.text for response in responses} == {TEXT}
        assert [ear.text for ear in ears] == [TEXT] * 3


async def test_who_joins_a_request_that_does_not_stream_hears_it_in_the_end(lane: Lane) -> None:
    async with LoopbackServer("openai", lambda _: Slow(0.1, Reply(TEXT))) as server:
        one, ear = gateway(lane), Ear()
        first = asyncio.create_task(one.complete(request(server)))
        await until(lambda: server.running)
        await one.complete(request(server), on_text=ear)
        assert (await first).text == TEXT and ear.pieces == [TextPiece(TEXT)] and len(server.log) == 1


@pytest.mark.parametrize("action", [Stall(Reply("one two three four")), Hang()], ids=repr)
async def test_cancelling_ends_the_http_call(lane: Lane, action: Fault) -> None:
    async with LoopbackServer("openai", lambda _: action) as server:
        one, ear = gateway(lane), Ear()
        task = asyncio.create_task(one.complete(request(server), on_text=ear))
        await until(lambda: ear.pieces if isinstance(action, Stall) else server.running)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: server.disconnected == [0])
        assert one.budget.spent.calls == 1, "the provider may bill it all the same"


async def test_a_stream_that_stalls_runs_out_of_time(lane: Lane) -> None:
    async with LoopbackServer("openai", lambda _: Stall()) as server:
        asked = request(server, model={"retries": 0, "timeout": 0.3})
        with pytest.raises(TransportFailure, match=r"did not answer within 0.3 seconds"):
            await gateway(lane).complete(asked, on_text=Ear())
        await until(lambda: server.disconnected == [0])


async def test_a_model_that_does_not_stream_is_asked_without_from_then_on(lane: Lane) -> None:
    def behaviour(incoming: Incoming) -> Reply | Fault:
        refusal = "Your organization must be verified to stream this model."
        return ServerError(400, refusal) if incoming.body.get("stream") else Reply(TEXT)

    async with LoopbackServer("openai", behaviour) as server:
        one = gateway(lane)
        for sample in range(2):
            ear = Ear()
            assert (await one.complete(request(server, sample=sample), on_text=ear)).text == TEXT
            assert ear.pieces == [TextPiece(TEXT)]
        assert [bool(one.body.get("stream")) for one in server.log] == [True, False, False]


async def test_a_server_that_answers_a_stream_in_one_piece_is_read_all_the_same() -> None:
    body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}]}
    lane = OpenAILane()
    async with LoopbackServer("openai", lambda _: BadJson(json.dumps(body))) as server:
        ear = Ear()
        assert (await gateway(lane).complete(request(server), on_text=ear)).text == ear.text == TEXT
    await lane.aclose()


async def test_a_listener_that_fails_costs_nobody_the_answer(lane: Lane) -> None:
    def deaf(piece: TextPiece) -> None:
        raise BrokenPipeError("nobody listens")

    async with LoopbackServer("openai", lambda _: Reply(TEXT)) as server:
        one = gateway(lane)
        with pytest.raises(BrokenPipeError):
            await one.complete(request(server), on_text=deaf)
        assert (await one.complete(request(server))).cached and len(server.log) == 1


async def test_no_key_is_no_stream() -> None:
    spec = ModelSpec("anthropic/claude-sonnet-4-5")
    with pytest.raises(BugFailure, match="no key"):
        await Gateway(None).complete(Request(spec, (Message("user", "q"),)), on_text=Ear())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<think>so</think>yes", "yes"),
        ("<thinking>a < b</thinking>yes", "yes"),
        ("<think>never ends", ""),
        ("<thinker> is a word", "<thinker> is a word"),
        ("a <think>b</think>", "a <think>b</think>"),
        ("<", ""),
    ],
)
@pytest.mark.parametrize("step", [1, 3, 50])
def test_thoughts_before_an_answer_are_not_told(text: str, told: str, step: int) -> None:
    found: list[str] = []
    say = AfterThoughts(found.append)
    for at in range(0, len(text), step):
        say(text[at : at + step])
    assert "".join(found) == told


def test_thoughts_are_not_kept_while_they_are_written() -> None:
    found: list[str] = []
    say = AfterThoughts(found.append)
    say("<think>")
    longest = 0
    for _ in range(2000):
        say("so <b")
        longest = max(longest, len(say._held or ""))
    for piece in ("</budget", ":thinking", ">", "yes"):
        say(piece)
    assert longest < 30 and "".join(found) == "yes"


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
