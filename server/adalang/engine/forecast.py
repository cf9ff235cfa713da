"""What an optimization may cost, in tokens and money, and what of it is paid for already: said before any call."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adalang.engine.described import templates
from adalang.engine.file_task import FileTask
from adalang.engine.plan import OptimizePlan
from adalang.evaluation.plan import components_run
from adalang.language.declarations import AgentDeclaration, CallExpression, PromptDeclaration, dotted, setting
from adalang.language.models import estimate_tokens, price
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.estimate import Estimate
from adalang.optimizer.runs import concurrently
from adalang.optimizer.task import Example
from adalang.runtime.agents.loop import calls_of
from adalang.runtime.failures import BudgetExceeded, BugFailure, Failure, TransportFailure
from adalang.runtime.interpreter import RunFailed
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.types import ModelSpec

_SHORT_ANSWER, _LONG_ANSWER = 5, 200
"""Tokens of an answer for which no right one is known, when the model sets no ``max_tokens``."""
_GROWTH, _ADDED = 1.5, 200
"""By how much texts become longer while they are improved: a share, and tokens."""
_TEACHER = (800, 400), (4000, 1500)
"""Tokens of a question to a teacher besides the rows that it shows, and of its answer: few and many."""
_SHOWN_ROWS = 8
_LOOKED_UP = 400  # rows


@dataclass(frozen=True, slots=True)
class Cost:
    """From few to many. `usd` is None where no price is known; `unpriced` are the models that this is so of."""

    tokens: tuple[int, int]
    usd: tuple[float, float] | None
    unpriced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls to one model: how many, and tokens sent and answered each; all of them from few to many."""

    model: ModelSpec
    count: tuple[float, float]
    sent: tuple[float, float]
    answered: tuple[float, float]

    def tokens(self, end: int) -> float:
        return self.count[end] * (self.sent[end] + self.answered[end])

    def usd(self, end: int) -> float:
        sent, answered = price(self.model.id) or (0.0, 0.0)
        return self.count[end] * (self.sent[end] * sent + self.answered[end] * answered)


def cost_of(task: FileTask, found: Estimate) -> Cost:
    """What the estimated calls come to with the lengths of all rows and right answers, at list prices."""
    rows = [row for split in task.examples.values() for row in split]
    calls = [*_model_calls(task, rows, found), _teacher_calls(task, rows, found)]
    unpriced = tuple(dict.fromkeys(one.model.id for one in calls if one.count[1] and price(one.model.id) is None))
    tokens = [math.ceil(sum(one.tokens(end) for one in calls)) for end in (0, 1)]
    usd = sum(one.usd(0) for one in calls), sum(one.usd(1) for one in calls)
    return Cost((tokens[0], tokens[1]), None if unpriced else usd, unpriced)


def cost_lines(cost: Cost, plan: OptimizePlan, found: Estimate) -> list[str]:
    """The cost in sentences, and what a budget does that is smaller."""
    told = [f"About {cost.tokens[0]:,} to {cost.tokens[1]:,} tokens."]
    if cost.usd is not None and cost.usd[1] > 0:
        told = [f"{told[0][:-1]}, {_usd(cost.usd[0])} to {_usd(cost.usd[1])} at list prices."]
    for model in cost.unpriced:
        bound = (
            f"; the bound of {_usd(plan.usd)} cannot be held for it, so bound calls or tokens too" if plan.usd else ""
        )
        told.append(f"The price of {model} is not known{bound}.")
    told += [line for line in (found.fits(plan.calls), _short(cost, plan)) if line]
    return told


def check_money(cost: Cost, plan: OptimizePlan) -> None:
    """A bound that cannot be held is none.

    Raises:
        BugFailure: money alone was bounded, and a model's price is not known.
    """
    if plan.money_alone and cost.unpriced:
        raise BugFailure(
            f"the price of {' and '.join(cost.unpriced)} is not known, so the bound of {_usd(plan.usd)} cannot be held; bound the "
            "calls or the tokens: --budget-calls, --budget-tokens, or `budget` in the optimize block"
        )


async def held_line(task: FileTask) -> str:
    """How many runs of the present text are in the store already, found out without a single call; "" for none."""
    free = task.with_budget(Budget(calls=0))
    incumbent = Candidate({param.id: param.value for param in task.info.params})
    told = []
    for split, name in (("val", "selection"), ("test", "held-out")):
        rows = list(task.examples[split])[:_LOOKED_UP]
        known = sum(await concurrently(_is_held(free, incumbent, row) for row in rows))
        if known:
            told.append(f"{known} of {len(rows)} {name} rows")
    return f"Paid for already, so free: the present text on {' and '.join(told)}." if told else ""


async def _is_held(task: FileTask, incumbent: Candidate, row: Example) -> bool:
    """A Python metric is not called: nobody knows what it does, and what that costs."""
    plan = task.scorer.plan
    try:
        if isinstance(plan.metric, CallExpression) and dotted(plan.metric.function) == "python":
            await task.runtime.run(plan.target, row.inputs)
        else:
            await task.run(incumbent, row, 0)
    except RunFailed as failed:
        return not isinstance(failed.failure, BudgetExceeded | BugFailure | TransportFailure)
    except (BudgetExceeded, Failure):
        return False
    return True


def _model_calls(task: FileTask, rows: Sequence[Example], found: Estimate) -> list[_Calls]:
    """The calls of each prompt and agent. Texts grow while they are improved."""
    inputs = _mean([_tokens(row.inputs) for row in rows])
    right = _mean([_tokens(row.expected) for row in rows if row.expected is not None])
    runs = sum(part.runs[0] for part in found.parts), found.runs
    told: list[_Calls] = []
    for entity in components_run(task.runtime.program, task.scorer.plan):
        declaration = entity.declaration
        if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
            continue
        model = task.runtime.models.of_setting(entity, setting(declaration.settings, "model"))
        own = [param.value for param in task.info.params if param.component == entity.id]
        text = sum(estimate_tokens(template) for _, template in templates(entity)) + sum(map(_tokens, own))
        long = float(model.options.get("max_tokens") or max(_LONG_ANSWER, 2 * right))
        short = min(long, max(_SHORT_ANSWER, right))
        count = runs[0] * calls_of(entity), runs[1] * calls_of(entity)
        told.append(_Calls(model, count, (text + inputs, _GROWTH * text + _ADDED + inputs), (short, long)))
    return told


def _teacher_calls(task: FileTask, rows: Sequence[Example], found: Estimate) -> _Calls:
    (few, answered), (many, answered_most) = _TEACHER
    shown = _SHOWN_ROWS * _mean([_tokens(row.inputs) + _tokens(row.expected) for row in rows])
    asked = sum(part.asked[0] for part in found.parts), found.teacher_calls
    return _Calls(task.teacher, asked, (few + shown, many + shown), (answered, answered_most))


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _tokens(value: Any) -> int:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return estimate_tokens(text)


def _short(cost: Cost, plan: OptimizePlan) -> str:
    """What is said where tokens or money may not suffice for all of it."""
    limits = [
        f"{plan.tokens:,} tokens" if plan.tokens is not None and plan.tokens < cost.tokens[1] else "",
        f"{_usd(plan.usd)}" if plan.usd is not None and cost.usd is not None and plan.usd < cost.usd[1] else "",
    ]
    told = " and ".join(limit for limit in limits if limit)
    return (
        f"The budget of {told} may end the search before its last round; the final test is paid for first."
        if told
        else ""
    )


def _usd(amount: float | None) -> str:
    return f"${amount or 0:,.2f}" if (amount or 0) >= 0.01 or not amount else f"${amount:.4f}"
