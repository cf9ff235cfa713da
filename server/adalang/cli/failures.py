"""Which failures a person can act on, and what they are told."""

from __future__ import annotations


def explain(error: BaseException) -> str | None:
    """One clear line for an expected failure; ``None`` for a bug of ours, which deserves its traceback."""
    from adalang.engine.checked import CheckFailed
    from adalang.engine.proposals import EditRefused
    from adalang.runtime.failures import BudgetExceeded, Failure, TransportFailure
    from adalang.runtime.interpreter import RunFailed
    from adalang.store import StoreError

    match error:
        case RunFailed(failure=failure):
            return explain(failure)
        case CheckFailed():
            return f"{error}\n       See all with: adalang check {error.found[0][0].path.name}"
        case TransportFailure():
            return f"no answer from the model: {error}"
        case Failure() | BudgetExceeded() | StoreError() | EditRefused():
            return str(error)
        case OSError():
            return f"{error.filename or 'reading or writing failed'}: {(error.strerror or str(error)).lower()}"
        case _:
            return None
