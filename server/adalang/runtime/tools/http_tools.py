"""HTTP operations: the description is read once, the connections are kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adalang.language.tool_sources import http_source
from adalang.language.types import Type
from adalang.runtime.failures import BugFailure, ToolFailure, ToolUnavailable
from adalang.runtime.tools.openapi import HttpRequest, base_address, operation, parsed, request
from adalang.runtime.tools.source import ToolSource
from adalang.runtime.tools.values import as_declared

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

_MOST = 16 << 20  # bytes of an answer or a description
_SHOWN = 300  # characters of an answer that is an error
_LATER = frozenset({408, 425, 429})
"""Answers that may be another one later, besides all from 500 on."""


class HttpTools:
    """Calls operations of OpenAPI descriptions. Belongs to one event loop."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None
        self._descriptions: dict[tuple[str, int], Mapping[str, Any]] = {}

    async def call(self, source: ToolSource, name: str, inputs: Mapping[str, Any], returns: Type) -> Any:
        """What the operation answers. Redirects are not followed: headers that log in belong to one server.

        Raises:
            ToolUnavailable: no answer in time, or one that says to come back later.
            ToolFailure: an answer that is an error, or too long.
            BugFailure: the description cannot be read, or its operation takes other inputs.
        """
        try:
            async with asyncio.timeout(source.seconds):
                text, is_json = await self._called(source, name, inputs)
        except TimeoutError:
            raise ToolUnavailable(
                f"the server did not answer within {source.seconds:g} s; where it needs more, set `timeout`"
            ) from None
        try:
            return as_declared(text, json.loads(text) if is_json and text else None, returns)
        except RecursionError:
            raise ToolFailure("the server's answer is nested too deeply") from None
        except ValueError as error:
            raise ToolFailure(f"the server's answer is no JSON, though it says so: {error}") from error

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _called(self, source: ToolSource, name: str, inputs: Mapping[str, Any]) -> tuple[str, bool]:
        where, written = http_source(source.where)
        description = await self._description(source.folder, where)
        found = operation(description, str(source.options.get("operation") or written or name))
        base = str(source.options.get("base") or base_address(description, where))
        return await self._sent(request(found, base, inputs), source.options)

    async def _description(self, folder: Path, where: str) -> Mapping[str, Any]:
        if "://" in where:
            key = (where, 0)
            if key not in self._descriptions:
                fetched = HttpRequest("GET", where, [], {}, {})
                self._descriptions[key] = parsed((await self._sent(fetched, {}))[0], where)
            return self._descriptions[key]
        path = folder / where
        try:
            key = (str(path), path.stat().st_mtime_ns)
            if key not in self._descriptions:
                self._descriptions[key] = parsed(path.read_text(encoding="utf-8"), where)
        except (OSError, UnicodeDecodeError) as error:
            raise BugFailure(f"{where} cannot be read: {error}") from error
        return self._descriptions[key]

    async def _sent(self, one: HttpRequest, options: Mapping[str, Any]) -> tuple[str, bool]:
        """The answer's text, and whether it says that it is JSON."""
        from aiohttp import ClientError, ClientSession, DummyCookieJar, InvalidURL
        from yarl import URL

        self._session = self._session or ClientSession(cookie_jar=DummyCookieJar())
        fixed = {str(name): str(value) for name, value in (options.get("query") or {}).items()}
        headers = one.headers | {str(name): str(value) for name, value in (options.get("headers") or {}).items()}
        body: dict[str, Any] = (
            {"data": one.form} if one.form is not None else {"json": one.json} if one.has_body else {}
        )
        try:
            url = URL(one.url, encoded=True).update_query([*one.query, *fixed.items()])
            async with self._session.request(
                one.method, url, headers=headers, cookies=one.cookies, allow_redirects=False, **body
            ) as response:
                return await _answer(response)
        except InvalidURL as error:
            raise BugFailure(f"{one.url} is no address") from error
        except (ClientError, OSError) as error:
            raise ToolUnavailable(f"the server cannot be reached: {error}") from error
        except ValueError as error:  # what no header or address may hold
            raise ToolFailure(f"the request cannot be sent: {error}") from error


async def _answer(response: ClientResponse) -> tuple[str, bool]:
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > _MOST:
            raise ToolFailure(f"the answer is longer than {_MOST >> 20} MB")
    text = body.decode(response.charset or "utf-8", "replace")
    if 200 <= response.status < 300:
        return text, "json" in response.content_type
    told = " ".join(text.split())[:_SHOWN]
    if 300 <= response.status < 400:
        told = f"it redirects to {response.headers.get('Location', 'nowhere')}"
    what = f"the server answered {response.status} {response.reason or ''}".rstrip() + (f": {told}" if told else "")
    raise ToolUnavailable(what) if response.status >= 500 or response.status in _LATER else ToolFailure(what)
