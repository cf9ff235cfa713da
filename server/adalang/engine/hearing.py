"""What a run says while it runs, as progress for the editor: a few times a second, however fast the model writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adalang.engine.protocol import AnswerProgress, Progress
from adalang.runtime.listening import Listening, listened

_PAUSE_SECONDS = 0.05
_TAIL = 60
"""Characters of the answer's end that a progress bar shows."""


class Said:
    """One run's answer, told to ``progress`` while it is written. What comes with its end is the run's result."""

    def __init__(self, progress: Callable[[Progress], None], component: str) -> None:
        self._progress, self._component = progress, component
        self._loop = asyncio.get_running_loop()
        self._listening = Listening(self._news)
        self._due: asyncio.TimerHandle | None = None
        self._tail = ""

    @contextmanager
    def listened(self) -> Iterator[None]:
        try:
            with listened(self._listening):
                yield
        finally:
            if self._due is not None:
                self._due.cancel()
                self._tell()

    def _news(self) -> None:
        self._due = self._due or self._loop.call_later(_PAUSE_SECONDS, self._tell)

    def _tell(self) -> None:
        self._due = None
        piece = self._listening.take()
        if piece is None:
            return
        value = None if isinstance(piece.value, str) else piece.value
        whole = json.dumps(value, ensure_ascii=False, default=str) if value is not None else self._tail + piece.text
        self._tail = " ".join(("" if piece.restart else whole)[-4 * _TAIL :].split())[-_TAIL:]
        answer = AnswerProgress(self._component, piece.text, value, piece.restart)
        self._progress(Progress(0, 0, None, 0, 0.0, self._tail, answer=answer))
