"""Which models can be called directly, and how: what litellm knows of a declaration, asked once.

litellm decides the provider, the name there, the address, the key, the headers, the parameters and the prices. A
model takes the direct lane where litellm would send the OpenAI protocol's request unchanged and read its answer as
it is; for all others there is no route, and litellm makes the calls.
"""

from __future__ import annotations

import inspect
import json
import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

# What is not a parameter of the call but says where it goes.
_PLACE = (
    "model",
    "messages",
    "timeout",
    "num_retries",
    "max_retries",
    "api_key",
    "api_base",
    "headers",
    "organization",
)
_PLACE_TOO = ("base_url", "deployment_id", "default_headers", "request_timeout", "api_version")
_ORGANIZATION = ("OPENAI_ORGANIZATION", "OPENAI_ORG_ID")
# One message of each role and form: where litellm rewrites any of a request's, the request is litellm's.
_TEXTS: tuple[dict[str, Any], ...] = tuple(
    {"role": role, "content": "a"} for role in ("system", "user", "assistant", "user")
)
_TOOL_TURNS: tuple[dict[str, Any], ...] = (
    {
        "role": "assistant",
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "a", "arguments": "{}"}}],
    },
    {"role": "tool", "content": "b", "tool_call_id": "1"},
)
_PARTS: dict[str, Any] = {
    "role": "user",
    "content": [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ],
}
_STREAMED = ', "stream": true, "stream_options": {"include_usage": true}}'
_STANDARD_METHODS = ("transform_response", "transform_parsed_response_dict")
# Prices that depend on how long the prompt is, or on what it holds; litellm computes those.
_UNEVEN_PRICES = ("above_", "tiered", "off_peak", "regional", "reasoning_token", "_per_second")


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per token: sent, sent and found in the provider's own cache, received."""

    sent: float
    cached: float
    received: float


@dataclass(frozen=True, slots=True)
class Route:
    """How one declaration's calls are sent.

    `opening` is the body's JSON up to the value of `messages`, which is all that differs between its calls. `proxy`
    is empty for none. `prices` are None where litellm has to compute the price.
    """

    provider: str
    name: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    opening: str
    proxy: str
    prices: Prices | None

    def body(self, messages: list[dict[str, Any]], *, stream: bool = False) -> bytes:
        """The request's body. ASCII, for texts may hold lone surrogates, which UTF-8 cannot."""
        return (self.opening + json.dumps(messages) + (_STREAMED if stream else "}")).encode()


def route(litellm: ModuleType, arguments: Mapping[str, Any]) -> Route | None:
    """The route of a call with litellm's `arguments`; None where litellm has to make it.

    Never raises: what litellm does not accept, it refuses itself when it makes the call.
    """
    try:
        return _route(litellm, arguments)
    except Exception:
        # litellm raises many things, and a version of it may lack what is asked for here.
        return None


def _route(litellm: ModuleType, arguments: Mapping[str, Any]) -> Route | None:
    from litellm.main import responses_api_bridge_check
    from litellm.types.utils import LlmProviders
    from litellm.utils import ProviderConfigManager, get_optional_params

    name, provider, key, base = litellm.get_llm_provider(
        model=arguments["model"], api_base=arguments.get("api_base"), api_key=arguments.get("api_key")
    )
    if provider not in ("openai", *litellm.openai_compatible_providers):
        return None
    given = {one: value for one, value in arguments.items() if one not in _PLACE}
    if not _only_parameters(litellm, given):
        return None
    info, _ = responses_api_bridge_check(
        model=name,
        custom_llm_provider=provider,
        tools=given.get("tools"),
        reasoning_effort=given.get("reasoning_effort"),
        api_base=base,
    )
    if info.get("mode") not in (None, "chat"):
        return None
    config = ProviderConfigManager.get_provider_chat_config(model=name, provider=LlmProviders(provider))
    config = config if config is not None else litellm.OpenAIConfig()
    if not _reads_answers_as_they_are(config, litellm.OpenAIGPTConfig):
        return None
    base = base or _usual_base(provider, litellm)
    key = arguments.get("api_key") or key or _usual_key(provider, litellm)
    if not base or not key:
        return None

    place = {"custom_llm_provider": provider, "api_base": base}
    probe = _probe(arguments["messages"])
    options = get_optional_params(model=name, custom_llm_provider=provider, **given)
    body = config.transform_request(name, _probe(probe), options, place, {})
    if body.pop("messages") != probe or "json_mode" in body:
        return None
    body.pop("max_retries", None)
    headers = config.validate_environment({}, name, probe, options, place, key, base)
    headers |= body.pop("extra_headers", None) or {}
    body |= body.pop("extra_body", None) or {}
    if body.pop("stream", False) or body.pop("extra_query", None):
        return None
    url = config.get_complete_url(base, key, name, options, place, False)
    return Route(
        provider,
        name,
        url,
        {**headers, **_organization(provider, arguments), **(arguments.get("headers") or litellm.headers or {})},
        json.dumps(body)[:-1] + ', "messages": ',
        _proxy(url),
        _prices(litellm, arguments["model"], given),
    )


def _probe(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages of the forms of `messages`, short ones and new at each call, for litellm changes what it is given."""
    in_parts = any(not isinstance(message.get("content", ""), str) for message in messages)
    with_tools = any("tool_call_id" in message for message in messages)
    found = [*_TEXTS, *([_PARTS] if in_parts else ()), *(_TOOL_TURNS if with_tools else ())]
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def _only_parameters(litellm: ModuleType, given: Mapping[str, Any]) -> bool:
    """Whether the options are parameters of a completion, or unknown to litellm, which passes those on."""
    from litellm.utils import get_non_default_completion_params, get_optional_params

    known = {*inspect.signature(get_optional_params).parameters, *litellm.OPENAI_CHAT_COMPLETION_PARAMS} - {*_PLACE_TOO}
    return all(name in known or name in get_non_default_completion_params(given) for name in given)


def _reads_answers_as_they_are(config: Any, standard: Any) -> bool:
    return isinstance(config, standard) and all(
        getattr(type(config), name, None) is getattr(standard, name, None) for name in _STANDARD_METHODS
    )


def _usual_base(provider: str, litellm: ModuleType) -> str:
    if provider != "openai":
        return ""
    named = litellm.api_base or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    return str(named or "https://api.openai.com/v1")


def _usual_key(provider: str, litellm: ModuleType) -> str:
    if provider != "openai":
        return ""
    return str(litellm.api_key or litellm.openai_key or os.environ.get("OPENAI_API_KEY") or "")


def _organization(provider: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    usual = next((found for name in _ORGANIZATION if (found := os.environ.get(name))), "")
    organization = arguments.get("organization") or (usual if provider == "openai" else "")
    project = os.environ.get("OPENAI_PROJECT_ID", "") if provider == "openai" else ""
    named = {"OpenAI-Organization": str(organization), "OpenAI-Project": project}
    return {name: value for name, value in named.items() if value}


def _proxy(url: str) -> str:
    """The proxy that the environment names for an address; empty for none."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.netloc):
        return ""
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all") or ""


def _prices(litellm: ModuleType, model: str, given: Mapping[str, Any]) -> Prices | None:
    try:
        info = litellm.get_model_info(model)
    except Exception:
        return None
    uneven = any(value and any(part in name for part in _UNEVEN_PRICES) for name, value in _costs(info))
    sent, received = info.get("input_cost_per_token"), info.get("output_cost_per_token")
    if uneven or sent is None or received is None or "service_tier" in given or "web_search_options" in given:
        return None
    cached = info.get("cache_read_input_token_cost")
    return Prices(float(sent), float(cached if cached is not None else sent), float(received))


def _costs(info: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in info.items() if "cost" in name or "pricing" in name or "uplift" in name]
