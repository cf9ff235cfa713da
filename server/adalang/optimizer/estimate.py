"""What a search should take, part by part, and what its test can prove: said before the first call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.power import GAINS, STEADY_TURNOVER, power, power_line, sampling_turnover
from adalang.evaluation.statistics import ship_alpha
from adalang.optimizer.duel import first_look
from adalang.optimizer.mode import Mode, mode_of, more_rows
from adalang.optimizer.settings import Settings
from adalang.optimizer.ship import looks_before, why_no_more_looks
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

    `per_run` are the model calls of one run, `reserve` those that are kept for the final test (without one, for what the halves are
    judged on), `per_round` those of a round at the most, teacher included. `power` holds (true gain, chance that the final test
    confirms it). `instead` says what there is in place of such a test; "" where it will be made.
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
    mode: Mode = "full"
    instead: str = ""

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
        if not self.parts:
            return [f"No call will be made: {self.instead}."]
        told = [f"{self.least} to {self.calls} calls, at most {self.teacher_calls} of them to the teacher:"]
        told += [
            f"  {part.name}: {_range(self._calls(part, 0), self._calls(part, 1))} ({part.what})"
            for part in self.parts
            if self._calls(part, 1)
        ]
        if self.instead:
            return [*told, f"There will be no final test: {self.instead}."]
        return [*told, *(power_line(gain, chance, self.holdout, "hold-out rows") for gain, chance in self.power)]

    def fits(self, calls: int | None) -> str:
        """What a budget of so many calls pays for; "" where it pays for all."""
        if calls is None or calls >= self.calls:
            return ""
        once = self.calls - self.per_round * self.rounds
        if calls < self.reserve:
            return f"{calls} calls do not pay for the {self.parts[-1].name}, which takes {self.reserve}: nothing can be shown."
        rounds = max(0, calls - once) // max(1, self.per_round)
        kept = f"the {self.parts[-1].name} ({self.reserve}) and " if self.reserve else ""
        if not rounds:
            return f"{calls} calls pay for {kept}hardly a round of search."
        return f"{calls} calls pay for {kept}at least {rounds} of up to {self.rounds} rounds."

    def _calls(self, part: Part, end: int) -> int:
        return math.ceil(part.runs[end] * self.per_run) + part.asked[end]


def estimate(task: Task, settings: Settings) -> Estimate:
    """The call formula with this task's numbers; makes no call."""
    train, val, holdout = (len(task.rows(split)) for split in ("train", "val", "test"))
    info, mode = task.info, mode_of(task)
    instead = _instead(task, mode, settings.holdout_looks)
    samples = 1 if info.deterministic else settings.repeats
    # Cross-fitted, each half of the rows selects in a search of its own.
    searches = 2 if mode == "crossfit" else 1
    selects = val if mode == "full" else -(-(val + holdout) // searches) or train
    tested = {"full": holdout, "crossfit": val + holdout, "hints": 0}[mode] * 2 * samples

    texts = [param for param in info.params if param.kind == "text"]
    nodes = len({param.component for param in texts})
    asked = min(_TARGETS, max(1, len(texts))) * (1 + settings.hypotheses) + _BLAMED * max(0, nodes - 1)
    drawn, screened = min(_DRAWN, train or selects), _JOINED + settings.hypotheses * _ALONE
    round_runs = drawn + screened + selects * _DUELS

    parts = _searching(searches * settings.rounds, searches * _SOON, samples, drawn, screened, selects, asked)
    if mode == "full":
        what = "failing rows asked again: what better words could gain"
        parts.insert(0, Part("headroom", what, (0, _HEADROOM if info.varied else 0)))
        what = f"both texts on {holdout} rows held out; kept from the start"
        parts += [*_choosing(val, samples, settings.simplify), Part("final test", what, (tested, tested))]
    if mode == "crossfit":
        what = "each half's find and the present text on the other half; kept from the start"
        parts += _choosing(searches * selects, samples, settings.simplify)
        # Where both halves choose alike, each has been run on the other's rows already.
        parts.append(Part("judging of the halves", what, (0, tested)))
    return Estimate(
        parts=[] if mode == "full" and instead else parts,
        per_run=info.calls_per_run,
        rounds=searches * settings.rounds,
        per_round=math.ceil(round_runs * samples * info.calls_per_run) + asked,
        reserve=math.ceil(tested * info.calls_per_run),
        train=train,
        val=val,
        holdout=holdout,
        power=[] if instead else _power(task, samples),
        mode=mode,
        instead=instead,
    )


def _searching(rounds: int, soon: int, samples: int, drawn: int, screened: int, selects: int, asked: int) -> list[Part]:
    """The parts of `soon` to `rounds` rounds."""
    learning = f"failing rows and their causes, {soon} to {rounds} rounds"
    duels = _runs(samples, soon * first_look(selects), rounds * selects * _DUELS)
    return [
        Part("learning", learning, _runs(samples, soon * drawn, rounds * drawn), (soon, rounds * asked)),
        Part("screens", "each change on a few rows", _runs(samples, soon * _JOINED, rounds * screened)),
        Part("duels", "what looks good against what is best so far", duels),
    ]


def _choosing(rows: int, samples: int, simplify: bool) -> list[Part]:
    what = f"present text and best finds on all {rows} selection rows"
    parts = [Part("choice", what, _runs(samples, 2 * rows, _FINALISTS * rows))]
    if simplify:
        parts.append(Part("simplifying", "the find without its parts", _runs(samples, 0, _HUNKS * _RACE_SHARE * rows)))
    return parts


def _runs(samples: int, few: float, many: float) -> tuple[int, int]:
    return math.ceil(few * samples), math.ceil(many * samples)


def _power(task: Task, samples: int) -> list[tuple[float, float]]:
    noise = STEADY_TURNOVER if task.info.deterministic else sampling_turnover(samples)
    alpha, holdout = ship_alpha(looks_before(task) + 1), len(task.rows("test"))
    return [(gain, power(gain, holdout, turnover=noise, repeats=samples, alpha=alpha)) for gain in GAINS]


def _range(few: int, many: int) -> str:
    return f"{few} calls" if few == many else f"{few} to {many} calls"


def _instead(task: Task, mode: Mode, most_looks: int) -> str:
    """What there is in place of a final test, or why nothing can be done at all; "" where the test will be made."""
    match mode:
        case "full":
            return why_no_more_looks(task, most_looks)
        case "crossfit":
            return f"each half of the rows judges what the other has chosen, which gives a hint with an interval; {more_rows(task)}"
        case "hints":
            return f"what looks better is a suggestion without a figure; {more_rows(task)}"
