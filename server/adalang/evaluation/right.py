"""What is right for a row, as far as its eval says so: what the score compares with, to be shown to people and to teachers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adalang.evaluation.plan import EvalPlan
from adalang.evaluation.values import value_of
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.declarations import Argument, CallExpression, Expression, Reference, dotted, walk


def compared_with(plan: EvalPlan) -> Expression | None:
    """The metric's own ``expected``, by name or as the second input of a built-in one; else what the eval expects."""
    for number, argument in enumerate(_arguments(plan.metric)):
        if argument.name.text == "expected" if argument.name else number == 1 and _is_built_in(plan.metric):
            return argument.value
    return plan.expect


def right_answer(plan: EvalPlan, row: Mapping[str, Any]) -> Any:
    """:func:`compared_with` of a row, by its columns; without one, what else a metric is given of the row besides the target's inputs:
    one value, or several by name.

    Raises:
        BugFailure: the row lacks a column.
    """
    names = {"row": row}
    wanted = compared_with(plan)
    if wanted is not None:
        return value_of(wanted, names) if _reads(wanted) <= {"row"} else None
    inputs = {dotted(one) for one in plan.mapping.values()}
    inputs |= {f"row.{one.name.text}" for one in plan.target.declaration.parameters}  # type: ignore[union-attr]
    given = {
        argument.name.text if argument.name else (dotted(argument.value) or "").removeprefix("row."): argument.value
        for argument in _arguments(plan.metric)
        if _reads(argument.value) == {"row"} and dotted(argument.value) not in inputs
    }
    values = {name: value_of(value, names) for name, value in given.items()}
    return next(iter(values.values())) if len(values) == 1 else values or None


def _arguments(metric: Expression) -> tuple[Argument, ...]:
    return metric.arguments if isinstance(metric, CallExpression) else ()


def _is_built_in(metric: Expression) -> bool:
    return isinstance(metric, CallExpression) and dotted(metric.function) in METRIC_SIGNATURES


def _reads(expression: Expression) -> set[str]:
    """The names of an eval that an expression reads: row, output, steps."""
    return {part.name for part in walk(expression) if isinstance(part, Reference)}
