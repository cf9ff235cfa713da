"""The HTTP server itself."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from aiohttp import web

from tests.servers.behaviour import (
    BadJson,
    Behaviour,
    CutOff,
    Drop,
    Fault,
    Hang,
    Incoming,
    Overlong,
    RateLimited,
    Refusal,
    Reply,
    ServerError,
    Slow,
    Stall,
    StreamFails,
    Unauthorized,
    lexical,
)
from tests.servers.wires import WIRES, Protocol


@dataclass
class LoopbackServer:
    """A server on 127.0.0.1, as an async context manager.

    `api_base` is what a model declaration needs; `log` holds every request in the order of arrival, and
    `answered` the numbers of those whose answer went out whole. With an `api_key`, others get a 401.
    `GET /log` gives the counts as JSON.
    """

    protocol: Protocol = "openai"
    behaviour: Behaviour = lexical
    port: int = 0
    latency: float = 0.0
    api_key: str | None = None

    def __post_init__(self) -> None:
        self.log: list[Incoming] = []
        self.answered: list[int] = []
        self.disconnected: list[int] = []
        self.running = 0
        self.most_running = 0
        self._wire = WIRES[self.protocol]
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_base(self) -> str:
        return self.url + self._wire.base

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 28)
        app.router.add_post("/{path:.*}", self._handle)
        app.router.add_get("/log", self._counts)
        # Cancel a handler when its client goes away, so that a test can see that it did.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.5, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        await self._runner.cleanup()

    async def _counts(self, request: web.Request) -> web.Response:
        return web.json_response({"requests": len(self.log), "answered": len(self.answered)})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = unquote(request.path)
        if not self._wire.takes(path):
            raise web.HTTPNotFound(text=f"{self.protocol} has no {path}")
        incoming = self._wire.read(len(self.log), path, await request.json(), request.headers)
        self.log.append(incoming)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            key = self._wire.key(request.headers)
            if self.api_key is not None and key != self.api_key:
                return self._error(401, "authentication", f"Incorrect API key provided: {key}")
            return await self._carry_out(self.behaviour(incoming), incoming, request)
        except asyncio.CancelledError:
            self.disconnected.append(incoming.number)
            raise
        finally:
            self.running -= 1

    async def _carry_out(self, action: Reply | Fault, incoming: Incoming, request: web.Request) -> web.StreamResponse:
        match action:
            case Reply() if self._wire.streams(incoming.path, incoming.body):
                response = await self._begin_stream(request)
                for frame in self._wire.frames(incoming, action):
                    await response.write(frame)
                await response.write_eof()
                self.answered.append(incoming.number)
                return response
            case Reply():
                return await self._answer(self._wire.write(incoming, action), incoming, request)
            case Refusal(text):
                return await self._answer(self._wire.refuse(incoming, text), incoming, request)
            case Slow(seconds, reply):
                await asyncio.sleep(seconds)
                return await self._carry_out(reply or lexical(incoming), incoming, request)
            case RateLimited(retry_after):
                return self._error(429, "rate_limit", "slow down", {"retry-after": f"{retry_after:g}"})
            case ServerError(status, message):
                return self._error(status, "api", message)
            case Unauthorized():
                key = self._wire.key(request.headers)
                return self._error(401, "authentication", f"Incorrect API key provided: {key}")
            case Overlong():
                text = "prompt is too long: maximum context length is 8 tokens"
                return self._error(400, "overlong", text)
            case BadJson(body, status):
                return web.Response(text=body, status=status, content_type="application/json")
            case Hang():
                await self._closing.wait()
            case Drop():
                pass
            case (CutOff() | Stall() | StreamFails()) as fault if self._wire.streams(incoming.path, incoming.body):
                return await self._half_a_stream(fault, incoming, request)
            case Stall():
                await self._closing.wait()
            case StreamFails(message):
                return self._error(500, "api", message)
            case CutOff(reply):
                whole = json.dumps(self._wire.write(incoming, reply)).encode()
                response = web.StreamResponse(headers={"content-type": "application/json"})
                response.content_length = len(whole)
                await response.prepare(request)
                await response.write(whole[: len(whole) // 2])
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async def _half_a_stream(
        self, fault: CutOff | Stall | StreamFails, incoming: Incoming, request: web.Request
    ) -> web.StreamResponse:
        response = await self._begin_stream(request)
        frames = list(self._wire.frames(incoming, fault.reply))
        for frame in frames[: len(frames) // 2]:
            await response.write(frame)
        if isinstance(fault, Stall) and fault.rest is not None:
            await asyncio.to_thread(fault.rest.wait, 5)
            for frame in frames[len(frames) // 2 :]:
                await response.write(frame)
            await response.write_eof()
        elif isinstance(fault, Stall):
            await self._closing.wait()
        elif isinstance(fault, StreamFails):
            await response.write(self._wire.stream_error(fault.message))
            await response.write_eof()
        elif fault.cleanly:
            await response.write_eof()
        else:
            assert request.transport is not None
            await asyncio.sleep(0.05)  # what was written goes out first
            request.transport.close()
        return response

    async def _begin_stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": self._wire.stream_type})
        await response.prepare(request)
        return response

    async def _answer(self, body: dict[str, Any], incoming: Incoming, request: web.Request) -> web.StreamResponse:
        response = web.json_response(body)
        await response.prepare(request)
        await response.write_eof()
        self.answered.append(incoming.number)
        return response

    def _error(self, status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
        return web.json_response(self._wire.error(kind, message), status=status, headers=headers)
