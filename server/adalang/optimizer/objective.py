"""What counts as better: the score and, as far as `prefer` says so, what a run costs and how long it takes.

The search compares candidates by their *value* on a row: the score, less `prefer.cost` for each time that a run costs the
incumbent's price over again, and likewise for latency. Claims are never made of values: the ship test looks at scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.runs import Runs, mean_score
from adalang.optimizer.task import Example
from adalang.runtime.models.types import Usage

_MEASURED = 12  # rows
NO_TIME = 0.1  # seconds: below it a run's latency is the machine's mood


@dataclass(frozen=True, slots=True)
class Prefer:
    """What else counts: `cost = 0.2` takes 20 points off a candidate that costs twice as much as what is in the file, and gives one
    that costs half as much 10. None: nothing was said, and then neither may rise by much (`guards`)."""

    cost: float | None = None
    latency: float | None = None

    def __bool__(self) -> bool:
        return bool(self.cost or self.latency)


@dataclass(frozen=True, slots=True)
class Price:
    """What a run takes on average: USD, tokens, the input's share of them, seconds of waiting for answers, and model calls."""

    usd: float = 0.0
    tokens: float = 0.0
    input_tokens: float = 0.0
    seconds: float = 0.0
    calls: float = 0.0

    @property
    def cost(self) -> float:
        """USD where there is a price; else tokens."""
        return self.usd or self.tokens


class Objective:
    """Turns what a candidate's runs gave into its value, measured by the incumbent's price `base`."""

    def __init__(self, prefer: Prefer, base: Price) -> None:
        self.prefer, self.base = prefer, base
        self.in_money = base.usd > 0

    def value(self, results: Sequence[RowResult]) -> float | None:
        """A row's value, of all its samples; None without an answer, as a score is."""
        score = mean_score(results)
        return None if score is None else score - self.burden(mean_price([results]))

    def burden(self, price: Price) -> float:
        """What is taken off for a price; below 0 for one under the incumbent's."""
        cost, base = (price.usd, self.base.usd) if self.in_money else (price.tokens, self.base.tokens)
        off = (self.prefer.cost or 0.0) * (cost / base - 1) if base else 0.0
        if self.base.seconds > NO_TIME:
            off += (self.prefer.latency or 0.0) * (price.seconds / self.base.seconds - 1)
        return off

    @property
    def most(self) -> float:
        """The value of a perfect answer that costs nothing."""
        return 1.0 + (self.prefer.cost or 0.0) + (self.prefer.latency or 0.0)


async def measure(runs: Runs, incumbent: Candidate, rows: Sequence[Example], prefer: Prefer) -> None:
    """Makes the search compare by value where something is preferred; the incumbent's price on a few rows is the measure."""
    if prefer:
        objective = Objective(prefer, mean_price(await runs.rows(incumbent, rows[:_MEASURED])))
        runs.judge_by(objective.value, objective.most)


def mean_price(results: Sequence[Sequence[RowResult]]) -> Price:
    """The mean over runs that were answered, as their answers cost when they were bought. What a judge took is not in it."""
    bought = [usage_of(result) for each in results for result in each if result.score is not None]
    total, n = sum(bought, Usage()), len(bought)
    if not n:
        return Price()
    usd = total.usd if total.priced else 0.0
    return Price(usd / n, total.tokens / n, total.input_tokens / n, total.seconds / n, total.calls / n)


def usage_of(result: RowResult) -> Usage:
    """What the target's own answers cost when they were bought."""
    return result.trace.answer_usage if result.trace is not None and result.trace.calls else result.answer_usage
