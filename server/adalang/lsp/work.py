"""Work that the worker does for the editor: shown with progress, stopped by cancel, one line at its end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from adalang.engine.client import EngineClient, EngineError
from adalang.engine.protocol import Progress, Request
from adalang.lsp import types
from adalang.lsp.protocol import RequestError

if TYPE_CHECKING:
    from adalang.lsp.server import AdalServer

ANSWER = "adalang/answer"
"""Tells clients that show answers what has come of one: ``id`` (of the run), ``component``, ``text``, ``value``, ``restart``; at the end
``done`` with ``value`` and ``run`` (the kept run's id), or with ``error``."""


@dataclass(slots=True)
class _Job:
    title: str
    task: asyncio.Task[Any]
    stopped: bool = False
    """Whether the user stopped it (and not the client the request)."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """A run that a command has made. ``bindings``: the names that a pipeline bound, each with its value as short JSON."""

    inputs: Mapping[str, Any]
    output: Any
    bindings: Mapping[str, str]


class Work:
    """What runs now. Belongs to the event loop."""

    def __init__(self, server: AdalServer) -> None:
        self._server = server
        self._jobs: dict[str, _Job] = {}
        self._latest: dict[Hashable, str] = {}

    async def do(
        self, title: str, engine: EngineClient, request: Request, token: str | None = None
    ) -> Mapping[str, Any]:
        """Have the worker answer a request. What the user stopped answers ``{"cancelled": true}``.

        Raises:
            RequestError: the worker failed; the message says why.
        """
        task = asyncio.current_task()
        assert task is not None
        token = token or str(uuid.uuid4())
        job = self._jobs[token] = _Job(title, task)
        shown = await self._begin(token, title)
        end = "failed"
        try:
            result = await engine.call(request, lambda progress: self._report(shown, token, progress))
            end = "done"
            return result
        except asyncio.CancelledError:
            end = "cancelled"
            if not job.stopped:
                raise
            task.uncancel()
            return {"cancelled": True}
        except EngineError as error:
            raise RequestError(str(error)) from error
        finally:
            del self._jobs[token]
            if shown:
                self._tell(token, types.WorkDoneProgressEnd(message=end))

    async def replace(self, key: Hashable, title: str, engine: EngineClient, request: Request) -> Mapping[str, Any]:
        """:meth:`do`, after what runs under the same key has been stopped: the newest save counts."""
        before = self._latest.get(key)
        if before is not None:
            self.cancel(before)
        token = self._latest[key] = str(uuid.uuid4())
        try:
            return await self.do(title, engine, request, token)
        finally:
            if self._latest.get(key) == token:
                del self._latest[key]

    def cancel(self, token: str | int | None = None) -> int:
        """Stop one job or all; how many were stopped."""
        jobs = [job for name, job in self._jobs.items() if token is None or name == token]
        for job in jobs:
            job.stopped = True
            job.task.cancel()
        return len(jobs)

    async def _begin(self, token: str, title: str) -> bool:
        """Ask the client for a progress bar; work goes on without one where it says no."""
        if not self._server.client.shows_progress:
            return False
        params = types.WorkDoneProgressCreateParams(token)
        try:
            await self._server.protocol.ask("window/workDoneProgress/create", params)
        except asyncio.CancelledError:
            self._jobs.pop(token, None)
            raise
        except RequestError:
            return False
        begin = types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0)
        self._tell(token, begin)
        return True

    def _report(self, shown: bool, token: str, progress: Progress) -> None:
        job = self._jobs.get(token)
        if job is not None and progress.answer is not None and self._server.client.shows_answers:
            self._server.protocol.notify(ANSWER, {"id": token, **asdict(progress.answer)})
        if not shown or job is None:
            return
        percentage = min(100, 100 * progress.done // progress.total) if progress.total else None
        report = types.WorkDoneProgressReport(message=progress.told(job.title), percentage=percentage)
        self._tell(token, report)

    def _tell(self, token: str, value: object) -> None:
        self._server.protocol.notify("$/progress", types.ProgressParams(token, value))
