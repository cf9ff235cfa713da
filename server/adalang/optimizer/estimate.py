"""What a search should take, part by part, and what its test can prove: said before the first call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.power import GAINS, STEADY_TURNOVER, power, power_line, sampling_turnover
from adalang.evaluation.statistics import ship_alpha
from adalang.optimizer.duel import first_look
from adalang.optimizer.settings import Settings
from adalang.optimizer.ship import looks_before
from adalang.optimizer.task import Task

# What simulations of the loop show of a round (`benchmarks/estimate.py`): rows drawn to find failing ones; rows on which all changes
# together, and each of them alone, are screened; and the share of the selection rows that its duels use.
_DRAWN, _JOINED, _ALONE = 8, 4, 4
_DUELS = 1.1
_SOON = 2
"""Rounds after which a lucky search has found enough."""
_BLAMED, _TARGETS = 4, 2
_FINALISTS, _HUNKS, _RACE_SHARE = 3, 3, 0.68
_HEADROOM = 24
"""Further answers to failing rows; the first ones to selection rows are of use to the search too."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an optimization: runs of the target, and questions to the teacher, from few to many."""

    name: str
    what: str
    runs: tuple[int, int]
    asked: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A range, from a search that finds soon to one that uses all its rounds. Seldom (in fewer than 1 of 10) is it more.

    `per_run` are the model calls of one run, `reserve` those that are kept for the final test, `per_round` those of a round at the
    most, teacher included. `power` holds (true gain, chance that the final test confirms it).
    """

    parts: Sequence[Part]
    per_run: float
    rounds: int
    per_round: int
    reserve: int
    train: int
    val: int
    holdout: int
    power: Sequence[tuple[float, float]]

    @property
    def least(self) -> int:
        """Calls of model and teacher at the lower end."""
        return sum(self._calls(part, 0) for part in self.parts)

    @property
    def calls(self) -> int:
        """Calls of model and teacher at the upper end."""
        return self.task_calls + self.teacher_calls

    @property
    def runs(self) -> int:
        """Runs of the target at the upper end."""
        return sum(part.runs[1] for part in self.parts)

    @property
    def task_calls(self) -> int:
        """Model calls at the upper end."""
        return math.ceil(self.runs * self.per_run)

    @property
    def teacher_calls(self) -> int:
        """Teacher calls at the upper end."""
        return sum(part.asked[1] for part in self.parts)

    def numbers(self) -> dict[str, Any]:
        """The figures as JSON."""
        return {
            "least": self.least,
            "calls": self.calls,
            "runs": self.runs,
            "task_calls": self.task_calls,
            "teacher_calls": self.teacher_calls,
            "reserve": self.reserve,
            "parts": {part.name: [self._calls(part, 0), self._calls(part, 1)] for part in self.parts},
            "train": self.train,
            "val": self.val,
            "holdout": self.holdout,
            "power": list(self.power),
        }

    def lines(self) -> list[str]:
        """The estimate in plain sentences."""
        told = [f"{self.least} to {self.calls} calls, at most {self.teacher_calls} of them to the teacher:"]
        told += [
            f"  {part.name}: {_range(self._calls(part, 0), self._calls(part, 1))} ({part.what})"
            for part in self.parts
            if self._calls(part, 1)
        ]
        if not self.holdout:
            return [*told, "There are no test rows: nothing can be confirmed."]
        return [*told, *(power_line(gain, chance, self.holdout, "hold-out rows") for gain, chance in self.power)]

    def fits(self, calls: int | None) -> str:
        """What a budget of so many calls pays for; "" where it pays for all."""
        if calls is None or calls >= self.calls:
            return ""
        once = self.calls - self.per_round * self.rounds
        if calls < self.reserve:
            return f"{calls} calls do not pay for the final test, which takes {self.reserve}: nothing can be confirmed."
        rounds = max(0, calls - once) // max(1, self.per_round)
        if not rounds:
            return f"{calls} calls pay for the final test ({self.reserve}) and hardly a round of search."
        return f"{calls} calls pay for the final test ({self.reserve}) and at least {rounds} of up to {self.rounds} rounds."

    def _calls(self, part: Part, end: int) -> int:
        return math.ceil(part.runs[end] * self.per_run) + part.asked[end]


def estimate(task: Task, settings: Settings) -> Estimate:
    """The call formula with this task's numbers; makes no call."""
    train, val, holdout = (len(task.rows(split)) for split in ("train", "val", "test"))
    info = task.info
    samples = 1 if info.deterministic else settings.repeats
    texts = [param for param in info.params if param.kind == "text"]
    nodes = len({param.component for param in texts})
    rounds = settings.rounds

    duels = val * _DUELS
    drawn, screened = min(_DRAWN, train), _JOINED + settings.hypotheses * _ALONE
    asked = min(_TARGETS, max(1, len(texts))) * (1 + settings.hypotheses) + _BLAMED * max(0, nodes - 1)

    def runs(few: float, many: float) -> tuple[int, int]:
        return math.ceil(few * samples), math.ceil(many * samples)

    parts = [
        Part("headroom", "failing rows asked again: what better words could gain", (0, _HEADROOM if info.varied else 0)),
        Part(
            "learning", f"failing rows and their causes, {_SOON} to {rounds} rounds", runs(_SOON * drawn, rounds * drawn),
            (_SOON, rounds * asked),
        ),
        Part("screens", "each change on a few rows", runs(_SOON * _JOINED, rounds * screened)),
        Part("duels", "what looks good against what is best so far", runs(_SOON * first_look(val), rounds * duels)),
        Part("choice", f"present text and best finds on all {val} selection rows", runs(2 * val, _FINALISTS * val)),
    ]  # fmt: skip
    if settings.simplify:
        parts.append(Part("simplifying", "the find without its parts", runs(0, _HUNKS * _RACE_SHARE * val)))
    tested = 2 * samples * holdout
    parts.append(Part("final test", f"both texts on {holdout} rows held out; kept from the start", (tested, tested)))
    noise = STEADY_TURNOVER if info.deterministic else sampling_turnover(samples)
    alpha = ship_alpha(looks_before(task) + 1)
    chances = [(gain, power(gain, holdout, turnover=noise, repeats=samples, alpha=alpha)) for gain in GAINS if holdout]
    per_run = info.calls_per_run
    per_round = math.ceil((drawn + screened + duels) * samples * per_run) + asked
    return Estimate(parts, per_run, rounds, per_round, math.ceil(tested * per_run), train, val, holdout, chances)


def _range(few: int, many: int) -> str:
    return f"{few} calls" if few == many else f"{few} to {many} calls"
