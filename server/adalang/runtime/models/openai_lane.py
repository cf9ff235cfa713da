"""Models that speak the OpenAI protocol, called over connections of our own that stay open.

What is sent is what litellm would send (see `openai_routes`), for a fraction of the CPU. Everything unusual in an
answer, and every refusal, is read by litellm itself, so that nothing depends on which lane a call took.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from adalang.runtime.failures import TransportFailure
from adalang.runtime.models.answers import Answer
from adalang.runtime.models.keys import canonical_json, message_json
from adalang.runtime.models.litellm_errors import missing_key, refused, unanswered, unreadable_parts
from adalang.runtime.models.litellm_lane import (
    LiteLLMLane,
    answer_of,
    arguments,
    completion_of,
    estimated,
    load_litellm,
)
from adalang.runtime.models.openai_routes import Route, has_file, route
from adalang.runtime.models.openai_stream import assembled
from adalang.runtime.models.schemas import Schemas
from adalang.runtime.models.streams import Say, Streams
from adalang.runtime.models.types import Request, ToolCall

if TYPE_CHECKING:
    from aiohttp import ClientSession

_MOST_ROUTES = 512
_FINISHED = ("stop", "length", "tool_calls", "content_filter")
# Fields of a message in which some servers put what belongs to the text, or pay for more than tokens.
_UNUSUAL = ("function_call", "reasoning_content", "reasoning", "annotations", "audio", "images")
_UNPAID_DETAILS = ("cached_tokens", "reasoning_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens")


class OpenAILane:
    """One attempt at a time over one set of connections; models without a route go through litellm."""

    free = False

    def __init__(self) -> None:
        self._litellm: ModuleType | None = None
        self._others = LiteLLMLane()
        self._schemas, self._streams = Schemas(), Streams()
        self._routes: dict[str, Route | None] = {}
        self._session: ClientSession | None = None
        self._unpriced: set[tuple[str, str]] = set()

    async def ready(self) -> None:
        if self._litellm is None:
            self._litellm = await asyncio.to_thread(load_litellm)

    async def call(self, request: Request, say: Say | None = None) -> Answer:
        impossible = missing_key(request.model) or unreadable_parts(request)
        if impossible is not None:
            raise impossible
        await self.ready()
        return await self._streams.ask(
            request, say, lambda say: self._schemas.ask(request, partial(self._complete, say=say))
        )

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await self._others.aclose()

    async def _complete(self, request: Request, form: Mapping[str, Any] | None, say: Say | None = None) -> Answer:
        way = self._route(request, form)
        if way is None:
            return await self._others.complete(request, form, say)
        model = request.model
        deadline = asyncio.timeout(model.timeout)
        told: bytes | dict[str, Any]
        began = time.monotonic()
        try:
            async with deadline:
                sent = way.body([message_json(message) for message in request.messages], stream=say is not None)
                status, headers, told = await self._said(way, sent, say) if say else await self.post(way, way.url, sent)
            seconds = time.monotonic() - began
            body = json.loads(told) if status < 400 and isinstance(told, bytes) else told
        except Exception as error:
            if deadline.expired():
                raise TransportFailure(
                    f"{model.id} did not answer within {model.timeout:g} seconds", maybe_paid=True
                ) from None
            raise unanswered(error, model) from error
        error_told = body.get("error") if isinstance(body, dict) else None
        if status >= 400 or error_told is not None:
            status = _status_of(error_told) if status < 400 else status
            assert self._litellm is not None
            said = told.decode("utf-8", "replace") if isinstance(told, bytes) else json.dumps(told)
            raise refused(self._litellm, model, way.provider, status, headers, said)
        try:
            return self._answer(body, way, request, seconds)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise TransportFailure(
                f"{model.id} gave no answer: what it sent is malformed ({error})", maybe_paid=True
            ) from error

    def _route(self, request: Request, form: Mapping[str, Any] | None) -> Route | None:
        """Found once for all calls that differ in their messages alone."""
        model = request.model
        in_parts = any(not isinstance(message.content, str) for message in request.messages)
        with_tools = any(message.tool_call_id for message in request.messages)
        files = in_parts and has_file([message_json(message) for message in request.messages])
        forms = in_parts, files, with_tools
        same = canonical_json([model.id, model.options, model.secrets, form, request.tools, forms])
        if same not in self._routes:
            assert self._litellm is not None
            if len(self._routes) >= _MOST_ROUTES:
                self._routes.clear()
            self._routes[same] = route(self._litellm, arguments(request, form))
        return self._routes[same]

    async def post(self, way: Route, url: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Send a body over the connections that are open; gives the answer's status, headers and body."""
        session = self._session or self._open()
        async with session.post(url, data=body, headers=way.headers, proxy=way.proxy or None) as response:
            return response.status, response.headers, await response.read()

    async def _said(self, way: Route, body: bytes, say: Say) -> tuple[int, Mapping[str, str], bytes | dict[str, Any]]:
        """The same, heard while it comes; the body of a stream is put together as if it had come whole."""
        session = self._session or self._open()
        async with session.post(way.url, data=body, headers=way.headers, proxy=way.proxy or None) as response:
            if response.content_type == "text/event-stream" and response.status < 400:
                return response.status, response.headers, await assembled(response.content.iter_any(), say)
            return response.status, response.headers, await response.read()

    def _open(self) -> ClientSession:
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
        from litellm.llms.custom_httpx.http_handler import get_ssl_configuration

        # The gateway says how many calls run at once and how long each may take.
        connector = TCPConnector(limit=0, ttl_dns_cache=60, ssl=get_ssl_configuration())
        self._session = ClientSession(
            connector=connector, timeout=ClientTimeout(total=None), cookie_jar=DummyCookieJar()
        )
        return self._session

    def _answer(self, body: Any, way: Route, request: Request, seconds: float) -> Answer:
        choice = body["choices"][0]
        message = choice["message"]
        said, calls = message.get("content"), message.get("tool_calls") or ()
        if not _is_plain(choice, message, said, calls):
            return self._by_litellm(body, request, seconds)
        usage = body.get("usage") or {}
        tokens = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
        if not any(tokens):
            tokens, usd = estimated(request, said or "")
        else:
            usd = self._price(body, usage, way, request, seconds)
        return Answer(
            text=said,
            tool_calls=tuple(
                ToolCall(call.get("id") or "", call["function"]["name"] or "", call["function"]["arguments"] or "")
                for call in calls
            ),
            finish_reason=choice["finish_reason"],
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            usd=usd,
            seconds=seconds,
            refusal=_refusal(choice, message),
        )

    def _price(
        self, body: Mapping[str, Any], usage: Mapping[str, Any], way: Route, request: Request, seconds: float
    ) -> float | None:
        """USD by the table where that is all there is to it, else as litellm computes it."""
        sent, received = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
        details = {**(usage.get("prompt_tokens_details") or {}), **(usage.get("completion_tokens_details") or {})}
        plain = not any(value and name not in _UNPAID_DETAILS for name, value in details.items())
        if way.prices is not None and plain and body.get("service_tier") in (None, "default", "auto", "standard"):
            cached = min(details.get("cached_tokens") or 0, sent)
            prices = way.prices
            return float((sent - cached) * prices.sent + cached * prices.cached + received * prices.received)
        answered_by = request.model.id, str(body.get("model"))
        if answered_by in self._unpriced:
            return None
        usd = self._by_litellm(body, request, seconds).usd
        if usd is None:
            self._unpriced.add(answered_by)
        return usd

    def _by_litellm(self, body: Any, request: Request, seconds: float) -> Answer:
        assert self._litellm is not None
        return answer_of(completion_of(body, self._litellm), request, self._litellm, seconds)


def _is_plain(choice: Mapping[str, Any], message: Mapping[str, Any], said: Any, calls: Any) -> bool:
    """Whether the protocol's own fields say it all. A text may begin with its reasoning in a tag."""
    return (
        choice.get("finish_reason") in _FINISHED
        and (said is None or (isinstance(said, str) and not said.startswith(("<think", "<budget:think"))))
        and not any(message.get(name) for name in _UNUSUAL)
        and all(isinstance(call.get("function"), dict) for call in calls)
    )


def _status_of(error: Any) -> int:
    """The status that an error told in an answer with status 200 should have had."""
    try:
        return int(error["code"])
    except (KeyError, TypeError, ValueError):
        return 422


def _refusal(choice: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    """Why there is no answer, or none that is whole: the model's own words, or that the provider stopped it; else empty."""
    if message.get("refusal"):
        return str(message["refusal"])
    stopped = choice["finish_reason"] == "content_filter"
    return "the provider's content filter stopped the answer" if stopped else ""
