"""The values that go into the model gateway and come out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of text in a message of several parts."""

    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image in a message: an http(s) address or a `data:` URL."""

    url: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file in a message, such as a PDF: an http(s) address or a `data:` URL, and its name."""

    url: str
    name: str = ""


Part = TextPart | ImagePart | FilePart


def without_bytes(url: str) -> str:
    """An image or a file as a person is told of it: its address, or its kind and size."""
    if not url.startswith("data:"):
        return url
    kind, _, data = url.removeprefix("data:").partition(";base64,")
    return f"{kind}, {len(data) * 3 // 4 - data[-2:].count('='):,} bytes"


def told(part: Part) -> dict[str, str]:
    """A part as plain JSON for people: its text, or what image or file it is, without the bytes."""
    match part:
        case TextPart(text):
            return {"text": text}
        case ImagePart(url):
            return {"image": without_bytes(url)}
        case FilePart(url, name):
            return {"file": f"{name}: {without_bytes(url)}" if name else without_bytes(url)}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants called; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    `tool_calls` are what an assistant's turn asked for; a turn of the role `tool` tells what came of the call whose id is
    `tool_call_id`.
    """

    role: Role
    content: str | tuple[Part, ...]
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""

    @property
    def text(self) -> str:
        """The message's text; images and files count as nothing."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def shown(self) -> str:
        """The message as a person reads it: images and files by their name, kind and size."""
        if isinstance(self.content, str):
            return self.content
        parts = ((kind, value) for part in self.content for kind, value in told(part).items())
        return "".join(value if kind == "text" else f"[{kind}: {value}]" for kind, value in parts)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One resolved model declaration.

    `options` are sent to the provider as they are and are part of the cache key. `secrets` are sent too,
    but never reach a log, the store or a repr, and a key only as hashes of those headers that are no
    credentials; a value is a text, or texts by name (`headers`). `timeout` is in seconds, for each attempt;
    `retries` counts the attempts after the first. `rpm` and `tpm` are the most requests and tokens per minute that the
    provider allows; None leaves it to the workspace. `window` is how many tokens it reads, where the file says so.
    """

    id: str
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    fallback: tuple[ModelSpec, ...] = ()
    retries: int = 2
    timeout: float = 120.0
    rpm: int | None = None
    tpm: int | None = None
    window: int | None = None

    @property
    def provider(self) -> str:
        """The part before the first slash: `openai`, `builtin`, `replay`; empty if there is none."""
        provider, slash, _ = self.id.partition("/")
        return provider if slash else ""

    @property
    def name(self) -> str:
        """The part after the first slash."""
        provider, slash, name = self.id.partition("/")
        return name if slash else provider

    @property
    def api_base(self) -> str:
        """The server's address if one is given, else empty."""
        return str(self.options.get("api_base") or self.secrets.get("api_base") or "")

    def secret_values(self) -> tuple[str, ...]:
        """Every text that must not be shown, those inside `headers` too; of "Bearer abc" also "abc" alone."""
        return tuple(_texts(self.secrets))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
        return
    text = str(value)
    yield text
    if " " in text:
        yield text.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Request:
    """All that decides an answer.

    `sample` tells repeats of an equal request apart: each index is a fresh draw.
    """

    model: ModelSpec
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    schema_name: str = "answer"
    tools: tuple[Mapping[str, Any], ...] = ()
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What was paid for in this run.

    `calls` are the attempts that a provider may have billed; answers from the cache count in `cached_calls`
    alone. `usd` is 0 with `priced=False` where no price is known. `seconds` adds up the time spent waiting
    for answers. Of a call that broke off nobody tells what it took: what it was expected to take at most is counted, and the
    sum is not ``exact``.
    """

    calls: int = 0
    cached_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    priced: bool = True
    exact: bool = True

    @property
    def tokens(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.cached_calls + other.cached_calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.usd + other.usd,
            self.seconds + other.seconds,
            self.priced and other.priced,
            self.exact and other.exact,
        )

    def __sub__(self, other: Usage) -> Usage:
        """What is left when an addition is taken back; of `priced` and `exact` nothing can be."""
        return Usage(
            self.calls - other.calls,
            self.cached_calls - other.cached_calls,
            self.input_tokens - other.input_tokens,
            self.output_tokens - other.output_tokens,
            self.usd - other.usd,
            self.seconds - other.seconds,
            self.priced,
            self.exact,
        )


@dataclass(frozen=True, slots=True)
class Response:
    """One model answer.

    `usage` is what this request cost now (only `cached_calls` when `cached`), failed attempts included.
    `answer_usage` is what the answer itself cost when it was bought, cached or not: use it for cost per call.
    `model` is the id that answered, which is a fallback's when the model asked for could not; `attempts` are the requests
    that it took, 0 for an answer that was there already.
    """

    text: str
    tool_calls: tuple[ToolCall, ...]
    usage: Usage
    model: str
    cached: bool
    finish_reason: str
    key: str
    answer_usage: Usage = field(default_factory=Usage)
    attempts: int = 0
