"""``adalang run`` while the answer is written: a text as it comes, a value redrawn, or events as JSON lines."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adalang.cli.common import note
from adalang.cli.failures import explain
from adalang.report.visible import visible
from adalang.runtime.listening import Listening, Piece, listened
from adalang.runtime.trace import STOPPED


class AnswerShown:
    """Shows an answer piece by piece on standard output. ``finish`` shows what is missing of it, and ends the line."""

    def __init__(self, *, events: bool) -> None:
        self._events = events
        self._terminal = sys.stdout.isatty()
        self._drawn = 0
        self._within_line = False
        self._last: Any = None
        self._listening = Listening(self._more)

    @contextmanager
    def listening(self) -> Iterator[None]:
        try:
            with listened(self._listening):
                yield
        except BaseException as error:
            if self._events:
                print(json.dumps({"event": "error", "error": _said(error)}), flush=True)
            elif self._within_line:
                print()
            raise

    def finish(self, output: Any) -> None:
        self._show(self._listening.finish(output))

    def _more(self) -> None:
        if (piece := self._listening.take()) is not None:
            self._show(piece)

    def _show(self, piece: Piece[Any]) -> None:
        if self._events:
            self._tell(piece)
        elif isinstance(piece.value, str) or piece.restart:
            self._write(piece)
        elif piece.done or (self._terminal and piece.value is not None and piece.value != self._last):
            self._draw(piece)
        self._last = piece.value
        sys.stdout.flush()

    def _tell(self, piece: Piece[Any]) -> None:
        if piece.restart:
            print(json.dumps({"event": "restart"}))
        if piece.text:
            print(json.dumps({"event": "text", "text": piece.text}))
        elif piece.value is not None and piece.value != self._last and not isinstance(piece.value, str):
            print(json.dumps({"event": "value", "value": piece.value}))

    def _write(self, piece: Piece[Any]) -> None:
        if piece.restart:
            self._erase()
            print()
            note("(the model was cut off; this is its answer from the beginning)")
        text = visible(piece.text) if self._terminal else piece.text
        print(text, end="\n" if piece.done else "")
        self._within_line = bool(text) and not piece.done

    def _draw(self, piece: Piece[Any]) -> None:
        """The value so far, over what was drawn before, as far as the screen reaches; whole when it is done."""
        text = json.dumps(piece.value, ensure_ascii=False, indent=2)
        if not self._terminal:
            print(text)
            return
        import shutil

        columns, rows = shutil.get_terminal_size()
        lines = [visible(line) for line in text.splitlines()]
        if not piece.done:
            lines = [line[: columns - 1] for line in lines[-(rows - 1) :]]
        self._erase()
        print("\n".join(lines))
        self._drawn = 0 if piece.done else len(lines)

    def _erase(self) -> None:
        if self._drawn:
            print(f"\x1b[{self._drawn}F\x1b[J", end="")
            self._drawn = 0


def _said(error: BaseException) -> str:
    """What the command says of an error when it ends."""
    if isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
        return STOPPED
    return explain(error) or f"{type(error).__name__}: {error}"
