"""``--events FILE``: an optimization's events as JSON lines, written while it runs."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO

import typer

from adalang.engine.logs import event_line
from adalang.optimizer.events import RunEvent


class EventFile:
    """Writes each event as a line that is complete when the call returns. A reader that is gone stops the run by BrokenPipeError.

    ``anew``: what the stream holds from before goes with the first event, and stays where there comes none.
    """

    def __init__(self, stream: TextIO, *, anew: bool = False) -> None:
        self._stream, self._anew = stream, anew

    def __call__(self, event: RunEvent) -> None:
        try:
            if self._anew and stat.S_ISREG(os.fstat(self._stream.fileno()).st_mode):
                self._stream.truncate(0)
            self._anew = False
            self._stream.write(event_line(event) + "\n")
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:  # it names no file, and closing would try once more to write what is left
            with suppress(OSError):
                self._stream.close()
            raise OSError(error.errno, error.strerror, self._stream.name) from error


@contextmanager
def event_file(name: str) -> Iterator[EventFile | None]:
    """The file of that name, made new when there is something to write (``-``: standard output); ``None`` for "".

    Raises:
        typer.BadParameter: it cannot be written.
    """
    if name in ("", "-"):
        yield EventFile(sys.stdout) if name else None
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(
                Path(name).open("a", encoding="utf-8", errors="backslashreplace", newline="\n")
            )
        except OSError as error:
            raise typer.BadParameter(f"--events: {name} cannot be written: {error.strerror or error}") from error
        yield EventFile(stream, anew=True)
