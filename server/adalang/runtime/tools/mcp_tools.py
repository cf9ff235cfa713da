"""Tools of Model Context Protocol servers: which connection a call goes over, and what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from adalang.language.schema_types import schema_type
from adalang.language.tool_inputs import Taken, mismatches
from adalang.language.types import UNKNOWN, Type
from adalang.runtime.failures import BugFailure, ToolSaysNo, ToolUnavailable
from adalang.runtime.tools.mcp_connection import McpConnection, ServerGone, server_of
from adalang.runtime.tools.source import ToolSource
from adalang.runtime.tools.values import as_declared

_SHOWN = 2_000
"""Characters of what a tool says that failed."""
Key = tuple[str, str, str]


class McpTools:
    """One connection to each server, opened by its first call and kept. Belongs to one event loop."""

    def __init__(self) -> None:
        self._open: dict[Key, McpConnection] = {}
        self._all: set[McpConnection] = set()

    async def call(
        self,
        source: ToolSource,
        name: str,
        inputs: Mapping[str, Any],
        declared: Mapping[str, Type],
        returns: Type,
        sending: Callable[[], None],
        *,
        again: bool,
    ) -> Any:
        """What the server's tool ``name`` gives; ``declared`` are the types of its inputs.

        With ``again`` a call whose server was lost is made once more, on a new connection.

        Raises:
            ToolUnavailable: the server cannot be reached, was lost, or did not answer in time.
            ToolFailure: the tool says that it failed.
            BugFailure: the server has no such tool, or it takes other inputs.
        """
        try:
            async with asyncio.timeout(source.seconds):
                found = await self._called(source, name, inputs, declared, sending, again)
        except TimeoutError:
            self._leave(source)
            raise ToolUnavailable(
                f"{server_of(source)} did not answer within {source.seconds:g} s; where it needs more, set `timeout`"
            ) from None
        except ServerGone as gone:
            raise ToolUnavailable(str(gone)) from None
        if found.failed:
            raise ToolSaysNo(found.text[:_SHOWN] or "the server says that it failed, and not why")
        return as_declared(found.text, found.data, returns)

    async def aclose(self) -> None:
        """End all connections, and the servers that they have started."""
        ending, self._all, self._open = self._all, set(), {}
        await asyncio.gather(*(one.aclose() for one in ending))

    async def _called(
        self,
        source: ToolSource,
        name: str,
        inputs: Mapping[str, Any],
        declared: Mapping[str, Type],
        sending: Callable[[], None],
        again: bool,
    ) -> Any:
        connection = await self._connected(source, name, declared)
        sending()
        try:
            return await connection.call(name, inputs)
        except ServerGone:
            self._leave(source, connection)
            if not again:
                raise
        connection = await self._connected(source, name, declared)
        try:
            return await connection.call(name, inputs)
        except ServerGone:
            self._leave(source, connection)
            raise

    async def _connected(self, source: ToolSource, name: str, declared: Mapping[str, Type]) -> McpConnection:
        """A connection whose server has the tool and takes what is declared."""
        connection = self._open.get(_key(source))
        if connection is None or connection.gone:
            self._all = {one for one in self._all if not one.gone}
            connection = self._open[_key(source)] = McpConnection(source)
            self._all.add(connection)
        try:
            tools = await connection.tools()
        except (ServerGone, BugFailure):
            self._leave(source, connection)
            raise
        if name not in tools:
            known = ", ".join(tools) or "none"
            raise BugFailure(
                f'{server_of(source)} has no tool `{name}`; it has: {known}. Another name: mcp("…", tool = "name")'
            )
        _check(name, tools[name], declared)
        return connection

    def _leave(self, source: ToolSource, connection: McpConnection | None = None) -> None:
        """Forget the server's connection (if it still is ``connection``); it ends once its other calls have their answers."""
        known = self._open.get(_key(source))
        if known is not None and connection in (None, known):
            self._open.pop(_key(source)).leave()


def _key(source: ToolSource) -> Key:
    return source.where, str(source.folder), repr([source.options.get(one) for one in ("env", "headers")])


def _check(name: str, schema: Mapping[str, Any], declared: Mapping[str, Type]) -> None:
    """Whether the server's tool takes the inputs that the declaration gives it, in their types."""
    properties, needed = schema.get("properties") or {}, schema.get("required") or ()
    takes = {one: Taken(schema_type(written, schema), one in needed) for one, written in properties.items()}
    takes |= {one: Taken(UNKNOWN, True) for one in needed if one not in takes}
    takes_others = not properties and schema.get("additionalProperties") is not False
    for one in mismatches(f"the server's tool `{name}`", takes, declared, takes_others=takes_others):
        raise BugFailure(one.message)
