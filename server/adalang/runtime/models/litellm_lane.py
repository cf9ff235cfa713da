"""Every provider that litellm knows, called through litellm.

litellm is imported at the first call (seconds of work, so in a thread), told to stay off the network, the
`.env` file and stdout, and to leave retries, caching and fallbacks to the gateway.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any
from weakref import WeakSet

from adalang.language.models import estimate_tokens, key_variables, price
from adalang.runtime.failures import TransportFailure
from adalang.runtime.models.answers import Answer
from adalang.runtime.models.keys import input_tokens, message_json
from adalang.runtime.models.litellm_errors import broken_off, classify, missing_key, unanswered, unreadable_parts
from adalang.runtime.models.openai_stream import Assembly
from adalang.runtime.models.schemas import Schemas
from adalang.runtime.models.stream_ends import StreamEnd
from adalang.runtime.models.streams import Say, StreamCutOff, Streams
from adalang.runtime.models.types import ModelSpec, Request, ToolCall

_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_MODE": "PRODUCTION",
    "HF_HUB_OFFLINE": "1",
}
# Providers with a login of their own kind, and what they call our options.
_OWN_NAMES: Mapping[str, Mapping[str, str]] = {
    "bedrock": {"region": "aws_region_name"},
    "sagemaker": {"region": "aws_region_name"},
    "vertex_ai": {"region": "vertex_location"},
}
# Where litellm has two ways to a provider, the one that has roles, tools and schemas.
_SPOKEN_AS = {"ollama": "ollama_chat"}
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
        self._schemas, self._streams = Schemas(), Streams()

    async def ready(self) -> None:
        if self._litellm is None:
            self._litellm = await asyncio.to_thread(load_litellm)

    async def call(self, request: Request, say: Say | None = None) -> Answer:
        impossible = missing_key(request.model) or unreadable_parts(request)
        if impossible is not None:
            raise impossible
        return await self._streams.ask(
            request, say, lambda say: self._schemas.ask(request, partial(self.complete, say=say))
        )

    async def aclose(self) -> None:
        if self._litellm is None:
            return
        _lanes_in_use.discard(self)
        if not _lanes_in_use:
            await self._litellm.close_litellm_async_clients()
            # It would hand out the closed clients again.
            self._litellm.in_memory_llm_clients_cache.flush_cache()
            # One of them is kept here too; it is made anew when it is asked for.
            vars(self._litellm).pop("module_level_aclient", None)

    async def complete(self, request: Request, form: Mapping[str, Any] | None, say: Say | None = None) -> Answer:
        """One call with this `response_format` or none, streamed where `say` is told the text; raises as `call` does."""
        await self.ready()
        assert self._litellm is not None
        _lanes_in_use.add(self)
        model = request.model
        deadline = asyncio.timeout(model.timeout)
        began = time.monotonic()
        try:
            async with deadline:
                with unlogged():
                    completion = await self._asked(arguments(request, form), say)
        except Exception as told:
            error = told.error if isinstance(told, _MidStream) else told
            error = getattr(error, "original_exception", None) or error  # what litellm wraps for its own fallbacks
            if deadline.expired():
                raise TransportFailure(
                    f"{model.id} did not answer within {model.timeout:g} seconds", maybe_paid=True
                ) from None
            if isinstance(error, StreamCutOff):
                raise unanswered(error, model) from error
            failure = classify(error, model)
            raise (broken_off(failure, model) if isinstance(told, _MidStream) else failure) from error
        seconds = time.monotonic() - began
        try:
            return answer_of(completion, request, self._litellm, seconds)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # litellm lets some bodies through that are no answers, such as one without choices.
            raise TransportFailure(
                f"{model.id} gave no answer: what it sent is malformed ({error})", maybe_paid=True
            ) from error

    async def _asked(self, given: Mapping[str, Any], say: Say | None) -> Any:
        assert self._litellm is not None
        if given["model"].partition("/")[0] in _SPOKEN_AS.values():
            _known_ollama(self._litellm, given["model"])
        return await (self._litellm.acompletion(**given) if say is None else self._streamed(given, say))

    async def _streamed(self, given: Mapping[str, Any], say: Say) -> Any:
        """The completion that a stream's chunks make. Whatever ends it early ends the HTTP call."""
        assert self._litellm is not None
        stream = await self._litellm.acompletion(**given, stream=True, stream_options={"include_usage": True})
        assembly, end = Assembly(say), StreamEnd(stream)
        try:
            async for chunk in stream:
                assembly.add(chunk.model_dump(warnings=False))
        except Exception as error:
            if assembly.begun:
                raise _MidStream(error) from error
            raise
        finally:
            await stream.aclose()
        # litellm makes up an end, and counts tokens itself, where the server told neither.
        if not end.told:
            raise StreamCutOff
        told_usage = any(getattr(chunk, "usage", None) for chunk in stream.chunks)
        return completion_of(assembly.body(told_usage=told_usage), self._litellm)


def _known_ollama(litellm: ModuleType, model: str) -> None:
    """Tell litellm of a model what it would else ask the server for, at each call and with the event loop blocked."""
    free = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "supports_function_calling": True}
    litellm.model_cost.setdefault(model, {"litellm_provider": "ollama", "mode": "chat", **free})


def completion_of(body: Mapping[str, Any], litellm: ModuleType) -> Any:
    """A body of the OpenAI protocol in litellm's form. Raises ValueError where it has none."""
    from litellm.litellm_core_utils.llm_response_utils.convert_dict_to_response import (
        convert_to_model_response_object,
    )

    try:
        return convert_to_model_response_object(
            response_object=dict(body), model_response_object=litellm.ModelResponse(), _response_headers={}
        )
    except Exception as error:
        raise ValueError(str(error)) from error


class _MidStream(Exception):
    """An error after the answer had begun."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


@contextmanager
def unlogged() -> Iterator[None]:
    """Calls of litellm inside leave nothing running: what it does for callbacks after a call, one worker does for the whole
    process, which outlives the event loop that it began on. We have no callbacks; those of the user's own calls stay."""
    from litellm._internal_context import is_internal_call

    token = is_internal_call.set(True)
    try:
        yield
    finally:
        is_internal_call.reset(token)


def load_litellm() -> ModuleType:
    """Import litellm with its manners on. Takes seconds the first time."""
    with _import_lock:
        known = "litellm" in sys.modules
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        # Of the clients that it makes itself for some providers' embeddings: they would try again behind the budget's back.
        os.environ["DEFAULT_MAX_RETRIES"] = "0"
        # What pydantic finds odd in litellm's types is nothing that a user could mend.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"pydantic\.")
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
        if not known:
            # Its modules are hundreds of thousands of objects that stay: the collector need not look through them
            # again and again, which is most of the time that a full collection takes.
            gc.freeze()
        module: ModuleType = litellm
        return module


def arguments(request: Request, form: Mapping[str, Any] | None) -> dict[str, Any]:
    """What litellm is called with; `form` is the `response_format`."""
    given = place_of(request.model) | {
        "messages": [_whole_characters(message_json(message)) for message in request.messages]
    }
    if request.tools:
        given["tools"] = [dict(tool) for tool in request.tools]
    if form is not None:
        given["response_format"] = dict(form)
    return given


def _whole_characters(value: Any) -> Any:
    """JSON without halves of surrogate pairs, which UTF-8 cannot write: libraries would fail on them."""
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return value
        case list():
            return [_whole_characters(one) for one in value]
        case dict():
            return {name: _whole_characters(one) for name, one in value.items()}
        case _:
            return value


def place_of(model: ModelSpec) -> dict[str, Any]:
    """What every call of a model has: its name, options, secrets and times."""
    names = _OWN_NAMES.get(model.provider, {})
    given: dict[str, Any] = {
        **{names.get(name, name): value for name, value in model.options.items() if value is not None},
        **model.secrets,
        "model": _SPOKEN_AS.get(model.provider, model.provider) + model.id[len(model.provider) :],
        "timeout": model.timeout + _SPARE_SECONDS,
        "num_retries": 0,
        "max_retries": 0,
    }
    if model.api_base and "api_key" not in given and not _has_key(model) and model.provider not in _OWN_NAMES:
        # A server of one's own seldom wants a key, but the client will not start without one.
        given["api_key"] = "none"
    return given


def _has_key(model: ModelSpec) -> bool:
    return any(os.environ.get(name) for name in key_variables(model.provider))


def answer_of(completion: Any, request: Request, litellm: ModuleType, seconds: float) -> Answer:
    """The answer in litellm's form of a response. Raises what a malformed one makes Python raise."""
    choice = completion.choices[0]
    message = choice.message
    tokens = int(completion.usage.prompt_tokens or 0), int(completion.usage.completion_tokens or 0)
    usd = _price(completion, request.model, litellm)
    if not any(tokens):  # the server does not say; that does not make it free
        tokens, usd = estimated(request, message.content or "")
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
    """Why there is no answer, or none that is whole: the model's own words, or that the provider stopped it; else empty."""
    said = (getattr(choice.message, "provider_specific_fields", None) or {}).get("refusal")
    if said:
        return str(said)
    stopped = choice.finish_reason == "content_filter"
    return "the provider's content filter stopped the answer" if stopped else ""


def estimated(request: Request, text: str) -> tuple[tuple[int, int], float | None]:
    """Tokens (sent, received) and USD of an answer whose server does not tell them."""
    tokens = input_tokens(request), estimate_tokens(text)
    prices = price(request.model.id)
    return tokens, tokens[0] * prices[0] + tokens[1] * prices[1] if prices is not None else None


def _price(completion: Any, model: ModelSpec, litellm: ModuleType) -> float | None:
    try:
        return float(litellm.completion_cost(completion_response=completion, model=model.id))
    except Exception:
        # It raises, in several ways, for every model that its table does not know.
        return None
