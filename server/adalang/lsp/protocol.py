"""JSON-RPC as the language server protocol has it: one connection, in order, every request answered exactly once.

A message stays JSON until its method is known, so that one with wrong params keeps its id and gets its error. What a method
does, with which params and on which schedule, is said in one table, :data:`adalang.lsp.methods.METHODS`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import isawaitable
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from adalang.engine.protocol import BadFrame, FrameWriter
from adalang.lsp.transport import Inbox

if TYPE_CHECKING:
    from adalang.lsp.server import AdalServer

_log = logging.getLogger("adalang.lsp")

_SLOW_SECONDS = 0.1

END_OF_INPUT = object()
"""What the reader puts last."""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002
REQUEST_FAILED = -32803
CONTENT_MODIFIED = -32801
CANCELLED = -32800

Latency = Literal["state", "query", "thread", "worker"]
"""Where a handler runs.

- ``state``: on the loop, in the order of arrival; changes what the server knows, in microseconds.
- ``query``: on the loop, milliseconds; answers from the newest snapshot. Refused when cancelled or outdated meanwhile.
  What has to wait a moment for the disk gives a coroutine instead of its answer.
- ``thread``: in a thread, on a snapshot; for work over many files.
- ``worker``: a coroutine that waits for the worker or the client; seconds, with progress and cancel.
"""


@dataclass(frozen=True, slots=True)
class Method:
    """``name`` is the handler's, as "file.function" of :mod:`adalang.lsp.features`. It takes the server and the params
    (``thread``: a function of no arguments comes back, and is run there).

    ``params`` is their type in :mod:`adalang.lsp.types`; ``None`` leaves them JSON. ``late`` queries are answered even
    when a newer version of the document waits: for clients that would take a refusal for an empty answer.
    """

    name: str
    latency: Latency
    params: type[msgspec.Struct] | None = None
    late: bool = False

    @property
    def handler(self) -> Callable[[Any, Any], Any]:
        return _handler(self.name)


@cache
def _handler(name: str) -> Callable[[Any, Any], Any]:
    file, _, function = name.partition(".")
    found: Callable[[Any, Any], Any] = getattr(import_module(f"adalang.lsp.features.{file}"), function)
    return found


class RequestError(Exception):
    """What a handler raises to answer with an error; the message is shown to the user."""

    def __init__(self, message: str, code: int = REQUEST_FAILED) -> None:
        super().__init__(message)
        self.code = code


class Protocol:
    """One connection. Lives on one event loop; only :meth:`Inbox.put` is called from elsewhere."""

    def __init__(self, server: AdalServer, methods: Mapping[str, Method], writer: FrameWriter) -> None:
        self.inbox = Inbox()
        self.initialized = False
        self.stopping = False
        self.ended = asyncio.Event()
        self.exit_code = 1
        self._server = server
        self.methods = methods
        self._frames = writer
        self._running: dict[Any, asyncio.Future[Any]] = {}
        self._asked: dict[str, asyncio.Future[Any]] = {}
        self._ids = count(1)
        self._pumping = False

    # ---- sending

    def notify(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def ask(self, method: str, params: Any = None) -> Any:
        """Send a request of our own and wait for its result, as JSON.

        Raises:
            RequestError: the client answered with an error.
        """
        request_id = f"adalang {next(self._ids)}"
        answer = self._asked[request_id] = asyncio.get_running_loop().create_future()
        message = {"jsonrpc": "2.0", "id": request_id, "method": method}
        self._send(message if params is None else {**message, "params": params})
        try:
            return await answer
        except asyncio.CancelledError:
            self.notify("$/cancelRequest", {"id": request_id})
            raise
        finally:
            self._asked.pop(request_id, None)

    def _send(self, message: dict[str, Any]) -> None:
        self._frames.send(encode(message))

    # ---- receiving

    def wake(self) -> None:
        """Messages have come."""
        if not self._pumping:
            self._pumping = True
            self._pump()

    def _pump(self) -> None:
        """Handle one waiting message, then come back for the next, so that other work on the loop gets its turn."""
        taken = self.inbox.take()
        if taken is None:
            self._pumping = False
            self._server.idle()
            return
        message, cancelled = taken
        try:
            self._receive(message, cancelled)
        except Exception:
            _log.exception("a message could not be handled")
        asyncio.get_running_loop().call_soon(self._pump)

    def _receive(self, message: Any, cancelled: bool) -> None:
        if message is END_OF_INPUT:
            self.ended.set()
        elif isinstance(message, BadFrame):
            _log.warning("a broken frame: %s", message)
            self._error(None, PARSE_ERROR, str(message))
        elif not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            request_id = message.get("id") if isinstance(message, dict) else None
            self._error(request_id, INVALID_REQUEST, "not a JSON-RPC 2.0 message")
        elif not isinstance(message.get("method"), str):
            self._receive_response(message)
        elif "id" not in message:
            self._receive_notification(message["method"], message.get("params"))
        elif not isinstance(message["id"], str | int):
            self._error(None, INVALID_REQUEST, "a request's id is a text or a number")
        else:
            self._receive_request(message["id"], message["method"], message.get("params"), cancelled)

    def _receive_response(self, message: dict[str, Any]) -> None:
        request_id = message.get("id")
        answer = self._asked.get(request_id) if isinstance(request_id, str) else None
        if answer is None or answer.done():
            return
        error = message.get("error")
        if error is None:
            answer.set_result(message.get("result"))
        else:
            text = error.get("message") if isinstance(error, dict) else error
            answer.set_exception(RequestError(f"the editor answered with an error: {text}"))

    def _receive_notification(self, name: str, params: Any) -> None:
        if name == "exit":
            self.exit_code = 0 if self.stopping else 1
            self.ended.set()
            return
        if name == "$/cancelRequest":
            running = self._running.get(params.get("id") if isinstance(params, dict) else None)
            if running is not None:
                running.cancel()
            return
        method = self.methods.get(name)
        if method is None or not self.initialized or self.stopping:
            return
        try:
            structured = _params(name, method, params)
        except RequestError as error:
            self._server.params_lost(name, params)
            _log.error("%s: %s", name, error)
            return
        started = time.perf_counter()
        try:
            method.handler(self._server, structured)
        except Exception:
            self._server.params_lost(name, params)
            _log.exception("%s failed", name)
        self._note_time(name, started)

    def _receive_request(self, request_id: Any, name: str, params: Any, cancelled: bool) -> None:
        started = time.perf_counter()
        try:
            method = self._admitted(name, cancelled)
            structured = _params(name, method, params)
            if method.latency == "query" and not method.late:
                self._refuse_outdated(structured)
            result = method.handler(self._server, structured)
        except Exception as error:
            self._failed(request_id, name, error)
            return
        if method.latency in ("state", "query") and not isawaitable(result):
            self._respond(request_id, result)
            self._note_time(name, started)
        elif method.latency == "thread":
            future = asyncio.get_running_loop().run_in_executor(self._server.thread_pool, result)
            self._answer_later(request_id, name, future)
        else:
            self._answer_later(request_id, name, asyncio.ensure_future(_awaited(result)))

    def _admitted(self, name: str, cancelled: bool) -> Method:
        """The method, if it may be called now."""
        if cancelled:
            raise RequestError("cancelled", CANCELLED)
        if self.stopping:
            raise RequestError("the server is shutting down", INVALID_REQUEST)
        if not self.initialized and name != "initialize":
            raise RequestError("the server is not initialized yet", NOT_INITIALIZED)
        if self.initialized and name == "initialize":
            raise RequestError("the server is initialized already", INVALID_REQUEST)
        method = self.methods.get(name)
        if method is None:
            raise RequestError(f"there is no method {name}", METHOD_NOT_FOUND)
        return method

    def _refuse_outdated(self, params: Any) -> None:
        document = getattr(params, "text_document", None)
        if document is not None and self.inbox.is_outdated(document.uri):
            raise RequestError("the document has changed since", CONTENT_MODIFIED)

    # ---- answering

    def _answer_later(self, request_id: Any, name: str, future: asyncio.Future[Any]) -> None:
        started = time.perf_counter()
        self._running[request_id] = future

        def answer(done: asyncio.Future[Any]) -> None:
            self._running.pop(request_id, None)
            self._server.idle_soon()
            if done.cancelled():
                self._error(request_id, CANCELLED, "cancelled")
            elif (error := done.exception()) is not None:
                self._failed(request_id, name, error)
            else:
                self._respond(request_id, done.result())
            _log.debug("%s took %.0f ms", name, 1000 * (time.perf_counter() - started))

        future.add_done_callback(answer)

    def _respond(self, request_id: Any, result: Any) -> None:
        self._send({"jsonrpc": "2.0", "id": request_id, "result": result})

    def _failed(self, request_id: Any, name: str, error: BaseException) -> None:
        if isinstance(error, RequestError):
            self._error(request_id, error.code, str(error))
        else:
            _log.error("%s failed", name, exc_info=error)
            self._error(request_id, INTERNAL_ERROR, f"{name} failed: {type(error).__name__}: {error}")

    def _error(self, request_id: Any, code: int, message: str) -> None:
        self._send({"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}})

    def _note_time(self, name: str, started: float) -> None:
        seconds = time.perf_counter() - started
        if seconds > _SLOW_SECONDS:
            _log.info("%s took %.0f ms on the loop", name, 1000 * seconds)

    def cancel_all_but(self, mine: asyncio.Task[Any] | None) -> list[asyncio.Future[Any]]:
        """Cancel every request that still runs (but the one that asks for it); each is answered."""
        running = [future for future in self._running.values() if future is not mine]
        for future in running:
            future.cancel()
        return running


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


def _params(name: str, method: Method, params: Any) -> Any:
    """The params in their type."""
    if method.params is None:
        return params
    try:
        return msgspec.convert(params if params is not None else {}, method.params)
    except (msgspec.ValidationError, RecursionError) as error:
        raise RequestError(f"wrong params for {name}: {error}", INVALID_PARAMS) from error


def encode(message: Any) -> bytes:
    """A message as JSON. Halves of a surrogate pair, which no UTF-8 can hold, are escaped."""
    try:
        return msgspec.json.encode(message)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(message), separators=(",", ":")).encode()
