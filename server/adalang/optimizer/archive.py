"""The candidates that are worth building on, and the choice among them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from adalang.optimizer.candidate import Candidate
from adalang.optimizer.chance import gumbel
from adalang.optimizer.why import Step, why

_SOLVED = 1e-9


@dataclass(frozen=True, slots=True)
class Entry:
    """A candidate with its mean scores by selection row, as far as they are known: they become more while the search runs.
    `steps` are the changes that led to it from what the file holds."""

    candidate: Candidate
    scores: dict[str, float]
    steps: tuple[Step, ...] = ()
    operator: str = ""

    @property
    def mean(self) -> float:
        return sum(self.scores.values()) / len(self.scores) if self.scores else 0.0

    def why(self, origin: Candidate) -> str:
        """The changes since `origin`, what the file holds, that still stand in it, in words."""
        return why(self.steps, self.candidate, origin)

    def gain_over(self, other: Entry) -> float:
        """The mean difference to another entry over the rows that both know; 0 where there are none."""
        gains = [score - other.scores[row] for row, score in self.scores.items() if row in other.scores]
        return sum(gains) / len(gains) if gains else 0.0

    @property
    def standard_error(self) -> float:
        """Of the mean over rows; 1 where one row or none leaves it unknown."""
        n = len(self.scores)
        if n < 2:
            return 1.0
        mean = self.mean
        return math.sqrt(sum((score - mean) ** 2 for score in self.scores.values()) / (n - 1) / n)


@dataclass(slots=True)
class Archive:
    """Entries in the order in which they came; the first is what the file holds now."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    @property
    def incumbent(self) -> Entry:
        return self.entries[0]

    @property
    def champion(self) -> Entry:
        """The newest entry: only what beat the one before comes in."""
        return self.entries[-1]

    @property
    def safest(self) -> Entry:
        """The entry with the best lower bound (mean - se/2): less likely a lucky one than the best; ties: the oldest."""
        return max(self.entries, key=lambda entry: entry.mean - 0.5 * entry.standard_error)

    def wins(self) -> Sequence[int]:
        """For each entry the number of rows on which none is better; rows that none solves are not counted."""
        rows = {row for entry in self.entries for row in entry.scores}
        tops = {row: max(entry.scores.get(row, 0.0) for entry in self.entries) for row in rows}
        return [
            sum(_SOLVED < top <= entry.scores.get(row, 0.0) + _SOLVED for row, top in tops.items())
            for entry in self.entries
        ]

    def pick_parent(self, rng: random.Random) -> Entry:
        """An entry drawn in proportion to the square of its wins (Gumbel-max), of equal draws the newest."""
        draws = [(2 * math.log(wins) + gumbel(rng), i) for i, wins in enumerate(self.wins()) if wins]
        return self.entries[max(draws)[1]] if draws else self.champion
