"""Every provider that litellm knows, and the only place that knows litellm.

litellm is imported at the first call (seconds of work, so in a thread), told to stay off the network, the
`.env` file and stdout, and to leave retries, caching and fallbacks to the gateway.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from adalang.runtime.failures import BugFailure, TransportFailure
from adalang.runtime.models.answers import Answer
from adalang.runtime.models.keys import message_json
from adalang.runtime.models.litellm_errors import UNSUPPORTED, classify
from adalang.runtime.models.schemas import response_format
from adalang.runtime.models.types import ModelSpec, Request, ToolCall

_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
_import_lock = threading.Lock()


class LiteLLMLane:
    """One attempt at a time over litellm; remembers which models take no `response_format`."""

    free = False

    def __init__(self) -> None:
        self._litellm: ModuleType | None = None
        self._schemaless: set[str] = set()

    async def call(self, request: Request) -> Answer:
        if self._litellm is None:
            self._litellm = await asyncio.to_thread(load_litellm)
        arguments = _arguments(request)
        if request.schema is not None and request.model.id not in self._schemaless:
            schema = response_format(request.schema, request.schema_name)
            try:
                return await self._complete(request.model, arguments | {"response_format": schema})
            except BugFailure as failure:
                # The prompt says the shape too: a model that takes no schema can do without.
                if not _refuses_schema(failure):
                    raise
                self._schemaless.add(request.model.id)
        return await self._complete(request.model, arguments)

    async def aclose(self) -> None:
        if self._litellm is not None:
            await self._litellm.close_litellm_async_clients()

    async def _complete(self, model: ModelSpec, arguments: Mapping[str, Any]) -> Answer:
        assert self._litellm is not None
        deadline = asyncio.timeout(model.timeout)
        try:
            async with deadline:
                completion = await self._litellm.acompletion(**arguments)
        except Exception as error:
            if deadline.expired():
                raise TransportFailure(
                    f"{model.id} did not answer within {model.timeout:g} seconds", maybe_paid=True
                ) from None
            raise classify(error, model) from error
        return _answer(completion, model, self._litellm)


def load_litellm() -> ModuleType:
    """Import litellm with its manners on. Takes seconds the first time."""
    with _import_lock:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        import litellm

        module: ModuleType = litellm
        litellm.suppress_debug_info = True
        litellm.telemetry = False
        litellm.num_retries = 0
        litellm.drop_params = False
        litellm.disable_hf_tokenizer_download = True
        # Its own handlers write to stdout below WARNING, which belongs to a protocol or to the user.
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.propagate = True
        return module


def _arguments(request: Request) -> dict[str, Any]:
    model = request.model
    arguments: dict[str, Any] = {
        **{name: value for name, value in model.options.items() if value is not None},
        **model.secrets,
        "model": model.id,
        "messages": [message_json(message) for message in request.messages],
        "timeout": model.timeout,
        "num_retries": 0,
        "max_retries": 0,
    }
    if request.tools:
        arguments["tools"] = [dict(tool) for tool in request.tools]
    if model.api_base and "api_key" not in arguments and not _key_in_environment(model):
        # Local servers need no key, but the client will not start without one.
        arguments["api_key"] = "none"
    return arguments


def _key_in_environment(model: ModelSpec) -> bool:
    return bool(os.environ.get(f"{model.provider.upper()}_API_KEY"))


def _refuses_schema(failure: BugFailure) -> bool:
    return str(failure.__cause__.__class__.__name__) == UNSUPPORTED or "response_format" in str(failure)


def _answer(completion: Any, model: ModelSpec, litellm: ModuleType) -> Answer:
    choice = completion.choices[0]
    message = choice.message
    usage = completion.usage
    refusal = getattr(message, "refusal", None) or ""
    if choice.finish_reason == "content_filter" and not message.content:
        refusal = refusal or "the provider's content filter stopped the answer"
    return Answer(
        text=message.content,
        tool_calls=tuple(
            ToolCall(call.id or "", call.function.name or "", call.function.arguments or "")
            for call in message.tool_calls or ()
        ),
        finish_reason=str(choice.finish_reason or "stop"),
        input_tokens=int(usage.prompt_tokens or 0),
        output_tokens=int(usage.completion_tokens or 0),
        usd=_price(completion, model, litellm),
        refusal=refusal,
    )


def _price(completion: Any, model: ModelSpec, litellm: ModuleType) -> float | None:
    try:
        return float(litellm.completion_cost(completion_response=completion, model=model.id))
    except Exception:
        # It raises for every model that its table does not know.
        return None
