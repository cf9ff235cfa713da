"""What the first call of a file's programs opens: a thread with an event loop, the store, and the gateway to the models."""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
import weakref
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from adalang.api.approving import approver_of
from adalang.api.calling import CALLER, Caller
from adalang.api.engine import Asked, ProgramClosed, Ready, Work
from adalang.config import find_root, load_settings
from adalang.engine.session import Session

T = TypeVar("T")


class Opened:
    def __init__(self, path: Path) -> None:
        self.process = os.getpid()
        root = find_root(path)
        settings = load_settings(root)
        self._session = Session(root, settings)
        for problem in (*settings.problems, self._session.store.notice):
            if problem:
                warnings.warn(problem, stacklevel=2)
        self._ready: weakref.WeakKeyDictionary[Asked, Ready] = weakref.WeakKeyDictionary()
        self._running: set[asyncio.Task[Any]] = set()
        self._closing = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="adalang", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def start(self, asked: Asked, work: Work[T], caller: Caller) -> Future[T]:
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "a plain call from the program's own thread would wait for itself; await `acall` instead"
            )
        ready = self._ready.get(asked)
        if ready is None:
            ready = self._ready[asked] = self._readied(asked)
        return asyncio.run_coroutine_threadsafe(self._run(work(ready), caller), self._loop)

    def _readied(self, asked: Asked) -> Ready:
        source = asked.source
        texts = {str(path): str(module.source) for path, module in source.modules.items()}
        services = self._session.services
        if asked.approve is not None:
            services = replace(services, approver=approver_of(asked.approve), answers_for_all=True)
        session = self._session.beside(asked.models, services)
        program = session.load(source.path, texts)
        return Ready(session, program, session.runtime(program))

    async def _run(self, work: Coroutine[Any, Any, T], caller: Caller) -> T:
        CALLER.set(caller)
        task = asyncio.current_task()
        assert task is not None
        # Whoever waits gets what it raises; where nobody waits any more, it is no news.
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        self._running.add(task)
        try:
            return await work
        except asyncio.CancelledError:
            if self._closing:
                raise ProgramClosed("the program was closed while this call ran") from None
            raise
        finally:
            self._running.discard(task)

    def close(self) -> None:
        """Called once; waits until all is ended, but on its own thread, where the garbage collector may call it."""
        if self.process != os.getpid():
            return
        self._closing = True
        ended = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        if threading.current_thread() is not self._thread:
            ended.result()
            self._thread.join()

    async def _end(self) -> None:
        await _cancelled(self._running)
        try:
            await self._session.close()
            # What libraries have begun: a loop that is closed cannot end it any more.
            await _cancelled(asyncio.all_tasks() - {asyncio.current_task()})
        finally:
            self._loop.call_soon(self._loop.stop)


async def _cancelled(tasks: Iterable[asyncio.Task[Any] | None]) -> None:
    ending = [task for task in tasks if task is not None]
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
