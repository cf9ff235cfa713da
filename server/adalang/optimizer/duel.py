"""Two candidates on the same rows, until it is plain which one is better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from adalang.optimizer.archive import Entry
from adalang.optimizer.race import allowed_loss, run_chunk
from adalang.optimizer.runs import Runs
from adalang.optimizer.task import Example

_LEAST_LOOK, _LOOK_SHARE = 6, 8
_PLAIN = 1.0  # standard errors of a sum of differences, if none is expected
_MANY = 30  # rows
_CHANGED = 2  # rows that have to differ before a gain counts
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Duel:
    """`delta`: sum of the child's gains over the first `rows` rows; `broken`: how many of them it does worse on."""

    won: bool
    delta: float
    rows: int
    broken: int = 0


def first_look(rows: int) -> int:
    """On how many of so many rows two candidates are compared first: an eighth, at least eight."""
    return max(_LEAST_LOOK, rows // _LOOK_SHARE)


async def duel(runs: Runs, child: Entry, parent: Entry, rows: Sequence[Example], start: Sequence[float] = ()) -> Duel:
    """Runs both on the rows in their order, in looks that double, and keeps their scores in the entries.

    `start` are differences that are known from other rows, on which the child was screened. They count as long as few rows were
    run here, which can miss what is rare; many that show no gain say that there is none. The child wins when its gain is
    plain, or when it is ahead after all rows. It loses when its loss is plain, or when after a quarter of the rows
    it is not ahead. The parent's known scores cost nothing; calls of a lost look are cancelled.
    """
    known = [difference for difference in start if abs(difference) > _SAME]
    done, size = 0, first_look(len(rows))
    delta, changes = 0.0, list[float]()
    while done < len(rows):
        part = rows[done : done + size]
        parent.scores.update(await runs.values(parent.candidate, part))
        floor = allowed_loss(done + len(part)) - max(0.0, sum(known))
        scores = await run_chunk(runs, child.candidate, part, parent.scores, delta, floor)
        if scores is None:
            return Duel(False, delta, done)
        child.scores.update(scores)
        done += len(part)
        both = [row.id for row in rows[:done] if row.id in child.scores and row.id in parent.scores]
        differences = (child.scores[row] - parent.scores[row] for row in both)
        changes = [difference for difference in differences if abs(difference) > _SAME]
        delta = sum(changes)
        verdict = _verdict(changes, known, done, len(rows))
        if verdict is not None:
            return Duel(verdict, delta, done, sum(change < 0 for change in changes))
        size = done
    return Duel(delta > _SAME, delta, done, sum(change < 0 for change in changes))


def _verdict(changes: Sequence[float], known: Sequence[float], done: int, rows: int) -> bool | None:
    """Won, lost, or None while it is open."""
    delta = sum(changes)
    every = [*known, *changes]
    plain = sum(every) / spread if (spread := math.sqrt(sum(change * change for change in every))) else 0.0
    looked = done >= max(2 * _LEAST_LOOK, rows // 4)
    few = done < _MANY
    if len(every) >= _CHANGED and plain <= -1.0:
        return False
    if len(every) >= _CHANGED and plain >= _PLAIN and (delta > _SAME or (looked and few)):
        return True
    return False if looked and (sum(every) if few else delta) <= _SAME else None
