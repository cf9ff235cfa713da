"""HTTP operations: the description is read once, the connections are kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from adalang.language.openapi import FORM, Description, DescriptionError, description_file
from adalang.language.tool_sources import http_source
from adalang.language.types import Type
from adalang.runtime.failures import BugFailure, ToolFailure, ToolSaysNo, ToolUnavailable
from adalang.runtime.tools.child import MOST_OUTPUT
from adalang.runtime.tools.http_request import HttpRequest, request
from adalang.runtime.tools.source import ToolSource
from adalang.runtime.tools.values import as_declared

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

_SHOWN = 300  # characters of an answer that is an error
_LATER = frozenset({408, 425, 429})
"""Answers that may be another one later, besides all from 500 on."""


class HttpTools:
    """Calls operations of OpenAPI descriptions. Belongs to one event loop."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None
        self._descriptions: dict[tuple[str, int], Description] = {}

    async def call(
        self,
        source: ToolSource,
        name: str,
        inputs: Mapping[str, Any],
        declared: Mapping[str, Type],
        returns: Type,
        sending: Callable[[], None],
    ) -> Any:
        """What the operation answers; ``declared`` are the types of its inputs. Redirects are not followed: headers that log in belong to one server.

        Raises:
            ToolUnavailable: no answer in time, or one that says to come back later.
            ToolFailure: an answer that is an error, or too long.
            BugFailure: the description cannot be read, or its operation takes other inputs.
        """
        try:
            async with asyncio.timeout(source.seconds):
                text, is_json = await self._called(source, name, inputs, declared, sending)
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

    async def _called(
        self,
        source: ToolSource,
        name: str,
        inputs: Mapping[str, Any],
        declared: Mapping[str, Type],
        sending: Callable[[], None],
    ) -> tuple[str, bool]:
        where, written = http_source(source.where)
        description = await self._description(source.folder, where)
        try:
            found = description.operation(str(source.options.get("operation") or written or name))
            base = str(source.options.get("base") or description.base_address())
        except DescriptionError as error:
            raise BugFailure(str(error)) from error
        for one in found.mismatches(declared):
            raise BugFailure(one.message)
        fixed = {str(name): str(value) for name, value in (source.options.get("query") or {}).items()}
        return await self._sent(request(found, base, inputs, fixed), source.options, sending)

    async def _description(self, folder: Path, where: str) -> Description:
        key = (where, 0) if "://" in where else _file_key(folder / where)
        if key not in self._descriptions:
            if "://" in where:
                found = Description.parse((await self._sent(HttpRequest("GET", where), {}, lambda: None))[0], where)
            else:
                found = description_file(folder / where) or Description({}, where, f"{where} cannot be read")
            if found.error:
                raise BugFailure(found.error)
            self._descriptions[key] = found
        return self._descriptions[key]

    async def _sent(
        self, one: HttpRequest, options: Mapping[str, Any], sending: Callable[[], None]
    ) -> tuple[str, bool]:
        """The answer's text, and whether it says that it is JSON."""
        from aiohttp import ClientError, ClientSession, DummyCookieJar, InvalidURL, TraceConfig
        from yarl import URL

        if self._session is None:
            connected = TraceConfig()
            connected.on_request_headers_sent.append(_tell_sending)
            self._session = ClientSession(cookie_jar=DummyCookieJar(), trace_configs=[connected])
        headers = one.headers | {str(name): str(value) for name, value in (options.get("headers") or {}).items()}
        body: dict[str, Any] = {"json": one.json} if one.has_json else {}
        if one.form is not None:
            headers = {"Content-Type": FORM} | headers
            body = {"data": one.form}
        try:
            async with self._session.request(
                one.method,
                URL(one.url, encoded=True),
                headers=headers,
                cookies=one.cookies,
                allow_redirects=False,
                trace_request_ctx=sending,
                **body,
            ) as response:
                return await _answer(response)
        except InvalidURL as error:
            raise BugFailure(f"{one.url.partition('?')[0]} is no address") from error
        except (ClientError, OSError) as error:
            raise ToolUnavailable(f"the server cannot be reached: {error}") from error
        except ValueError as error:  # what no header or address may hold
            raise ToolFailure(f"the request cannot be sent: {error}") from error


async def _tell_sending(session: ClientSession, context: SimpleNamespace, _: object) -> None:
    """There is a connection, and what is sent goes out now."""
    context.trace_request_ctx()


async def _answer(response: ClientResponse) -> tuple[str, bool]:
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > MOST_OUTPUT:
            raise ToolFailure(f"the answer is longer than {MOST_OUTPUT >> 20} MB")
    if 200 <= response.status < 300:
        return _text(bytes(body), response), "json" in response.content_type
    text = body.decode("utf-8", "replace")
    told = " ".join(text.split())[:_SHOWN]
    if 300 <= response.status < 400:
        told = f"it redirects to {response.headers.get('Location', 'nowhere')}"
    what = f"the server answered {response.status} {response.reason or ''}".rstrip() + (f": {told}" if told else "")
    if response.status >= 500 or response.status in _LATER:
        raise ToolUnavailable(what)
    raise ToolSaysNo(what) if response.status >= 400 else ToolFailure(what)


def _text(body: bytes, response: ClientResponse) -> str:
    charset = response.charset or "utf-8"
    try:
        if b"\0" not in body or charset.lower().startswith("utf-16"):
            return body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        pass
    raise ToolFailure(f"the answer is no text in {charset.upper()} (it says that it is {response.content_type})")


def _file_key(path: Path) -> tuple[str, int]:
    try:
        return str(path), path.stat().st_mtime_ns
    except (OSError, ValueError):
        return str(path), 0
