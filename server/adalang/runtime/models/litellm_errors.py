"""litellm's exceptions by what must be done about them, with the mend where it is the user's to make."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from adalang.runtime.failures import BugFailure, Failure, RefusedFailure, TransportFailure
from adalang.runtime.models.types import ModelSpec

UNSUPPORTED = "UnsupportedParamsError"


def classify(error: Exception, model: ModelSpec) -> Failure:
    """The failure that an exception of litellm stands for; secrets in its message are blotted out."""
    names = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(error, "status_code", None)
    said = _said(error, model)
    if "AuthenticationError" in names or status in (401, 403):
        return BugFailure(f"{model.id} refused the key: {said}; {_key_mend(model)}")
    if "ContentPolicyViolationError" in names:
        return RefusedFailure(f"{model.id} refused by its content policy: {said}")
    if "ContextWindowExceededError" in names:
        return RefusedFailure(f"the prompt is longer than the window of {model.id}: {said}")
    if UNSUPPORTED in names:
        return BugFailure(f"{model.id} does not take an option that is set for it: {said}")
    if "NotFoundError" in names or status == 404:
        return BugFailure(f'there is no model "{model.id}" at {model.api_base or "its provider"}: {said}')
    if "BadRequestError" in names or "UnprocessableEntityError" in names or status in (400, 422):
        return BugFailure(f"{model.id} refused the request: {said}")
    return TransportFailure(
        f"{model.id} gave no answer: {said}",
        status=status if isinstance(status, int) else None,
        retry_after=_retry_after(error),
        maybe_paid=_maybe_paid(error, status),
    )


def _said(error: Exception, model: ModelSpec) -> str:
    """The first line of litellm's message, without the secrets that some servers repeat."""
    text = str(getattr(error, "message", "") or error).strip()
    line = text.splitlines()[0][:500] if text else type(error).__name__
    for secret in [*model.secrets.values(), os.environ.get(_key_name(model), "")]:
        if len(secret) >= 4:
            line = line.replace(secret, "***")
    return line.removeprefix("litellm.")


def _key_name(model: ModelSpec) -> str:
    return f"{model.provider.upper()}_API_KEY"


def _key_mend(model: ModelSpec) -> str:
    return f'set {_key_name(model)}, or api_key = env("…") in the model\'s declaration'


def _retry_after(error: Exception) -> float | None:
    headers: Any = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after")))
    except (TypeError, ValueError):
        return None


def _maybe_paid(error: Exception, status: object) -> bool:
    """Whether the provider may have done the work: not if it said no, nor if it was never reached."""
    if isinstance(status, int) and 400 <= status < 500 and status != 408:
        return False
    return not any(type(cause).__name__.startswith("ClientConnector") for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
