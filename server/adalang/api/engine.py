"""What runs the calls of a file's programs: opened by the first call, and until then nothing but a lock."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from adalang.language.program import Program as SourceProgram

if TYPE_CHECKING:
    from concurrent.futures import Future

    from adalang.api.calling import Caller
    from adalang.api.opened import Opened
    from adalang.engine.session import Session
    from adalang.runtime.approval import Callback
    from adalang.runtime.interpreter import Runtime

T = TypeVar("T")


class ProgramClosed(RuntimeError):
    """The program was closed, before the call or while it ran."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to run: a file's text, the models in place of its own, the params that were replaced in it, and who approves."""

    source: SourceProgram
    models: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    approve: Callback | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A program that may run: it has passed its checks."""

    session: Session
    program: SourceProgram
    runtime: Runtime


Work = Callable[[Ready], Coroutine[Any, Any, T]]


class Engine:
    """Shared by a program and those made from it, from any thread. What it has opened is closed with the last of them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._end: weakref.finalize[..., Engine] | None = None

    def start(self, asked: Asked, work: Work[T], caller: Caller) -> Future[T]:
        """Run work for a program.

        Raises:
            CheckFailed: the file has errors.
            ProgramClosed: after :meth:`close`.
            RuntimeError: called on the engine's own thread, which would wait for itself.
        """
        from adalang.api.opened import Opened

        self._leave_parents()
        with self._lock:
            if self._closed:
                raise ProgramClosed(f"{self._path.name} was closed; load it again")
            if self._opened is None:
                self._opened = Opened(self._path)
                self._end = weakref.finalize(self, Opened.close, self._opened)
            return self._opened.start(asked, work, caller)

    def close(self) -> None:
        """End what runs, let go of connections and of the store; nothing can be called any more."""
        self._leave_parents()
        with self._lock:
            self._closed = True
            end, self._end, self._opened = self._end, None, None
        if end is not None:
            end()

    def _leave_parents(self) -> None:
        """A forked process has no such thread, and what the thread held is its parent's: it is kept from being closed here."""
        if self._process != os.getpid():
            if self._end is not None:
                self._end.detach()
            _OF_PARENTS.append(self._opened)
            self._begin()


_OF_PARENTS: list[Any] = []
