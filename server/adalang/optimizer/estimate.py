"""What a search should take, and what its test can prove: said before the first call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from adalang.evaluation.power import GAINS, STEADY_TURNOVER, power, power_line, sampling_turnover
from adalang.optimizer.duel import first_look
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Task

# What simulations of the loop show of a round: rows drawn, rows of the screen of all changes together and of each alone (every
# second round), looks of a duel, and failing rows at which blame is asked for. Of the selection rows a removal uses a share.
_DRAWN, _JOINED, _ALONE, _LOOKS, _BLAMED = 8, 5, 3, 2, 4
_RACE_SHARE = 0.68
_FINALISTS = 3
_HUNKS = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected numbers, for all rounds; a search that ends early takes less. `reserve` is kept for the ship test.

    `power` holds (true gain, chance that the ship test confirms it).
    """

    runs: int
    task_calls: int
    teacher_calls: int
    reserve: int
    train: int
    val: int
    holdout: int
    power: Sequence[tuple[float, float]]

    @property
    def calls(self) -> int:
        return self.task_calls + self.teacher_calls

    def lines(self) -> list[str]:
        """The estimate in plain sentences."""
        told = [
            f"About {self.runs} runs: {self.task_calls} model calls and {self.teacher_calls} teacher calls; "
            f"{self.reserve} calls are kept for the final test."
        ]
        if not self.holdout:
            return [*told, "There are no test rows: nothing can be confirmed."]
        return [*told, *(power_line(gain, chance, self.holdout, "hold-out rows") for gain, chance in self.power)]


def estimate(task: Task, settings: Settings) -> Estimate:
    """The call formula with this task's numbers; makes no call."""
    train, val, holdout = (len(task.rows(split)) for split in ("train", "val", "test"))
    info = task.info
    repeats = 1 if info.deterministic else settings.repeats
    texts = [param for param in info.params if param.kind == "text"]
    nodes = len({param.component for param in texts})
    per_round = min(_DRAWN, train) + _JOINED + settings.hypotheses * _ALONE / 2 + _LOOKS * min(val, first_look(val))
    simplify = _HUNKS * _RACE_SHARE * val if settings.simplify else 0.0
    reserve = 2 * repeats * holdout
    runs = repeats * (settings.rounds * per_round + _FINALISTS * val + simplify) + reserve
    teacher = settings.rounds * (_BLAMED * max(0, nodes - 1) + min(2, len(texts)))
    noise = STEADY_TURNOVER if info.deterministic else sampling_turnover(repeats)
    chances = [(gain, power(gain, holdout, turnover=noise, repeats=repeats)) for gain in GAINS] if holdout else []
    per_run = info.calls_per_run
    return Estimate(
        round(runs), math.ceil(runs * per_run), teacher, math.ceil(reserve * per_run), train, val, holdout, chances
    )
