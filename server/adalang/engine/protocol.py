"""What the language server and its worker say to each other: JSON-RPC 2.0 in Content-Length frames over pipes.

Requests are the dataclasses below, results are plain JSON. Notifications are ``progress`` and ``cancel``, and while a run waits for a
person, ``approve`` from the worker (``ask`` numbers the question) and ``decide`` from the server, with the same ``ask``. Neither side needs
anything of the runtime to speak it. File descriptor 1 belongs to the protocol alone: :func:`claim_stdio` takes it away from
whatever prints, so that no line of a library or of user code ever stands between two frames.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, ClassVar

from adalang.figures import percent


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Call one component. ``texts``, here and below, are the unsaved contents of files by path; the others are read. ``row_of`` is
    the data file that the inputs are a row of: the paths of images and files in them start at its folder."""

    method: ClassVar[str] = "run"
    file: str
    component: str
    inputs: Mapping[str, Any]
    texts: Mapping[str, str] = field(default_factory=dict)
    row_of: str = ""


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """Score one eval. ``limit`` bounds the examples, ``repeats`` are the samples of each. ``on_save``: nobody has asked for it, so
    tools with effects are only replayed."""

    method: ClassVar[str] = "evaluate"
    file: str
    eval: str
    split: str | None = None
    limit: int | None = None
    repeats: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    on_save: bool = False


@dataclass(frozen=True, slots=True)
class OptimizeRequest:
    """Search for a better version of what an eval scores; the budget is the file's unless given. ``anyway`` searches even where
    little can be gained."""

    method: ClassVar[str] = "optimize"
    file: str
    eval: str
    budget_calls: int | None = None
    budget_usd: float | None = None
    seed: int | None = None
    anyway: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Put a prompt's messages together as a run would send them. Calls no model, opens no store, runs no Python of the user's.
    ``row_of`` as in :class:`RunRequest`."""

    method: ClassVar[str] = "render"
    file: str
    component: str
    inputs: Mapping[str, Any]
    texts: Mapping[str, str] = field(default_factory=dict)
    row_of: str = ""


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """Draw the page of a kept run. Calls nothing and changes nothing."""

    method: ClassVar[str] = "trace"
    run: str


Request = RunRequest | EvaluateRequest | OptimizeRequest | RenderRequest | TraceRequest
REQUESTS: Mapping[
    str,
    type[RunRequest] | type[EvaluateRequest] | type[OptimizeRequest] | type[RenderRequest] | type[TraceRequest],
] = {
    "run": RunRequest,
    "evaluate": EvaluateRequest,
    "optimize": OptimizeRequest,
    "render": RenderRequest,
    "trace": TraceRequest,
}


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """A call of a tool that waits for a person; ``asked_by`` is the component that wants it ("": it was run by itself).

    ``types`` are the inputs' types. Where the person has changed them into what the tool does not take, it is asked again with
    these, and ``problem`` says what is wrong.
    """

    tool: str
    inputs: Mapping[str, Any]
    asked_by: str = ""
    types: Mapping[str, str] = field(default_factory=dict, compare=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the person says: whether the tool is called, with which inputs, and why not."""

    approved: bool
    inputs: Mapping[str, Any]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """What a search adds to its progress: the score that it began with (0 to 1, None while nobody knows), its budget, and the
    seconds that it should take at most (None: too early to tell)."""

    start: float | None = None
    budget_calls: int | None = None
    budget_usd: float | None = None
    left: float | None = None
    final_test: bool = False

    def told(self, now: Progress) -> str:
        """Score, calls, money and time in one line."""
        score = f"{percent(now.score)} in the search" if now.score is not None else ""
        if score and self.start is not None:
            score = f"{percent(self.start)} -> {score}"
        left = f"{'' if self.final_test else 'at most '}{about(self.left)} left" if self.left is not None else ""
        parts = [score, spent_of(now.calls, now.usd, self.budget_calls, self.budget_usd), left]
        return ", ".join(part for part in parts if part)


def about(seconds: float) -> str:
    """A time in words, no more exact than it is known: `about 40 s`, `about 4 min`, `about 2.5 h`."""
    if seconds < 55:
        return f"about {max(5, 5 * math.ceil(seconds / 5))} s"
    if seconds < 55 * 60:
        return f"about {math.ceil(seconds / 60)} min"
    return f"about {math.ceil(seconds / 1800) / 2:g} h"


def spent_of(calls: int, usd: float, most_calls: int | None, most_usd: float | None) -> str:
    """`263 of 400 calls, $0.12 of $5`; what has no bound stands alone, and money is left out while there is none."""
    told = f"{calls} of {most_calls} calls" if most_calls is not None else f"{calls} calls"
    if not usd:
        return told
    return f"{told}, ${usd:.4g} of ${most_usd:g}" if most_usd is not None else f"{told}, ${usd:.4g}"


@dataclass(frozen=True, slots=True)
class AnswerProgress:
    """What has come of a run's answer since the last time: ``text`` of an answer that is one, else the ``value`` so far.

    ``restart``: what came before is no part of the answer.
    """

    component: str
    text: str = ""
    value: Any = None
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far work has come. ``total`` is 0 when nobody can know; ``score`` is the mean so far, 0 to 1.

    Of a run, ``answer`` is what it has said. Of a search, ``search`` says more, and ``done`` and ``total`` are calls: those made, and those that it should take.
    """

    done: int
    total: int
    score: float | None
    calls: int
    usd: float
    message: str = ""
    search: SearchProgress | None = None
    answer: AnswerProgress | None = None

    def told(self, title: str) -> str:
        """`12/20, 83% so far, 14 calls, $0.0021: what it does`; what the work's ``title`` says already is left out.

        Of a search: `40% -> 58% in the search, 263 of 400 calls, $0.12 of $5, at most about 4 min left: what it tries`.
        """
        if self.search is not None:
            return f"{self.search.told(self)}: {self.message}"
        if self.answer is not None:
            return self.message
        parts = [f"{self.done}/{self.total}" if self.total else str(self.done)]
        if self.score is not None:
            parts.append(f"{percent(self.score)} so far")
        if self.calls not in (0, self.done):
            parts.append(f"{self.calls} calls")
        if self.usd:
            parts.append(f"${self.usd:.4f}")
        text = ", ".join(parts)
        return f"{text}: {self.message}" if self.message and self.message not in title else text

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Progress:
        """What :func:`to_json` gave, read again."""
        search, answer = data.get("search"), data.get("answer")
        told = {
            "search": SearchProgress(**search) if search is not None else None,
            "answer": AnswerProgress(**answer) if answer is not None else None,
        }
        return cls(**{**data, **told})


def to_json(value: Request | Progress | Verdict) -> dict[str, Any]:
    return asdict(value)


# ---- frames


class BadFrame(ValueError):
    """The bytes between two headers are no JSON."""


def frame(message: Any) -> bytes:
    """One message with its header."""
    return framed(json.dumps(message, ensure_ascii=True, separators=(",", ":"), default=str).encode())


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def read_frames(stream: BinaryIO) -> Iterator[Any]:
    """The messages of a stream until it ends; a frame that is no JSON comes as a :class:`BadFrame`, and reading goes on.

    Lines that are no header are skipped, so that one broken frame costs that frame and not the connection.
    """
    while True:
        length = _read_header(stream)
        if length is None:
            return
        body = _read_exactly(stream, length)
        if body is None:
            return
        try:
            yield _loaded(body)
        except (ValueError, RecursionError) as error:
            yield BadFrame(f"not JSON: {error}")


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _loaded(body: bytes) -> Any:
    """The JSON of a frame. Half of a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD, as where editors write files."""
    message = json.loads(body)
    if _SURROGATE.search(body):
        text = json.dumps(message, ensure_ascii=False)
        message = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return message


_LENGTH = re.compile(rb"content-length\s*:\s*0*(\d{1,9})\s*$", re.IGNORECASE)
"""A length header at the end of a line. Nine digits: a longer message than a gigabyte is none, and would be waited for for ever."""


def _read_header(stream: BinaryIO) -> int | None:
    """The length that the next header names; ``None`` at the end of the stream.

    What is left of a broken frame has no line end, so the next header may stand behind it, in the same line.
    """
    length: int | None = None
    while line := stream.readline():
        if not line.strip():
            if length is not None:
                return length
        elif found := _LENGTH.match(line) or (_LENGTH.search(line) if length is None else None):
            length = int(found[1])
    return None


def _read_exactly(stream: BinaryIO, length: int) -> bytes | None:
    pieces: list[bytes] = []
    while length:
        piece = stream.read(length)
        if not piece:
            return None
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


class FrameWriter:
    """Writes whole frames; safe for threads. Frames to a reader that is gone are dropped."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, message: Any) -> None:
        self._write(frame(message))

    def send(self, body: bytes) -> None:
        """Write a message that is JSON already."""
        self._write(framed(body))

    def _write(self, data: bytes) -> None:
        with self._lock:
            try:
                self._stream.write(data)
                self._stream.flush()
            except (ConnectionError, ValueError):
                pass

    def close(self) -> None:
        with self._lock:
            try:
                self._stream.close()
            except OSError:
                pass


def claim_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Take stdin and stdout for the protocol; ``print`` goes to stderr from now on, and reading stdin finds it empty."""
    sys.stdout.flush()
    protocol_in, protocol_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(protocol_in, "rb"), os.fdopen(protocol_out, "wb")


def read_in_thread(stream: BinaryIO, receive: Callable[[Any], object], ended: Callable[[], object]) -> threading.Thread:
    """Read frames in a thread of their own; both functions are called in that thread."""

    def read() -> None:
        try:
            for message in read_frames(stream):
                receive(message)
        except (OSError, ValueError):
            pass  # closed under the reader: the same as its end
        finally:
            ended()

    thread = threading.Thread(target=read, name="frames", daemon=True)
    thread.start()
    return thread
