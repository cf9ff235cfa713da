"""What so many rows allow, and how many more a claim would take."""

from __future__ import annotations

import math
from typing import Literal

from adalang.evaluation.power import power
from adalang.evaluation.statistics import ship_alpha
from adalang.optimizer.task import Task

Mode = Literal["hints", "crossfit", "full"]
"""`full`: a search, and a test on rows held out. `crossfit`: each half of the rows judges what the other has chosen, which gives an
interval. `hints`: what looks better, without a figure."""

LEAST_FOR_INTERVAL, LEAST_FOR_PROPOSAL = 20, 60
_GAIN, _CHANCE, _HOLDOUT_SHARE = 0.1, 0.5, 0.3


def mode_of(task: Task) -> Mode:
    """What a task's rows allow."""
    train, val, holdout = _counts(task)
    rows = train + val + holdout
    if rows >= LEAST_FOR_PROPOSAL and val and holdout:
        return "full"
    return "crossfit" if rows >= LEAST_FOR_INTERVAL and val + holdout >= 2 else "hints"


def more_rows(task: Task) -> str:
    """How many more rows, split as these are, would let a fair gain be confirmed, in words."""
    train, val, holdout = _counts(task)
    rows = train + val + holdout
    if rows >= LEAST_FOR_PROPOSAL and not holdout:
        return "with some of the rows as `test` a gain could be confirmed"
    share = holdout / rows if holdout else _HOLDOUT_SHARE
    needed = 1
    while power(_GAIN, needed, alpha=ship_alpha(1)) < _CHANCE:
        needed += 1
    more = max(1, LEAST_FOR_PROPOSAL - rows, math.ceil(needed / share) - rows)
    return f"{more} more rows would let a gain of {round(100 * _GAIN)} points be confirmed 1 time in 2"


def _counts(task: Task) -> tuple[int, int, int]:
    return len(task.rows("train")), len(task.rows("val")), len(task.rows("test"))
