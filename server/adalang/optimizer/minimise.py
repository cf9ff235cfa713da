"""Takes out of a found edit what does not carry its weight: each hunk is left out once and raced."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.edits import Hunk, hunks, with_hunks
from adalang.optimizer.events import EventLog
from adalang.optimizer.race import race
from adalang.optimizer.runs import Runs
from adalang.optimizer.task import Example

MOST_HUNKS = 8
_CHUNK = 6  # most removals do harm at once: small steps waste least


async def minimise(
    runs: Runs, log: EventLog, best: Entry, incumbent: Candidate, rows: Sequence[Example], affordable: int
) -> Entry:
    """`best` without the parts whose removal loses less than half a standard error of the difference.

    The loss is that of all removals taken together, so that many small ones cannot add up.

    At most `affordable` runs are made. A change of demos counts as one part.
    """
    # A first bound, to end early: the standard error of the mean is larger than that of a difference.
    hopeless = -0.5 * best.standard_error * len(best.scores) - 1e-9
    entry = best
    for smaller in _removals(entry.candidate, incumbent):
        if affordable < len(rows) * runs.samples:
            break
        candidate = smaller(entry.candidate)
        if candidate in (entry.candidate, incumbent):
            continue
        begun = runs.begun
        result = await race(runs, candidate, rows, best.scores, chunk=_CHUNK, floor=lambda _: hopeless)
        affordable -= runs.begun - begun
        removed = result.finished and result.delta >= -0.5 * _spread(result.scores, best.scores)
        log.add("simplified", removed=removed, delta=result.delta, candidate=candidate.key)
        if removed:
            entry = Entry(candidate, dict(result.scores), best.hypothesis, best.operator)
    return entry


def _spread(scores: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The standard error of the sum of differences, if none is expected."""
    return math.sqrt(sum((score - other[row]) ** 2 for row, score in scores.items() if row in other))


class _Removal:
    """Puts one param, or one hunk of it, back to what it was."""

    def __init__(self, param: str, incumbent: Candidate, hunk: Hunk | None) -> None:
        self._param, self._incumbent, self._hunk = param, incumbent, hunk

    def __call__(self, candidate: Candidate) -> Candidate:
        before = self._incumbent.values[self._param]
        after = candidate.values[self._param]
        if self._hunk is None or not isinstance(before, str) or not isinstance(after, str):
            return candidate.with_value(self._param, before)
        left = [hunk for hunk in hunks(before, after) if hunk != self._hunk]
        return candidate.with_value(self._param, with_hunks(before, left))


def _removals(candidate: Candidate, incumbent: Candidate) -> list[_Removal]:
    """Whole params first (the largest simplification), then the hunks of texts, the last one first."""
    changed = candidate.changed(incumbent)
    found = [_Removal(param, incumbent, None) for param in changed] if len(changed) > 1 else []
    for param in changed:
        before, after = incumbent.values[param], candidate.values[param]
        if isinstance(before, str) and isinstance(after, str):
            parts = hunks(before, after)
            if 1 < len(parts) <= MOST_HUNKS:
                found += [_Removal(param, incumbent, hunk) for hunk in reversed(parts)]
    return found
