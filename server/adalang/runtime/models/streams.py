"""An answer's text while it is written, told piece by piece to all who listen for it.

What a listener was told since the last restart, put together, is the answer's text in the end, however the answer came:
from the store, in pieces, at the second attempt, or from a fallback.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from adalang.runtime.failures import BugFailure
from adalang.runtime.models.types import Request

Say = Callable[[str], None]
"""Takes the next piece of an answer's text."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class TextPiece:
    """The next piece of a text. ``restart``: all that came before it is no part of the answer."""

    text: str
    restart: bool = False


OnText = Callable[[TextPiece], None]


class StreamCutOff(Exception):
    """The stream ended before the answer did."""


class Hearing:
    """One listener, and what it was told. Its errors are kept from the call, which goes on: see ``check``."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._heard: list[str] = []
        self._error: Exception | None = None

    def say(self, text: str) -> None:
        if text:
            self._heard.append(text)
            self._tell(TextPiece(text))

    def restart(self) -> None:
        """Take back what was told."""
        if self._heard:
            self._heard.clear()
            self._tell(TextPiece("", restart=True))

    def settle(self, text: str) -> None:
        """Tell what is missing of the whole text; all of it anew where something else was told."""
        heard = "".join(self._heard)
        if not text.startswith(heard):
            self.restart()
            heard = ""
        self.say(text[len(heard) :])

    def check(self) -> None:
        """Raise what the listener raised; nothing was told to it since."""
        if self._error is not None:
            raise self._error

    def _tell(self, piece: TextPiece) -> None:
        if self._error is None:
            try:
                self._on_text(piece)
            except Exception as error:
                self._error = error


class Broadcast:
    """What one call has said so far, for those who listen to it; who comes later is told the beginning first."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._hearings: list[Hearing] = []

    @property
    def wanted(self) -> bool:
        return bool(self._hearings)

    def join(self, hearing: Hearing) -> None:
        self._hearings.append(hearing)
        hearing.restart()
        hearing.say("".join(self._said))

    def leave(self, hearing: Hearing) -> None:
        self._hearings.remove(hearing)

    def say(self, text: str) -> None:
        self._said.append(text)
        for hearing in self._hearings:
            hearing.say(text)

    def restart(self) -> None:
        self._said.clear()
        for hearing in self._hearings:
            hearing.restart()


class AfterThoughts:
    """Passes a text on without the reasoning that some models write before it, in a tag."""

    _TAGS = ("<think>", "<thinking>", "<budget:thinking>")
    _END = re.compile(r"</(?:think|thinking|budget:thinking)>")
    _LONGEST = len("</budget:thinking>")

    def __init__(self, say: Say) -> None:
        self._say = say
        self._held: str | None = ""
        """What may be a tag's beginning; None once the thoughts are over."""
        self._thinking = False

    def __call__(self, text: str) -> None:
        if self._held is None:
            self._say(text)
            return
        self._held += text
        if not self._thinking and any(tag.startswith(self._held) for tag in self._TAGS):
            return
        self._thinking = self._thinking or self._held.startswith(self._TAGS)
        end = self._END.search(self._held) if self._thinking else None
        if self._thinking and end is None:
            self._held = self._held[1 - self._LONGEST :]
            return
        answer, self._held = self._held[end.end() if end is not None else 0 :], None
        self._say(answer)


class Streams:
    """Asks for a stream where the model gives one; remembers the models that give none."""

    def __init__(self) -> None:
        self._streamless: set[tuple[str, str]] = set()

    async def ask(
        self, request: Request, say: Say | None, complete: Callable[[Say | None], Awaitable[Result]]
    ) -> Result:
        """Make the call by ``complete``, which gets who is told the text, or None for a call that does not stream."""
        target = request.model.id, request.model.api_base
        if say is not None and target not in self._streamless:
            try:
                return await complete(AfterThoughts(say))
            except BugFailure as failure:
                # Some servers do not stream, or not with tools, or not for every customer; the answer is the same.
                if "stream" not in str(failure):
                    raise
                self._streamless.add(target)
        return await complete(None)
