"""What is known of a retriever's or a tool's call without asking anybody."""

from __future__ import annotations

from typing import Any

from adalang.evaluation.metrics import MetricError, missing_passages
from adalang.optimizer.backward.loss import shown
from adalang.runtime.trace import Call

_MOST_NAMED = 5


def fact(call: Call, gold: Any = None) -> str:
    """One sentence on what went wrong in a call, or "" where nothing plainly did.

    A tool's error is told as it is; a retriever's passages are compared with those that the row needs (`gold`, as the metrics
    of retrieval take them; None: unknown).
    """
    if call.error:
        return f"`{call.component}` failed on {shown(call.inputs, 300)}: {call.error}"
    missing = _missing(call, gold)
    if not missing:
        return ""
    named = ", ".join(missing[:_MOST_NAMED]) + (" and more" if len(missing) > _MOST_NAMED else "")
    return f"`{call.component}` did not find {named}, which was needed, for {shown(call.inputs, 300)}."


def faultless(call: Call, gold: Any = None) -> bool:
    """Whether a retriever found all that the row needs: whatever failed, it failed after it."""
    return call.kind == "retriever" and not call.error and _missing(call, gold) == []


def _missing(call: Call, gold: Any) -> list[str] | None:
    """The needed passages that a retriever did not find; None where that cannot be said."""
    if call.kind != "retriever" or gold is None:
        return None
    try:
        return missing_passages(call.output, gold)
    except MetricError:
        return None
