"""The server's side of the worker: started when first needed, started again when it died, gone when the server is.

Knows nothing of the runtime: what it sends and gets is :mod:`adalang.engine.protocol`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adalang.engine.protocol import ApprovalAsked, Progress, Request, Verdict, frame, to_json

__all__ = ["EngineClient", "EngineError", "Progress", "WorkerDied"]

_log = logging.getLogger(__name__)

_CANCEL_SECONDS = 5.0
_CLOSE_SECONDS = 3.0
_CANCELLED = -32800

OnProgress = Callable[[Progress], None]
OnApproval = Callable[[ApprovalAsked], Awaitable[Verdict]]
"""Asks a person; cancelled when the run that waits is over."""


async def _nobody(asked: ApprovalAsked) -> Verdict:
    return Verdict(False, asked.inputs, "there is nobody to ask here")


class EngineError(Exception):
    """The worker could not do what was asked; the message is for a person."""


class WorkerDied(EngineError):
    """The worker ended in the middle of the request. What was answered is in the store; the next request starts anew."""


@dataclass(slots=True)
class _Waiting:
    answer: asyncio.Future[dict[str, Any]]
    progress: OnProgress
    asks: set[asyncio.Task[None]] = field(default_factory=set)


class EngineClient:
    """One workspace's worker. All methods belong to one event loop."""

    def __init__(self, root: Path, environment: Mapping[str, str] | None = None, approve: OnApproval = _nobody) -> None:
        self.root = root
        self._approve = approve
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._ids = itertools.count(1)
        self._starting = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The worker's process id while there is one."""
        return self._process.pid if self._process is not None else None

    async def call(self, request: Request, progress: OnProgress = lambda progress: None) -> dict[str, Any]:
        """Have the worker do something. To cancel it, cancel the task that waits here.

        Raises:
            WorkerDied: the worker ended before it answered.
            EngineError: it answered with an error, or cannot be started.
        """
        process = await self._started()
        request_id = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = _Waiting(answer, progress)
        self._send(process, request.method, to_json(request), request_id)
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            self._send(process, "cancel", {"id": request_id})
            await self._settled(process, answer)
            raise
        finally:
            for ask in self._waiting.pop(request_id).asks:
                ask.cancel()

    async def close(self) -> None:
        """End the worker: politely by closing its stdin, then by force."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _CLOSE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            await self._reader

    async def _started(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None:
                self._process = await self._start()
                self._reader = asyncio.create_task(self._read(self._process))
            return self._process

    async def _start(self) -> asyncio.subprocess.Process:
        environment = {**(self._environment if self._environment is not None else os.environ), "PYTHONUNBUFFERED": "1"}
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the workspace's folder must not shadow modules of the worker
                "-m",
                "adalang.engine.worker",
                str(self.root),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=self.root,
                env=environment,
                limit=2**20,
            )
        except OSError as error:
            raise EngineError(f"the worker cannot be started: {error.strerror or error}") from error

    def _send(
        self, process: asyncio.subprocess.Process, method: str, params: Mapping[str, Any], request_id: int | None = None
    ) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if request_id is not None:
            message["id"] = request_id
        if process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(frame(message))

    async def _settled(self, process: asyncio.subprocess.Process, answer: asyncio.Future[dict[str, Any]]) -> None:
        """Give a cancelled request a moment to end well; a worker that is stuck in it is killed."""
        done, _ = await asyncio.wait([answer], timeout=_CANCEL_SECONDS)
        if done:
            _ = answer.cancelled() or answer.exception()  # looked at, so that nobody is warned about it
        elif process.returncode is None:
            _log.warning("the worker did not cancel within %g s; killing it", _CANCEL_SECONDS)
            process.kill()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            while (message := await _read_message(process.stdout)) is not None:
                self._receive(message)
        except Exception:
            # Where the next message begins is not known any more, and waiting for the worker's end would be for ever.
            _log.exception("what the worker says cannot be read; killing it")
            if process.returncode is None:
                process.kill()
        finally:
            code = await process.wait()
            self._process = None
            self._fail_all(code)

    def _receive(self, message: Any) -> None:
        params = message.get("params") or {}
        if message.get("method") == "progress":
            waiting = self._waiting.get(params.pop("id", None))
            if waiting is not None:
                waiting.progress(Progress.from_json(params))
            return
        if message.get("method") == "approve":
            waiting = self._waiting.get(params.pop("id", None))
            if waiting is not None:
                waiting.asks.add(asyncio.create_task(self._ask(params.pop("ask"), ApprovalAsked(**params))))
            return
        waiting = self._waiting.get(message.get("id"))
        if waiting is None or waiting.answer.done():
            return
        error = message.get("error")
        if error is None:
            waiting.answer.set_result(message.get("result"))
        elif error.get("code") == _CANCELLED:
            waiting.answer.cancel()
        else:
            waiting.answer.set_exception(EngineError(str(error.get("message"))))

    async def _ask(self, number: int, asked: ApprovalAsked) -> None:
        process = self._process
        try:
            verdict = await self._approve(asked)
        except Exception:
            _log.exception("nobody could be asked to approve `%s`", asked.tool)
            verdict = Verdict(False, asked.inputs, "nobody could be asked")
        if process is not None:
            self._send(process, "decide", {"ask": number, **to_json(verdict)})

    def _fail_all(self, code: int) -> None:
        if self._waiting:
            _log.error("the worker ended with code %s while it was at work", code)
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(
                    WorkerDied(
                        f"The worker process ended unexpectedly ({_how(code)}). What was paid for is kept; "
                        "the next run starts it again."
                    )
                )


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


async def _read_message(stream: asyncio.StreamReader) -> Any:
    length = 0
    while True:
        line = await stream.readline()
        if not line:
            return None
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif not line.strip() and length:
            break
    try:
        return json.loads(await stream.readexactly(length))
    except asyncio.IncompleteReadError:
        return None
