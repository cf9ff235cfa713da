"""Cheap trials before dear ones: a screen on a handful of rows, then a race over the selection rows that ends early."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from adalang.optimizer.candidate import Candidate
from adalang.optimizer.runs import PASS, Runs, cancel
from adalang.optimizer.task import Example

CHUNK = 15
_STRONG = 0.5
_ALLOWED_LOSS, _ALLOWED_LOSS_PER_ROW = 1.5, 0.02


@dataclass(frozen=True, slots=True)
class Screen:
    """`delta`: sum of score differences to the parent. `broke`: the ids of must-not-break rows that now fail.
    `strength`: the share that `delta` is of what could be won on the failing rows; `changes`: the differences row by row."""

    delta: float
    broke: tuple[str, ...]
    strength: float = 0.0
    changes: tuple[float, ...] = ()

    @property
    def passed(self) -> bool:
        return self.delta > 0 and not self.broke

    @property
    def strong(self) -> bool:
        """Whether it mended at least half of what it was shown."""
        return self.passed and self.strength >= _STRONG


@dataclass(frozen=True, slots=True)
class Race:
    """`delta`: sum of differences over the `rows` that were done in full chunks; `scores` is complete when it finished."""

    delta: float
    rows: int
    finished: bool
    scores: Mapping[str, float]


async def screen(
    runs: Runs, child: Candidate, rows: Sequence[Example], parent: Mapping[str, float], anchors: Collection[str]
) -> Screen:
    """Runs the child on a few rows on which the parent's scores are known. `anchors` are ids of rows never to break."""
    scores = await runs.scores(child, rows)
    changes = tuple(score - parent[row] for row, score in scores.items() if row in parent)
    delta = sum(changes)
    broke = tuple(row for row in sorted(scores) if row in anchors and scores[row] < PASS <= parent.get(row, 0.0))
    room = sum(1.0 - parent[row] for row in scores if parent.get(row, 1.0) < PASS)
    return Screen(delta, broke, delta / room if room else 0.0, changes)


def allowed_loss(rows: int) -> float:
    """The sum of differences at which a race of so many rows is given up."""
    return -_ALLOWED_LOSS - _ALLOWED_LOSS_PER_ROW * rows


async def race(
    runs: Runs,
    child: Candidate,
    rows: Sequence[Example],
    parent: Mapping[str, float],
    *,
    chunk: int = CHUNK,
    floor: Callable[[int], float] = allowed_loss,
) -> Race:
    """Runs the child on the rows in their order, a chunk at a time, until it is done or clearly not worth it.

    `floor(rows done)` is the sum of differences at which it is given up.

    A chunk in which even perfect scores for all that is still open could not save the child is given up at once and its
    open calls are cancelled. Whether a race finishes does not depend on which call ends first.
    """
    scores: dict[str, float] = {}
    for start in range(0, len(rows), chunk):
        part = rows[start : start + chunk]
        done = await run_chunk(runs, child, part, parent, _delta(scores, parent), floor(start + len(part)))
        if done is None:
            return Race(_delta(scores, parent), start, False, scores)
        scores |= done
    return Race(_delta(scores, parent), len(rows), True, scores)


async def run_chunk(
    runs: Runs, child: Candidate, rows: Sequence[Example], parent: Mapping[str, float], delta: float, floor: float
) -> dict[str, float] | None:
    """The chunk's scores, or None as soon as `delta` and they cannot stay above `floor`."""
    tasks = {asyncio.ensure_future(runs.row(child, row)): row for row in rows}
    # What each row can still give. An exact sum: no rounding may hang on which call ends first.
    most = {row.id: runs.most - parent[row.id] for row in rows if row.id in parent}
    try:
        open_tasks = set(tasks)
        while open_tasks:
            ended, open_tasks = await asyncio.wait(open_tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                row = tasks[task]
                value = runs.value(task.result())
                if row.id in parent:
                    # A row without an answer counts as no difference.
                    most[row.id] = value - parent[row.id] if value is not None else 0.0
            if math.fsum((delta, *most.values())) <= floor:
                return None
    finally:
        await cancel(list(tasks))
    return await runs.values(child, rows)


def _delta(scores: Mapping[str, float], parent: Mapping[str, float]) -> float:
    return sum(score - parent[row] for row, score in scores.items() if row in parent)
