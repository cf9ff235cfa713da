"""The worker process: holds the runtime, and does what the language server asks for, one task a request.

Started as ``python -m adalang.engine.worker ROOT``. It ends when its stdin does, which is also what it sees when the server
dies, so that none is ever left behind. User code (``python(...)`` tools and metrics) runs here and nowhere else.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adalang.engine.protocol import (
    REQUESTS,
    ApprovalAsked,
    BadFrame,
    FrameWriter,
    Progress,
    RenderRequest,
    Request,
    TraceRequest,
    Verdict,
    claim_stdio,
    read_in_thread,
)

if TYPE_CHECKING:
    from adalang.engine.shared import Shared
    from adalang.runtime.approval import ApprovalRequest, Approver, Decision

_GRACE_SECONDS = 2.0
_CANCELLED, _FAILED, _BAD_REQUEST = -32800, -32803, -32600

OnProgress = Callable[[Progress], None]


class Worker:
    """Answers requests over ``writer``; ``receive`` is called on the loop with each message of the server."""

    def __init__(self, root: Path, writer: FrameWriter) -> None:
        self._root = root
        self._writer = writer
        self._tasks: dict[Any, asyncio.Task[dict[str, Any]]] = {}
        self._shared: Shared | None = None
        self._asks: dict[int, asyncio.Future[Verdict]] = {}
        self._ask_numbers = itertools.count(1)

    def receive(self, message: Any) -> None:
        if isinstance(message, BadFrame) or not isinstance(message, dict):
            return
        request_id, method, params = message.get("id"), message.get("method"), message.get("params") or {}
        if method == "cancel":
            task = self._tasks.get(params.get("id"))
            if task is not None:
                task.cancel()
            return
        if method == "decide":
            asked = self._asks.get(params.pop("ask", 0))
            if asked is not None and not asked.done():
                asked.set_result(Verdict(**params))
            return
        try:
            request = REQUESTS[str(method)](**params)
        except (KeyError, TypeError) as error:
            self._fail(request_id, _BAD_REQUEST, f"the worker does not understand the request: {error}")
            return
        work = self._do(request, partial(self._progress, request_id), partial(self._ask, request_id))
        task = self._tasks[request_id] = asyncio.get_running_loop().create_task(work)
        # Not in the task itself: one that is cancelled before its first step never runs, and has to be answered too.
        task.add_done_callback(partial(self._answer, request_id))

    async def close(self) -> None:
        """Cancel what still runs and close what it shares; never takes longer than the grace."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=_GRACE_SECONDS)
        if self._shared is not None:
            await asyncio.wait_for(self._shared.close(), _GRACE_SECONDS)

    def _answer(self, request_id: Any, task: asyncio.Task[dict[str, Any]]) -> None:
        del self._tasks[request_id]
        try:
            self._writer.write({"jsonrpc": "2.0", "id": request_id, "result": task.result()})
        except asyncio.CancelledError:
            self._fail(request_id, _CANCELLED, "cancelled")
        except Exception as error:  # whatever user code raises is an answer, not the worker's end
            traceback.print_exc(file=sys.stderr)
            self._fail(request_id, _FAILED, str(error) or type(error).__name__)

    async def _do(self, request: Request, progress: OnProgress, approver: Approver) -> dict[str, Any]:
        if isinstance(request, RenderRequest):
            from adalang.engine.rendering import rendered

            return rendered(self._root, request)
        if isinstance(request, TraceRequest):
            from adalang.engine.trace_pages import drawn

            return drawn(self._root, request)
        from adalang.engine.answering import answer
        from adalang.engine.shared import Shared

        self._shared = self._shared or Shared(self._root)
        async with self._shared.session(approver) as session:
            return await answer(session, request, progress)

    def _progress(self, request_id: Any, found: Any) -> None:
        params = {"id": request_id, **asdict(found)}
        self._writer.write({"jsonrpc": "2.0", "method": "progress", "params": params})

    async def _ask(self, request_id: Any, asked: ApprovalRequest) -> Decision:
        """Have the server ask a person, again where the tool does not take what they made of the inputs; cancelled when the run is."""
        from adalang.runtime.approval import Decision

        inputs, problem = asked.inputs, ""
        while True:
            verdict = await self._verdict(
                request_id, ApprovalAsked(asked.tool, inputs, asked.asked_by, asked.types, problem)
            )
            inputs, problem = verdict.inputs, asked.mistake(verdict.inputs) if verdict.approved else ""
            if not problem:
                return Decision(verdict.approved, inputs, verdict.note)

    async def _verdict(self, request_id: Any, asked: ApprovalAsked) -> Verdict:
        number = next(self._ask_numbers)
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._asks[number] = answer
        params = {"id": request_id, "ask": number, **asdict(asked)}
        self._writer.write({"jsonrpc": "2.0", "method": "approve", "params": params})
        try:
            return await answer
        finally:
            del self._asks[number]

    def _fail(self, request_id: Any, code: int, message: str) -> None:
        self._writer.write({"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}})


async def _serve(root: Path) -> None:
    protocol_in, protocol_out = claim_stdio()
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    worker = Worker(root, FrameWriter(protocol_out))
    read_in_thread(
        protocol_in,
        lambda message: loop.call_soon_threadsafe(worker.receive, message),
        lambda: loop.call_soon_threadsafe(ended.set),
    )
    await ended.wait()
    await worker.close()


def main() -> None:
    try:
        asyncio.run(_serve(Path(sys.argv[1])))
    except (KeyboardInterrupt, TimeoutError):
        pass
    finally:
        sys.stderr.flush()
        os._exit(0)  # a thread of user code that never ends must not keep the process


if __name__ == "__main__":
    main()
