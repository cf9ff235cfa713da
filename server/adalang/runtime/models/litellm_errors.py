"""litellm's exceptions by what must be done about them, with the mend where it is the user's to make."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import ModuleType

from adalang.language.models import key_variables
from adalang.runtime.failures import BugFailure, Failure, RefusedFailure, TransportFailure
from adalang.runtime.models.keys import without_login
from adalang.runtime.models.types import ModelSpec

# litellm's classes are known by name, so that this module needs no import that takes seconds.
_UNREACHED = ("ClientConnectorError", "ClientConnectorDNSError", "ConnectionTimeoutError", "ConnectTimeout")
_ERROR_STATUS = ("HTTPStatusError", "MaskedHTTPStatusError")
_GATEWAY_STATUSES = (408, 502, 504)
_TOO_LONG = re.compile(r"context[_ ](length|window)|prompt is too long|too many (input )?tokens", re.IGNORECASE)
_PREFIXES = re.compile(r"^(?:(?:litellm\.)?\w*(?:Error|Exception|Timeout)\b\s*[:-]\s*)+")
_SUFFIX = re.compile(r"\s*Handle with `litellm\.\w+`\.?$")
_NO_KEY = re.compile(r"missing\b.{0,40}\b(credentials|api.?key)|api.?key\b.{0,40}must be set", re.IGNORECASE)
# A 429 that no waiting mends; other providers say the same of a limit per minute.
_OUT_OF_CREDIT = re.compile(r"insufficient_quota|exceeded your current quota")
_LONGEST_MESSAGE = 400


def classify(error: Exception, model: ModelSpec) -> Failure:
    """The failure that an exception of litellm stands for. Secrets in its message are blotted out."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(error, "status_code", None)
    said = _said(error, model)
    missing = next((cause for cause in _causes(error) if isinstance(cause, ImportError)), None)
    if missing is not None:
        return BugFailure(f"{model.id} needs a package that is not installed: {missing}")
    if "AuthenticationError" in kinds or status in (401, 403) or _NO_KEY.search(said):
        return BugFailure(f"{model.id} was refused for its key: {said}; {_key_mend(model)}")
    if "ContentPolicyViolationError" in kinds:
        return RefusedFailure(f"{model.id} refused by its content policy: {said}")
    if "ContextWindowExceededError" in kinds or (status in (400, 413) and _TOO_LONG.search(said)):
        return RefusedFailure(f"the prompt is too long for {model.id}: {said}")
    if "UnsupportedParamsError" in kinds:
        return BugFailure(f"{model.id} does not take an option that is set for it: {said}")
    if "LiteLLMUnknownProvider" in kinds or "LLM Provider NOT provided" in said:
        return BugFailure(f'no provider is known for "{model.id}"; write provider/name, as in "openai/gpt-4o-mini"')
    if "NotFoundError" in kinds or status == 404:
        place = without_login(model.api_base) or "its provider"
        return BugFailure(f"{model.id} was not found at {place}: {said}; check the name and api_base")
    if "BadRequestError" in kinds or status in (400, 413, 422):
        return BugFailure(f"{model.id} refused the request: {said}")
    if _OUT_OF_CREDIT.search(said) and model.provider in ("openai", ""):
        return BugFailure(f"the account of {model.id} has no credit left: {said}")
    if not isinstance(status, int):
        return BugFailure(f"{model.id} could not be called: {said}")
    return TransportFailure(
        f"{model.id} gave no answer: {_what_happened(error, model) or said}",
        status=status,
        retry_after=_retry_after(error),
        maybe_paid=_maybe_paid(error, status),
    )


def refused(
    litellm: ModuleType, model: ModelSpec, provider: str, status: int, headers: Mapping[str, str], body: str
) -> Failure:
    """The failure that an HTTP answer of 400 or above stands for, as litellm reads the provider's words."""
    from litellm.llms.openai.common_utils import OpenAIError

    said = OpenAIError(status_code=status, message=body, headers=dict(headers))
    try:
        meant = litellm.exception_type(model=model.name, original_exception=said, custom_llm_provider=provider)
    except Exception as error:
        meant = error
    failure = classify(meant, model)
    if isinstance(failure, TransportFailure):
        # What litellm makes of a status may be another one, and it drops headers on some of its ways.
        return TransportFailure(
            str(failure),
            status=status,
            retry_after=_seconds_to_wait(headers),
            maybe_paid=status in _GATEWAY_STATUSES,
        )
    return failure


def unanswered(error: Exception, model: ModelSpec) -> TransportFailure:
    """The failure of a call that ended without a whole answer, though there may have been the beginning of one."""
    happened = _what_happened(error, model) or _said(error, model)
    kinds = {type(cause).__name__ for cause in _causes(error)}
    return TransportFailure(f"{model.id} gave no answer: {happened}", maybe_paid=not kinds.intersection(_UNREACHED))


def missing_key(model: ModelSpec) -> BugFailure | None:
    """The failure of a call that has no key for a provider that wants one; None if it may be made."""
    variables = key_variables(model.provider)
    if not variables or model.api_base or "api_key" in {*model.options, *model.secrets}:
        return None
    if any(os.environ.get(name) for name in variables):
        return None
    return BugFailure(f"there is no key for {model.id}; {_key_mend(model)}")


def _key_mend(model: ModelSpec) -> str:
    variables = key_variables(model.provider)
    in_file = 'api_key = env("...") in the model\'s declaration'
    return f"set {variables[0]}, or {in_file}" if variables else f"give it one: {in_file}"


def _said(error: Exception, model: ModelSpec) -> str:
    """What the provider said, on one line, without litellm's wrapping and without secrets."""
    text = str(getattr(error, "message", "") or error or type(error).__name__)
    text = text.split("Traceback (most recent call last)")[0]
    text = _SUFFIX.sub("", _PREFIXES.sub("", text.strip()))
    text = " ".join((_message_in(text) or text).split())
    from_environment = (os.environ.get(name, "") for name in key_variables(model.provider))
    # The longest first, for one may stand in another; and before a cut could leave half of one.
    for secret in sorted((*model.secret_values(), *from_environment), key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return without_login(text)[:_LONGEST_MESSAGE] or type(error).__name__


def _message_in(text: str) -> str | None:
    """The message of an error body: `{"error": {"message": ...}}` in both protocols."""
    start = text.find("{")
    try:
        body, _ = json.JSONDecoder().raw_decode(text, max(start, 0))
        return str(body["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return None


def _what_happened(error: Exception, model: ModelSpec) -> str:
    """Plain words for what litellm calls a connection error; empty where the server has said it itself."""
    for cause in _causes(error):
        kind = type(cause).__name__
        if kind in _UNREACHED:
            return f"{without_login(model.api_base) or 'its provider'} cannot be reached"
        if kind == "ServerDisconnectedError":
            return "the server closed the connection"
        if kind in ("ClientPayloadError", "StreamCutOff"):
            return "the answer was cut off"
        if isinstance(cause, json.JSONDecodeError):
            return "the answer was not JSON"
    return ""


def _retry_after(error: Exception) -> float | None:
    """Seconds that the server asks to wait, from a number or a date."""
    return next((found for headers in _headers(error) if (found := _seconds_to_wait(headers)) is not None), None)


def _seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _headers(error: Exception) -> Iterator[Mapping[str, str]]:
    for cause in _causes(error):
        yield getattr(cause, "litellm_response_headers", None) or {}
        yield getattr(getattr(cause, "response", None), "headers", None) or {}


def _maybe_paid(error: Exception, status: int) -> bool:
    """Whether the provider may have done the work: not if it was never reached or said that it failed.

    An error of a gateway in between says nothing about what the provider behind it has done.
    """
    kinds = {type(cause).__name__ for cause in _causes(error)}
    if kinds.intersection(_UNREACHED):
        return False
    said_no = bool(kinds.intersection(_ERROR_STATUS)) or status == 429
    return not said_no or status in _GATEWAY_STATUSES


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
