"""Which train rows a round looks at: mostly those that failed lately, some new ones, and some that must not break."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adalang.optimizer.runs import PASS
from adalang.optimizer.task import Example

_FAILED_SHARE, _ANCHOR_SHARE = 0.6, 0.15
_ANCHOR_PASSES = 3


@dataclass(slots=True)
class Sampler:
    """Draws batches of train rows and remembers how they went."""

    rows: Sequence[Example]
    rng: random.Random
    _last: dict[str, bool] = field(default_factory=dict)  # row id -> passed when last seen, oldest first
    _passes: dict[str, set[str]] = field(default_factory=dict)  # row id -> keys of the candidates that passed it
    _ever_failed: set[str] = field(default_factory=set)

    def batch(self, size: int) -> list[Example]:
        """`size` rows (or all, when there are fewer): 60 % recent failures, 15 % anchors, the rest by chance, unseen first."""
        by_id = {row.id: row for row in self.rows}
        failed = [row for row, passed in reversed(self._last.items()) if not passed]
        # Of the recent failures a random half stays out, so that rounds do not circle around the same rows.
        recent = failed[: 2 * round(_FAILED_SHARE * size)]
        chosen = self.rng.sample(recent, min(len(recent), round(_FAILED_SHARE * size)))
        anchors = sorted(self.anchors())
        chosen += self.rng.sample(anchors, min(len(anchors), round(_ANCHOR_SHARE * size)))
        unseen = [row.id for row in self.rows if row.id not in self._last]
        others = [row.id for row in self.rows if row.id in self._last and row.id not in chosen]
        for pool in (unseen, others):
            chosen += self.rng.sample(pool, min(len(pool), size - len(chosen)))
        return [by_id[row] for row in chosen]

    def anchors(self) -> frozenset[str]:
        """Rows that three different candidates passed and none ever failed: what always worked must go on working."""
        return frozenset(
            row for row, keys in self._passes.items() if len(keys) >= _ANCHOR_PASSES and row not in self._ever_failed
        )

    def saw(self, candidate: str, scores: Mapping[str, float]) -> None:
        """Remembers how the candidate with this key did."""
        for row, score in scores.items():
            passed = score >= PASS
            self._last.pop(row, None)
            self._last[row] = passed
            if passed:
                self._passes.setdefault(row, set()).add(candidate)
            else:
                self._ever_failed.add(row)
