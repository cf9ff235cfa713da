"""What a loopback server does with a request: answer it, or go wrong in one of the ways that real ones do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adalang.runtime.models.lexical import answer
from adalang.runtime.models.types import Message, ModelSpec, Request


@dataclass(frozen=True)
class Incoming:
    """One request as it came over the wire (`body`, `headers`), and what it means in any protocol."""

    number: int
    model: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None
    tools: tuple[Mapping[str, Any], ...]
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    path: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer. Tokens are estimated from the texts where they are not given."""

    text: str | None = ""
    tool_calls: tuple[tuple[str, str], ...] = ()
    finish_reason: str = "stop"
    input_tokens: int | None = None
    output_tokens: int | None = None
    tells_usage: bool = True


@dataclass(frozen=True)
class RateLimited:
    """429 with Retry-After."""

    retry_after: float = 0.1


@dataclass(frozen=True)
class ServerError:
    """An error status with a message."""

    status: int = 500
    message: str = "the server has a bad day"


@dataclass(frozen=True)
class Unauthorized:
    """401, repeating the key that was sent, as careless servers do."""


@dataclass(frozen=True)
class Overlong:
    """400: the prompt does not fit the model's window."""


@dataclass(frozen=True)
class Refusal:
    """200 with the model's refusal in place of an answer."""

    text: str = "I cannot help with that."


@dataclass(frozen=True)
class Hang:
    """Takes the request and never answers."""


@dataclass(frozen=True)
class Drop:
    """Takes the request and closes the connection."""


@dataclass(frozen=True)
class CutOff:
    """Sends half of an answer's body, or of its stream, and closes the connection; `cleanly`: as if it were all."""

    reply: Reply = field(default_factory=lambda: Reply("an answer that does not arrive whole"))
    cleanly: bool = False


@dataclass(frozen=True)
class Stall:
    """Sends half of an answer's stream and then nothing, or the rest once somebody sets ``rest`` (or seconds later)."""

    reply: Reply = field(default_factory=lambda: Reply("an answer that does not arrive whole"))
    rest: threading.Event | None = None


@dataclass(frozen=True)
class StreamFails:
    """Sends half of an answer's stream and then that it failed."""

    message: str = "the server has a bad day"
    reply: Reply = field(default_factory=lambda: Reply("an answer that does not arrive whole"))


@dataclass(frozen=True)
class BadJson:
    """A body as it is given, by default one that is not JSON."""

    body: str = '{"choices": [{"message": '
    status: int = 200


@dataclass(frozen=True)
class Slow:
    """Answers after some seconds."""

    seconds: float
    reply: Reply | None = None


Fault = (
    RateLimited
    | ServerError
    | Unauthorized
    | Overlong
    | Refusal
    | Hang
    | Drop
    | CutOff
    | Stall
    | StreamFails
    | BadJson
    | Slow
)
Behaviour = Callable[[Incoming], Reply | Fault]


def lexical(incoming: Incoming) -> Reply:
    """The answer of `builtin/lexical` to the same messages."""
    request = Request(ModelSpec("builtin/lexical"), incoming.messages, schema=incoming.schema, tools=incoming.tools)
    return Reply(answer(request))


def scripted(faults: Sequence[Reply | Fault], then: Behaviour = lexical) -> Behaviour:
    """The first requests meet these, in order; the rest are answered by `then`."""
    return lambda incoming: faults[incoming.number] if incoming.number < len(faults) else then(incoming)
