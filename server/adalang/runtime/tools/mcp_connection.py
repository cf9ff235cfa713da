"""One connection to an MCP server, over the official SDK. A server that is started ends with the connection."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from adalang.runtime.failures import BugFailure
from adalang.runtime.tools.python_process import watched
from adalang.runtime.tools.source import ToolSource

if TYPE_CHECKING:
    from mcp import Client

T = TypeVar("T")
_LAST_WORDS = 500  # bytes of what a server prints
_END_SECONDS = 10.0


class ServerGone(Exception):
    """The server cannot be reached, or has left."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool answered: its text, its data (``None``: none besides the text), and whether it says that it failed."""

    text: str
    data: Any
    failed: bool


class McpConnection:
    """Opened in the background; its calls wait for that. One task holds it, for it has to be closed by the task that opened it."""

    def __init__(self, source: ToolSource) -> None:
        self._source = source
        self._client: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._tools: dict[str, Mapping[str, Any]] | None = None
        self._calls, self._left = 0, False
        self._said = bytearray()
        self._holding = asyncio.create_task(self._hold())

    @property
    def gone(self) -> bool:
        """Whether nothing is left of it."""
        return self._holding.done()

    async def tools(self) -> Mapping[str, Mapping[str, Any]]:
        """The schemas of what the server's tools take, by their names.

        Raises:
            ServerGone: it cannot be reached, or does not speak the protocol.
            BugFailure: the command does not exist, or the SDK is not installed.
        """
        if self._tools is None:
            client = await asyncio.shield(self._client)
            found: dict[str, Mapping[str, Any]] = {}
            cursor = None
            while True:
                page = await self._asked(lambda: client.list_tools(cursor=cursor))  # noqa: B023 - called at once
                found |= {one.name: one.input_schema for one in page.tools}
                cursor = page.next_cursor
                if not cursor:
                    break
            self._tools = found
        return self._tools

    async def call(self, name: str, inputs: Mapping[str, Any]) -> Found:
        """Call a tool.

        Raises:
            ServerGone: the server left before it answered.
        """
        client = await asyncio.shield(self._client)
        answer = await self._asked(lambda: client.call_tool(name, dict(inputs)))
        text = "\n".join(one.text for one in answer.content if one.type == "text")
        return Found(text, answer.structured_content, bool(answer.is_error))

    def leave(self) -> None:
        """Take no more calls, and end after those that are under way."""
        self._left = True
        if not self._calls:
            self._end()

    async def aclose(self) -> None:
        """End it now."""
        self._end()
        done, _ = await asyncio.wait([self._holding], timeout=_END_SECONDS)
        if not done:
            self._holding.cancel()
            await asyncio.wait([self._holding])

    async def _asked(self, ask: Callable[[], Any]) -> Any:
        from mcp.shared.exceptions import MCPError
        from mcp_types import CONNECTION_CLOSED

        self._calls += 1
        try:
            return await ask()
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                raise ServerGone(self._told(f"{server_of(self._source)} left before it answered")) from error
            return _refused(str(error))
        except (OSError, RuntimeError) as error:
            raise ServerGone(self._told(f"{server_of(self._source)} cannot be reached: {error}")) from error
        finally:
            self._calls -= 1
            if self._left and not self._calls:
                self._end()

    def _end(self) -> None:
        self._over.set()
        if not self._client.done():  # a server that is still to say its first word may never do so
            self._holding.cancel()

    async def _hold(self) -> None:
        try:
            async with AsyncExitStack() as stack:
                self._client.set_result(await self._connect(stack))
                await self._over.wait()
        except BaseException as error:
            if not self._client.done():
                self._client.set_exception(self._why(error))
                self._client.exception()  # looked at: whoever waits for it may be gone
            if not isinstance(error, Exception):
                raise

    async def _connect(self, stack: AsyncExitStack) -> Client:
        try:
            from mcp import Client, StdioServerParameters
            from mcp.client.stdio import stdio_client
            from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client
        except ImportError as error:
            raise BugFailure("tools of MCP servers need the extra: pip install 'adalang[mcp]'") from error
        logging.getLogger("mcp").addHandler(logging.NullHandler())  # what a server writes wrong is told as a failure
        source = self._source
        if source.where.startswith(("http://", "https://")):
            headers = {str(name): str(value) for name, value in (source.options.get("headers") or {}).items()}
            http = await stack.enter_async_context(create_mcp_http_client(headers))
            return await stack.enter_async_context(Client(streamable_http_client(source.where, http_client=http)))
        command = shlex.split(source.where)
        if not command or shutil.which(command[0]) is None:
            raise BugFailure(f"there is no command `{command[0] if command else ''}` to start the server with")
        start, *arguments = watched(*command)
        environment = {str(name): str(value) for name, value in (source.options.get("env") or {}).items()}
        parameters = StdioServerParameters(command=start, args=arguments, env=environment, cwd=source.folder)
        return await stack.enter_async_context(Client(stdio_client(parameters, errlog=self._ear(stack))))

    def _ear(self, stack: AsyncExitStack) -> Any:
        """A file for what the server prints, of which the last words are kept."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        loop = asyncio.get_running_loop()

        def listen() -> None:
            heard = os.read(reading, 1 << 16)
            self._said = bytearray((bytes(self._said) + heard)[-_LAST_WORDS:])
            if not heard:
                loop.remove_reader(reading)

        def stop() -> None:
            loop.remove_reader(reading)
            os.close(reading)

        loop.add_reader(reading, listen)
        stack.callback(stop)
        return stack.enter_context(os.fdopen(writing, "w"))

    def _why(self, error: BaseException) -> BaseException:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, BugFailure):
            return error
        told = " ".join(str(error).split()) or type(error).__name__
        return ServerGone(self._told(f"there is no connection to {server_of(self._source)}: {told}"))

    def _told(self, what: str) -> str:
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        return f"{what}. The last that it printed: {lines[-1]}" if lines else what


def server_of(source: ToolSource) -> str:
    """What messages call the server: with its address, without what may log in there."""
    if not source.where.startswith(("http://", "https://")):
        return "the server"
    found = urlsplit(source.where)
    return f"the server at {found.scheme}://{found.netloc.rpartition('@')[2]}{found.path}"


def _refused(text: str) -> Any:
    """An error of the protocol as the answer of a tool that failed."""
    from mcp_types import CallToolResult, TextContent

    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
