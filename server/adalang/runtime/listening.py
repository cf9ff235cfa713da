"""Hearing a run's answer while it is written: the text of the prompt whose answer is the run's, or the value so far."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from adalang.language.declarations import (
    Binding,
    CallExpression,
    Expression,
    Match,
    PipelineDeclaration,
    Reference,
    Return,
    Statement,
)
from adalang.language.program import Program
from adalang.runtime.answers import AnswerForm
from adalang.runtime.models.streams import OnText, TextPiece
from adalang.runtime.partial import ABSENT, partial_reader
from adalang.runtime.trace import Call, Place, Trace

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Piece(Generic[Answer]):
    """What has come of an answer since the piece before.

    ``text`` is new text of an answer of type ``str``; "" for the others, which show their ``value`` so far (None while
    nothing is known of it). ``restart``: what came before is no part of the answer, for the call failed and was made anew.
    ``done``: the last one; its ``value`` is the answer. Before it, fields of ``value`` may be missing.
    """

    text: str = ""
    value: Answer | None = None
    restart: bool = False
    done: bool = False


class Listening:
    """One listener of one run. ``wake`` is called by the run whenever there is something to ``take``, from any thread;
    pieces that are not taken at once become one."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._reader: Any = None
        self._taken = 0
        """Characters of a text that were taken."""
        self._was_told = self._is_new = self._restart = False

    def begin(self, form: AnswerForm) -> OnText:
        """A call begins that the run's answer comes from; gives who is to be told its text."""
        self._renew(form)

        def on_text(told: TextPiece) -> None:
            if told.restart:
                self._renew(form)
            else:
                with self._lock:
                    if self._reader is not None:
                        self._reader.feed(told.text)
                    self._is_new = True
            self._wake()

        return on_text

    def take(self) -> Piece[Any] | None:
        """What is new, if anything is."""
        with self._lock:
            if not (self._is_new or self._restart):
                return None
            value = self._reader.value if self._reader is not None else ABSENT
            return self._piece(None if value is ABSENT else value, done=False)

    def finish(self, output: Any) -> Piece[Any]:
        """The last piece, which holds what is missing and the answer itself."""
        with self._lock:
            if isinstance(output, str) and self._taken:
                value = self._reader.value if self._reader is not None else ABSENT
                if value is ABSENT or not output.startswith(value[: self._taken]):
                    self._restart, self._taken = True, 0
            return self._piece(output, done=True)

    def _piece(self, value: Any, *, done: bool) -> Piece[Any]:
        text = ""
        if isinstance(value, str):
            text, self._taken = value[self._taken :], len(value)
        piece = Piece(text, value, self._restart, done)
        self._is_new = self._restart = False
        self._was_told = self._was_told or value is not None
        return piece

    def _renew(self, form: AnswerForm) -> None:
        with self._lock:
            self._reader = partial_reader(form)
            self._taken = 0
            self._restart = self._restart or self._was_told
            self._was_told = self._is_new = False


_LISTENING: ContextVar[Listening | None] = ContextVar("listening", default=None)


@contextmanager
def listened(listening: Listening) -> Iterator[None]:
    """Runs that are started inside are heard, with all that they start."""
    token = _LISTENING.set(listening)
    try:
        yield
    finally:
        _LISTENING.reset(token)


def hearing(program: Program, trace: Trace, call: Call, form: AnswerForm) -> OnText | None:
    """Who is to be told the text of a call; None where nobody listens, or the run's answer is not this call's."""
    listening = _LISTENING.get()
    return listening.begin(form) if listening is not None and _is_answer(program, trace, call) else None


def _is_answer(program: Program, trace: Trace, call: Call) -> bool:
    """Whether a call's output is its caller's, up to the run's root, by what the pipelines return."""
    while call.parent is not None:
        caller = trace.calls[call.parent]
        if call.kind == "step":  # the last step's answer is the agent's; those before it are taken back
            call = caller
            continue
        entity = program.resolve(caller.component)
        declaration = entity.declaration if entity is not None else None
        if not isinstance(declaration, PipelineDeclaration):
            return False
        if call.place[len(caller.place) :] not in answer_places(declaration.body):
            return False
        call = caller
    return True


def answer_places(body: tuple[Statement, ...]) -> frozenset[Place]:
    """Where in a pipeline the calls stand whose output it returns as it is, as ``Call.place`` tells it."""
    bound: Mapping[str, tuple[Expression, Place]] = {
        one.name.text: (one.value, (number,)) for number, one in enumerate(body) if isinstance(one, Binding)
    }
    found: set[Place] = set()

    def walk(expression: Expression, at: Place) -> None:
        match expression:
            case CallExpression(arguments=arguments):
                found.add((*at, len(arguments)))
            case Match(arms=arms):
                for number, arm in enumerate(arms, 1):
                    walk(arm.value, (*at, number))
            case Reference(name=name) if name in bound:
                value, place = bound[name]
                walk(value, place)

    for number, statement in enumerate(body):
        if isinstance(statement, Return):
            walk(statement.value, (number,))
            break
    return frozenset(found)
