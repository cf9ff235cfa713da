"""The same request to each provider's protocol: what it says of it, and what is made of the answer, is the same everywhere.

Real servers on loopback speak the protocols. One line names the model; nothing else of a file changes.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.retrieval import test_embedding
from tests.runtime.world import write_program
from tests.servers import (
    CutOff,
    Fault,
    Incoming,
    LoopbackServer,
    Overlong,
    Protocol,
    RateLimited,
    Reply,
    ServerError,
    StreamFails,
    Unauthorized,
)

from adalang.runtime.failures import BugFailure, Failure, RefusedFailure, TransportFailure
from adalang.runtime.interpreter import Runtime
from adalang.runtime.listening import Listening, listened
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.streams import TextPiece
from adalang.runtime.models.types import (
    FilePart,
    ImagePart,
    Message,
    ModelSpec,
    Request,
    TextPart,
    ToolCall,
)
from adalang.runtime.resolve import Models

KEY = "sk-live-0123456789abcdef"
PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(24)).decode()
PDF = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()
SCHEMA = {"type": "object", "properties": {"label": {"type": "string"}}, "required": ["label"]}
TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks.",
        "parameters": {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
    },
}


@dataclass(frozen=True)
class Provider:
    """How a file names a model of a provider. ``options`` and ``secrets`` are as in a declaration; ``{url}`` is the server."""

    protocol: Protocol
    model: str
    options: dict[str, str] = field(default_factory=lambda: {"api_base": "{base}"})
    secrets: tuple[str, ...] = ("api_key",)
    files: bool = True
    calls_have_ids: bool = True

    def spec(self, server: LoopbackServer, **more: Any) -> ModelSpec:
        options = {name: value.format(url=server.url, base=server.api_base) for name, value in self.options.items()}
        return ModelSpec(
            self.model, options, dict.fromkeys(self.secrets, KEY), **{"retries": 0, "timeout": 10.0, **more}
        )

    @property
    def line(self) -> str:
        """The one line of a file that says which provider answers."""
        settings = [
            f"{name} = env({'URL' if '{url}' in one else 'BASE'!r})" for name, one in self.options.items() if "{" in one
        ]
        settings += [f'{name} = "{one}"' for name, one in self.options.items() if "{" not in one]
        settings += [f'{name} = env("KEY")' for name in self.secrets]
        return f'model m = "{self.model}" {{ {", ".join(settings)}, retries = 0 }}\n'.replace("'", '"')


PROVIDERS = [
    Provider("openai", "openai/gpt-4o-mini"),
    Provider("responses", "openai/responses/gpt-5-mini"),
    Provider("anthropic", "anthropic/claude-sonnet-4-5"),
    Provider("gemini", "gemini/gemini-2.5-flash", calls_have_ids=False),
    Provider("azure", "azure/mine", {"api_base": "{base}", "api_version": "2024-10-21"}),
    Provider(
        "bedrock",
        "bedrock/anthropic.claude-3-haiku-20240307-v1:0",
        {"api_base": "{base}", "region": "us-east-1"},
        (),
    ),
    Provider("ollama", "ollama/qwen3", files=False),
    Provider("openai", "hosted_vllm/mine", files=False),
]


@pytest.fixture(params=PROVIDERS, ids=lambda one: one.model)
def provider(request: pytest.FixtureRequest) -> Provider:
    found: Provider = request.param
    return found


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bedrock's requests are signed with what the environment says."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    one = Gateway(None, backoff=0.01)
    yield one
    await one.aclose()


def asked(provider: Provider, server: LoopbackServer, *messages: Message, **more: Any) -> Request:
    return Request(
        provider.spec(server), messages or (Message("system", "Be brief."), Message("user", "which?")), **more
    )


class Ear:
    def __init__(self) -> None:
        self.text = ""

    def __call__(self, piece: TextPiece) -> None:
        self.text = "" if piece.restart else self.text + piece.text


async def test_text(provider: Provider, streamed: bool, gateway: Gateway) -> None:
    async with LoopbackServer(provider.protocol, lambda _: Reply("It is\n\nbeta.", (), "stop", 12, 5)) as server:
        ear = Ear()
        response = await gateway.complete(asked(provider, server), on_text=ear if streamed else None)
        assert (response.text, response.finish_reason) == ("It is\n\nbeta.", "stop")
        assert (response.usage.input_tokens, response.usage.output_tokens) == (12, 5)
        assert server.log[0].messages == (Message("system", "Be brief."), Message("user", "which?"))
        assert not streamed or ear.text == response.text


async def test_an_answer_that_was_cut_off_says_so(provider: Provider, streamed: bool, gateway: Gateway) -> None:
    async with LoopbackServer(provider.protocol, lambda _: Reply("half an ans", finish_reason="length")) as server:
        response = await gateway.complete(asked(provider, server), on_text=Ear() if streamed else None)
        assert (response.text, response.finish_reason) == ("half an ans", "length")


async def test_what_a_content_filter_stopped_is_a_refusal(streamed: bool, gateway: Gateway) -> None:
    async with LoopbackServer("openai", lambda _: Reply("half an ans", finish_reason="content_filter")) as server:
        with pytest.raises(RefusedFailure, match="content filter stopped the answer"):
            await gateway.complete(asked(PROVIDERS[0], server), on_text=Ear() if streamed else None)


async def test_half_a_character_is_no_providers_fault(provider: Provider, gateway: Gateway) -> None:
    async with LoopbackServer(provider.protocol, lambda _: Reply("ok")) as server:
        response = await gateway.complete(asked(provider, server, Message("user", "a\ud83d b")))
        assert response.text == "ok" and "a" in server.log[0].messages[-1].text


async def test_a_schema(provider: Provider, streamed: bool, gateway: Gateway) -> None:
    async with LoopbackServer(provider.protocol, lambda _: Reply('{"label": "beta"}')) as server:
        request, ear = asked(provider, server, schema=SCHEMA), Ear()
        response = await gateway.complete(request, on_text=ear if streamed else None)
        assert response.text.replace(" ", "") == '{"label":"beta"}'
        schema = server.log[0].schema
        assert schema is not None and schema["properties"] == SCHEMA["properties"]
        assert not streamed or ear.text == response.text


async def test_tools_and_what_came_of_them(provider: Provider, streamed: bool, gateway: Gateway) -> None:
    calls = (("look", '{"at": "the sea"}'),)
    turns = (
        Message("user", "look there"),
        Message("assistant", "", (ToolCall("call_7", "look", '{"at": "the hill"}'),)),
        Message("tool", "a cat", tool_call_id="call_7"),
    )
    finish = "tool_calls" if provider.protocol in ("openai", "azure") else "stop"
    async with LoopbackServer(provider.protocol, lambda _: Reply("", calls, finish, 12, 5)) as server:
        request = asked(provider, server, *turns, tools=(TOOL,))
        response = await gateway.complete(request, on_text=Ear() if streamed else None)
        assert [(one.name, one.arguments.replace(" ", "")) for one in response.tool_calls] == [
            ("look", '{"at":"thesea"}')
        ]
        assert response.finish_reason == "tool_calls" and response.tool_calls[0].id
        said = server.log[0].messages
        assert [one.role for one in said] == ["user", "assistant", "tool"]
        assert said[1].tool_calls[0].name == "look" and "the hill" in said[1].tool_calls[0].arguments
        assert "a cat" in said[2].text
        assert not provider.calls_have_ids or said[2].tool_call_id == "call_7"
        assert "look" in str(server.log[0].tools)


async def test_images_and_files(provider: Provider, streamed: bool, gateway: Gateway) -> None:
    async with LoopbackServer(provider.protocol, lambda _: Reply("a cat")) as server:
        for part in (ImagePart(PNG), FilePart(PDF, "a.pdf")):
            request = asked(provider, server, Message("user", (TextPart("what is it?"), part)))
            if isinstance(part, FilePart) and not provider.files:
                with pytest.raises(BugFailure, match=r"takes no files such as 'a.pdf'"):
                    await gateway.complete(request)
                continue
            assert (await gateway.complete(request, on_text=Ear() if streamed else None)).text == "a cat"
            content = server.log[-1].messages[0].content
            assert isinstance(content, tuple) and content[0] == TextPart("what is it?")
            assert type(content[1]) is type(part) and content[1].url == part.url


ERRORS: list[tuple[Fault, type[Failure], str]] = [
    (RateLimited(0.5), TransportFailure, "gave no answer"),
    (ServerError(500), TransportFailure, "gave no answer"),
    (ServerError(503), TransportFailure, "gave no answer"),
    (Unauthorized(), BugFailure, "refused for its key"),
    (ServerError(404, "no such model"), BugFailure, "not found"),
    (ServerError(400, "bad parameter"), BugFailure, "refused the request"),
    (Overlong(), RefusedFailure, "the prompt is too long"),
    (CutOff(), TransportFailure, "gave no answer"),
]


async def test_errors(provider: Provider, streamed: bool, gateway: Gateway) -> None:
    for fault, kind, message in ERRORS:
        async with LoopbackServer(provider.protocol, lambda _, fault=fault: fault) as server:
            with pytest.raises(kind, match=message) as failed:
                await gateway.complete(asked(provider, server), on_text=Ear() if streamed else None)
            assert KEY not in str(failed.value)
            if isinstance(failed.value, TransportFailure) and isinstance(fault, RateLimited):
                assert failed.value.status == 429
            assert len(server.log) == 1


@pytest.mark.parametrize("fault", [CutOff(cleanly=True), StreamFails()], ids=repr)
async def test_a_stream_that_goes_wrong_is_no_answer(provider: Provider, gateway: Gateway, fault: Fault) -> None:
    async with LoopbackServer(provider.protocol, lambda _: fault) as server:
        with pytest.raises(TransportFailure, match="gave no answer"):
            await gateway.complete(asked(provider, server), on_text=Ear())


FILE = '''
type Ticket = { team: "billing" | "technical", reasons: str[] }

prompt sort(text: str, picture: str) -> Ticket {
  model = m
  system = """Sort the ticket."""
  user = """{{ text }} {{ image(picture) }}"""
}

prompt thank(team: str) -> str {
  model = m
  user = """Thank for the {{ team }} ticket."""
}

pipeline answer(text: str, picture: str) -> str {
  found = sort(text, picture)
  return thank(found.team)
}
'''


def answers(incoming: Incoming) -> Reply:
    return Reply('{"team": "billing", "reasons": ["paid"]}' if incoming.schema else "Thank you. We look at the bill.")


async def test_one_line_swaps_the_provider(provider: Provider, gateway: Gateway, tmp_path: Path) -> None:
    """The same file runs on each: typed answers, images, and text while it is written."""
    (tmp_path / "bill.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(24) + b"IEND")
    program = write_program(tmp_path, provider.line + FILE)
    async with LoopbackServer(provider.protocol, answers) as server:
        environment = {"BASE": server.api_base, "URL": server.url, "KEY": KEY}
        runtime = Runtime(program, gateway, Models(program, provider.model, environment))
        entity = program.resolve("answer")
        assert entity is not None
        heard: list[str] = []
        listening = Listening(lambda: heard.append(((piece := listening.take()) and piece.text) or ""))
        with listened(listening):
            output, trace = await runtime.run(entity, {"text": "I paid twice", "picture": "bill.png"})
        assert output == "".join(heard) == "Thank you. We look at the bill."
        assert trace.steps["found"] == {"team": "billing", "reasons": ["paid"]}
        assert any(isinstance(part, ImagePart) for part in server.log[0].messages[-1].content)
        assert "billing" in server.log[1].messages[-1].text


def test_each_server_speaks_one_protocol() -> None:
    assert {one.protocol for one in PROVIDERS} == set(Protocol.__args__)  # type: ignore[attr-defined]


def test_the_table_of_the_docs_ticks_what_is_tested_here() -> None:
    """Each of its columns but that of the embeddings is one test or more above, which all providers take."""
    page = (Path(__file__).parents[3] / "docs" / "providers.md").read_text(encoding="utf-8")
    rows = [[field.strip() for field in line.split("|")[1:-1]] for line in page.splitlines() if "/NAME` | " in line]
    told = {
        row[1].strip("`").removesuffix("NAME"): [field == "✓" for field in row[2:]] for row in rows if len(row) == 8
    }
    chat = {_prefix(one.model): one for one in PROVIDERS}
    embeds = {_prefix(one) for one in test_embedding.PROVIDERS}
    assert told == {
        name: [name in chat] * 3 + [name in chat and chat[name].files, name in chat, name in embeds]
        for name in chat.keys() | embeds
    }


def _prefix(model: str) -> str:
    return model[: model.rindex("/") + 1]
