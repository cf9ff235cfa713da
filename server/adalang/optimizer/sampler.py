"""Which train rows a round looks at: those that failed lately, some new ones, and what is known already for nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from adalang.evaluation.results import RowResult
from adalang.optimizer.runs import PASS
from adalang.optimizer.task import Example

_FAILED_SHARE = 0.5
_ANCHOR_PASSES = 3


@dataclass(slots=True)
class Sampler:
    """Draws train rows and remembers how they went."""

    rows: Sequence[Example]
    rng: random.Random
    _results: dict[str, dict[str, RowResult]] = field(default_factory=dict)  # candidate key -> row id -> result
    _last: dict[str, bool] = field(default_factory=dict)  # row id -> passed when last seen, oldest first
    _passes: dict[str, set[str]] = field(default_factory=dict)  # row id -> keys of the candidates that passed it
    _ever_failed: set[str] = field(default_factory=set)

    def draw(self, candidate: str, size: int) -> list[Example]:
        """Up to `size` rows that this candidate was not run on: half of them failed last, the rest by chance, unseen first."""
        by_id = {row.id: row for row in self.rows}
        known = self._results.get(candidate, {})
        failed = [row for row, passed in reversed(self._last.items()) if not passed and row not in known]
        recent = failed[: 2 * size]
        chosen = self.rng.sample(recent, min(len(recent), round(_FAILED_SHARE * size)))
        unseen = [row.id for row in self.rows if row.id not in self._last]
        others = [row.id for row in self.rows if row.id in self._last and row.id not in known and row.id not in chosen]
        for pool in (unseen, others):
            chosen += self.rng.sample(pool, min(len(pool), size - len(chosen)))
        return [by_id[row] for row in chosen]

    def known(self, candidate: str) -> list[RowResult]:
        """The results of a candidate so far, newest first."""
        return list(reversed(self._results.get(candidate, {}).values()))

    def anchors(self) -> frozenset[str]:
        """Rows that three different candidates passed and none ever failed: what always worked must go on working."""
        return frozenset(
            row for row, keys in self._passes.items() if len(keys) >= _ANCHOR_PASSES and row not in self._ever_failed
        )

    def saw(self, candidate: str, result: RowResult) -> None:
        """Remembers how the candidate with this key did on a row."""
        row, passed = result.row_id, (result.score or 0.0) >= PASS
        self._results.setdefault(candidate, {})[row] = result
        self._last.pop(row, None)
        self._last[row] = passed
        if passed:
            self._passes.setdefault(row, set()).add(candidate)
        else:
            self._ever_failed.add(row)
