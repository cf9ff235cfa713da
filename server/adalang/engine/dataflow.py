"""What an eval's metric looks at, and which passages a row needs: read from the metric as it is written."""

from __future__ import annotations

from adalang.evaluation.plan import EvalPlan
from adalang.evaluation.right import right_answer
from adalang.language.data import Row
from adalang.language.declarations import CallExpression, dotted, walk

_RETRIEVAL = ("recall", "mrr", "ndcg")


def judged(plan: EvalPlan) -> tuple[str, ...]:
    """The names bound in the target that the metric is given (`steps.NAME`); "" stands for the target's output.

    A metric that is given nothing by name looks at the output; a Python metric may look at more, which cannot be known.
    """
    found: dict[str, None] = {}
    for argument in plan.metric.arguments if isinstance(plan.metric, CallExpression) else ():
        for part in walk(argument.value):
            path = (dotted(part) or "").split(".")
            if path[0] == "steps" and len(path) > 1:
                found.setdefault(path[1])
            elif path[0] == "output":
                found.setdefault("")
    return tuple(found) or ("",)


def gold(plan: EvalPlan, row: Row) -> object:
    """The passages that a metric of retrieval wants for this row; None with any other metric.

    Raises:
        BugFailure: the row lacks a column.
    """
    metric = plan.metric
    function = metric.function if isinstance(metric, CallExpression) else metric
    if dotted(function) not in _RETRIEVAL:
        return None
    return right_answer(plan, row.values)
