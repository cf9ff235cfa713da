"""What a search should take, and what its test can prove: said before the first call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from adalang.optimizer.duel import first_look
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Task

# What simulations of the loop show of a round: rows drawn, rows of the screen of all changes together and of each alone (every
# second round), looks of a duel, and failing rows at which blame is asked for. Of the selection rows a removal uses a share.
_DRAWN, _JOINED, _ALONE, _LOOKS, _BLAMED = 8, 5, 3, 2, 4
_RACE_SHARE = 0.68
_FINALISTS = 3
_HUNKS = 3
_HEADROOM = 24  # further answers to failing rows; the first ones to selection rows are of use to the search too
_NORMAL = NormalDist()


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
        for gain, chance in self.power:
            told.append(
                f"With {self.holdout} hold-out rows a gain of {round(100 * gain)} points will be confirmed {_odds(chance)}."
            )
        return told


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
    runs += _HEADROOM if info.varied and not info.deterministic else 0
    power = [(gain, ship_power(gain, holdout)) for gain in (0.05, 0.1, 0.2)] if holdout else []
    per_run = info.calls_per_run
    return Estimate(
        round(runs), math.ceil(runs * per_run), teacher, math.ceil(reserve * per_run), train, val, holdout, power
    )


def ship_power(gain: float, rows: int) -> float:
    """The chance that a true gain is confirmed by a one-sided test at 0.05, while about one row in twenty breaks."""
    if gain <= 0 or rows <= 0:
        return 0.0
    changed = min(1.0, gain + 2 * (0.045 + 0.1 * gain))
    spread = math.sqrt(max(changed - gain * gain, 1e-9) * rows)
    # Half a row off: the exact test counts whole rows.
    return _NORMAL.cdf((gain * rows - 0.5) / spread - _NORMAL.inv_cdf(0.95))


def _odds(chance: float) -> str:
    if chance >= 0.95:
        return "almost always"
    if chance < 0.05:
        return "almost never"
    times, of = min(
        ((times, of) for of in (2, 3, 4, 5, 10, 20) for times in range(1, of)),
        key=lambda odds: (round(abs(odds[0] / odds[1] - chance), 2), odds[1]),
    )
    return f"{times} time{'s' if times > 1 else ''} in {of}"
