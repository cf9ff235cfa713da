"""Every provider that litellm knows, and the only place that knows litellm.

litellm is imported at the first call (seconds of work, so in a thread), told to stay off the network, the
`.env` file and stdout, and to leave retries, caching and fallbacks to the gateway.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from weakref import WeakSet

from adalang.language.models import estimate_tokens, key_variables, price
from adalang.runtime.failures import BugFailure, TransportFailure
from adalang.runtime.models.answers import Answer
from adalang.runtime.models.keys import input_tokens, message_json
from adalang.runtime.models.litellm_errors import classify, missing_key, refuses_schema
from adalang.runtime.models.schemas import response_format
from adalang.runtime.models.types import ModelSpec, Request, ToolCall

_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_MODE": "PRODUCTION",
    "HF_HUB_OFFLINE": "1",
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
# Ours is the timeout that counts; litellm's is there in case that ours cannot stop it.
_SPARE_SECONDS = 5.0
_import_lock = threading.Lock()
# litellm keeps one set of connections for the process: the last lane to close closes them.
_lanes_in_use: WeakSet[LiteLLMLane] = WeakSet()


class LiteLLMLane:
    """One attempt at a time over litellm; remembers which models take no `response_format`."""

    free = False

    def __init__(self) -> None:
        self._litellm: ModuleType | None = None
        self._schemaless: set[tuple[str, str]] = set()

    async def call(self, request: Request) -> Answer:
        keyless = missing_key(request.model)
        if keyless is not None:
            raise keyless
        if self._litellm is None:
            self._litellm = await asyncio.to_thread(load_litellm)
        _lanes_in_use.add(self)
        arguments = _arguments(request)
        target = request.model.id, request.model.api_base
        form = response_format(request.schema, request.schema_name) if request.schema is not None else None
        if form is not None and target not in self._schemaless:
            try:
                return await self._complete(request, arguments | {"response_format": form})
            except BugFailure as failure:
                # The prompt says the shape in words too, so a model that takes no schema can do without.
                if not refuses_schema(failure):
                    raise
                self._schemaless.add(target)
        return await self._complete(request, arguments)

    async def aclose(self) -> None:
        if self._litellm is None:
            return
        _lanes_in_use.discard(self)
        if not _lanes_in_use:
            await self._litellm.close_litellm_async_clients()
            # It would hand out the closed clients again.
            self._litellm.in_memory_llm_clients_cache.flush_cache()

    async def _complete(self, request: Request, arguments: Mapping[str, Any]) -> Answer:
        assert self._litellm is not None
        model = request.model
        deadline = asyncio.timeout(model.timeout)
        began = time.monotonic()
        try:
            async with deadline:
                completion = await self._litellm.acompletion(**arguments)
        except Exception as error:
            if deadline.expired():
                raise TransportFailure(
                    f"{model.id} did not answer within {model.timeout:g} seconds", maybe_paid=True
                ) from None
            raise classify(error, model) from error
        seconds = time.monotonic() - began
        try:
            return _answer(completion, request, self._litellm, seconds)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # litellm lets some bodies through that are no answers, such as one without choices.
            raise TransportFailure(
                f"{model.id} gave no answer: what it sent is malformed ({error})", maybe_paid=True
            ) from error


def load_litellm() -> ModuleType:
    """Import litellm with its manners on. Takes seconds the first time."""
    with _import_lock:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        import litellm

        litellm.suppress_debug_info = True
        litellm.telemetry = False
        litellm.drop_params = False
        litellm.disable_hf_tokenizer_download = True
        # Its own handlers write to stdout, which belongs to a protocol or to the user.
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            logger.handlers = [logging.NullHandler()]
            logger.propagate = True
        module: ModuleType = litellm
        return module


def _arguments(request: Request) -> dict[str, Any]:
    model = request.model
    arguments: dict[str, Any] = {
        **{name: value for name, value in model.options.items() if value is not None},
        **model.secrets,
        "model": model.id,
        "messages": [message_json(message) for message in request.messages],
        "timeout": model.timeout + _SPARE_SECONDS,
        "num_retries": 0,
        "max_retries": 0,
    }
    if request.tools:
        arguments["tools"] = [dict(tool) for tool in request.tools]
    if model.api_base and "api_key" not in arguments and not _has_key(model):
        # A server of one's own seldom wants a key, but the client will not start without one.
        arguments["api_key"] = "none"
    return arguments


def _has_key(model: ModelSpec) -> bool:
    return any(os.environ.get(name) for name in key_variables(model.provider))


def _answer(completion: Any, request: Request, litellm: ModuleType, seconds: float) -> Answer:
    choice = completion.choices[0]
    message = choice.message
    tokens = int(completion.usage.prompt_tokens or 0), int(completion.usage.completion_tokens or 0)
    usd = _price(completion, request.model, litellm)
    if not any(tokens):  # the server does not say; that does not make it free
        tokens, usd = _estimated(request, message.content or "")
    return Answer(
        text=message.content,
        tool_calls=tuple(
            ToolCall(call.id or "", call.function.name or "", call.function.arguments or "")
            for call in message.tool_calls or ()
        ),
        finish_reason=str(choice.finish_reason or "stop"),
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        usd=usd,
        seconds=seconds,
        refusal=_refusal(choice),
    )


def _refusal(choice: Any) -> str:
    """Why there is no answer: the model's own words, or that the provider stopped it; else empty."""
    said = (getattr(choice.message, "provider_specific_fields", None) or {}).get("refusal")
    if said:
        return str(said)
    stopped = choice.finish_reason == "content_filter" and not choice.message.content
    return "the provider's content filter stopped the answer" if stopped else ""


def _estimated(request: Request, text: str) -> tuple[tuple[int, int], float | None]:
    tokens = input_tokens(request), estimate_tokens(text)
    prices = price(request.model.id)
    return tokens, tokens[0] * prices[0] + tokens[1] * prices[1] if prices is not None else None


def _price(completion: Any, model: ModelSpec, litellm: ModuleType) -> float | None:
    try:
        return float(litellm.completion_cost(completion_response=completion, model=model.id))
    except Exception:
        # It raises, in several ways, for every model that its table does not know.
        return None
