"""How a call of a model or a tool can go wrong, by what must be done about it.

`transport` is retried and never scored; `refused`, `unreadable` and `tool` are answers, and score 0;
`bug` stops the run, for no retry and no other prompt would mend it; `kept` was not called at all, and is never scored.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from adalang.runtime.models.types import Usage

FailureKind = Literal["transport", "refused", "unreadable", "tool", "kept", "bug"]


class Failure(Exception):
    """A call that gave no usable answer; `usage` is what it cost all the same, `attempts` the requests that were made."""

    kind: ClassVar[FailureKind]

    def __init__(self, message: str, *, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage = usage if usage is not None else Usage()
        self.attempts = 0


class TransportFailure(Failure):
    """The answer did not arrive: network, rate limit, server error, timeout, damaged body.

    `retry_after` is the provider's own wish in seconds; `status` is the HTTP status, if there was one;
    `maybe_paid` says that the provider may have done (and billed) the work.
    """

    kind: ClassVar[FailureKind] = "transport"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        maybe_paid: bool = False,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(message, usage=usage)
        self.status = status
        self.retry_after = retry_after
        self.maybe_paid = maybe_paid


class RefusedFailure(Failure):
    """The model (or its provider) would not answer this input: a policy, or an input that is too long."""

    kind: ClassVar[FailureKind] = "refused"

    def __init__(self, message: str, *, raw: str = "", usage: Usage | None = None) -> None:
        super().__init__(message, usage=usage)
        self.raw = raw


class UnreadableFailure(Failure):
    """An answer arrived that cannot be read as the type asked for; `raw` is its text."""

    kind: ClassVar[FailureKind] = "unreadable"

    def __init__(self, message: str, *, raw: str = "", usage: Usage | None = None) -> None:
        super().__init__(message, usage=usage)
        self.raw = raw


class BugFailure(Failure):
    """Only the user can mend it: a wrong key, an unknown model, a request that is refused as malformed."""

    kind: ClassVar[FailureKind] = "bug"


class CannotGoOn(BugFailure):
    """A run that was stopped cannot be gone on with: a tool that is not called twice may have taken effect."""


class ToolFailure(Failure):
    """A tool was called and gave nothing usable: it raised, ended its process, or gave what its declaration does not say."""

    kind: ClassVar[FailureKind] = "tool"


class ToolSaysNo(ToolFailure):
    """The tool itself said that it failed: it raised, or its server answered with an error. What it was to do was not done."""


class ToolUnavailable(ToolFailure):
    """A tool's answer did not arrive: it hung, or its server cannot be reached or says that it is not able to answer now."""

    kind: ClassVar[FailureKind] = "transport"


class NotApproved(ToolFailure):
    """A call that needs a person's word, which was not given: nothing was called."""

    kind: ClassVar[FailureKind] = "kept"


class NotRecorded(ToolFailure):
    """Where tools with effects are only replayed, there is no record of this call: nothing was called.

    It is about the search that asks, not about the tool: no agent should see it as an answer.
    """

    kind: ClassVar[FailureKind] = "kept"


BudgetLimit = Literal["calls", "tokens", "usd", "seconds"]


class BudgetExceeded(Exception):
    """The next call does not fit the budget; nothing was sent.

    `limit` names the bound that was met, `spent` what the budget has paid for so far.
    """

    def __init__(self, limit: BudgetLimit, spent: Usage, allowed: float) -> None:
        amount = f"{allowed:g} {limit}" if limit != "usd" else f"{allowed:.4g} USD"
        super().__init__(
            f"the budget of {amount} is used up ({spent.calls} calls, "
            f"{spent.tokens} tokens, {spent.usd:.4f} USD spent); raise it to go on"
        )
        self.limit: BudgetLimit = limit
        self.spent = spent
        self.allowed = allowed

    def __reduce__(self) -> tuple[type[BudgetExceeded], tuple[BudgetLimit, Usage, float]]:
        return BudgetExceeded, (self.limit, self.spent, self.allowed)


def most_telling(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """One exception of a group of tasks: what the program or its user can act on comes first."""
    flat: list[BaseException] = []
    waiting: list[BaseException] = [errors]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseExceptionGroup):
            waiting = [*one.exceptions, *waiting]
        else:
            flat.append(one)
    order = (BugFailure, BudgetExceeded, Failure)
    return min(flat, key=lambda one: next((rank for rank, kind in enumerate(order) if isinstance(one, kind)), 9))
