"""Takes out of a candidate what does not carry its weight: each part is left out once and raced."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.edits import Hunk, hunks, with_hunks
from adalang.optimizer.events import EventLog
from adalang.optimizer.race import race
from adalang.optimizer.runs import Runs
from adalang.optimizer.task import Example

MOST_PARTS = 8
_CHUNK = 6  # most removals do harm at once: small steps waste least


class Removal(Protocol):
    """Leaves out one part of a candidate, which may have lost others before; itself again if that one is gone."""

    def __call__(self, candidate: Candidate) -> Candidate: ...


async def minimise(
    runs: Runs, log: EventLog, best: Entry, incumbent: Candidate, rows: Sequence[Example], affordable: int
) -> Entry:
    """`best` without those of its changes to the incumbent that it does not need. At most `affordable` runs are made."""
    removals = _removals(best.candidate, incumbent)
    return await without_idle(runs, log, best, removals, rows, affordable, not_to=(incumbent,))


async def without_idle(
    runs: Runs,
    log: EventLog,
    best: Entry,
    removals: Iterable[Removal],
    rows: Sequence[Example],
    affordable: int,
    not_to: Sequence[Candidate] = (),
) -> Entry:
    """`best` without the parts whose removal loses less than half a standard error of the difference.

    The loss is that of all removals taken together, so that many small ones cannot add up. `best` must know its score on all
    `rows`. A removal that leads to one of `not_to` is left out; at most `affordable` runs are made.
    """
    # A first bound, to end early: the standard error of the mean is larger than that of a difference.
    hopeless = -0.5 * best.standard_error * len(best.scores) - 1e-9
    entry = best
    for smaller in removals:
        if affordable < len(rows) * runs.samples:
            break
        candidate = smaller(entry.candidate)
        if candidate in (entry.candidate, *not_to):
            continue
        begun = runs.begun
        result = await race(runs, candidate, rows, best.scores, chunk=_CHUNK, floor=lambda _: hopeless)
        affordable -= runs.begun - begun
        removed = result.finished and result.delta >= -0.5 * _spread(result.scores, best.scores)
        log.add("simplified", removed=removed, delta=result.delta, candidate=candidate.key)
        if removed:
            entry = Entry(candidate, dict(result.scores), best.steps, best.operator)
    return entry


def _spread(scores: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The standard error of the sum of differences, if none is expected."""
    return math.sqrt(sum((score - other[row]) ** 2 for row, score in scores.items() if row in other))


class _Back:
    """Puts a param back to what it was."""

    def __init__(self, param: str, incumbent: Candidate) -> None:
        self._param, self._incumbent = param, incumbent

    def __call__(self, candidate: Candidate) -> Candidate:
        return candidate.with_value(self._param, self._incumbent.values[self._param])


class _WithoutHunk:
    """Puts one hunk of a text back."""

    def __init__(self, param: str, before: str, hunk: Hunk) -> None:
        self._param, self._before, self._hunk = param, before, hunk

    def __call__(self, candidate: Candidate) -> Candidate:
        left = hunks(self._before, candidate.text(self._param))
        if self._hunk not in left:
            return candidate
        left.remove(self._hunk)
        return candidate.with_value(self._param, with_hunks(self._before, left))


class WithoutDemo:
    """Leaves out one example."""

    def __init__(self, param: str, demo: object) -> None:
        self._param, self._demo = param, demo

    def __call__(self, candidate: Candidate) -> Candidate:
        demos = candidate.demos(self._param)
        return candidate.with_value(self._param, tuple(demo for demo in demos if demo != self._demo))


class _Together:
    """Several removals as one."""

    def __init__(self, removals: Sequence[Removal]) -> None:
        self._removals = removals

    def __call__(self, candidate: Candidate) -> Candidate:
        for removal in self._removals:
            candidate = removal(candidate)
        return candidate


def _removals(candidate: Candidate, incumbent: Candidate) -> list[Removal]:
    """Whole params first (the largest simplification), then hunks and added examples, the last one first."""
    changed = candidate.changed(incumbent)
    found: list[Removal] = [_Back(param, incumbent) for param in changed] if len(changed) > 1 else []
    for param in changed:
        before, after = incumbent.values[param], candidate.values[param]
        parts: list[Removal] = []
        if isinstance(before, str) and isinstance(after, str):
            parts = [_WithoutHunk(param, before, hunk) for hunk in hunks(before, after)]
        elif isinstance(before, tuple) and isinstance(after, tuple):
            parts = [WithoutDemo(param, demo) for demo in after if demo not in before]
        if len(parts) > 1:
            found += in_groups(parts[::-1])
    return found


def in_groups(parts: Sequence[Removal], most: int = MOST_PARTS) -> list[Removal]:
    """The parts, neighbours joined where there are more than can be tried one by one."""
    size = -(-len(parts) // most)
    if size <= 1:
        return list(parts)
    return [_Together(parts[at : at + size]) for at in range(0, len(parts), size)]
