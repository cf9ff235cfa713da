"""Which operator has the next turn: what gained most for its cost, mostly."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from adalang.optimizer.operators.base import Operator
from adalang.optimizer.state import Search


@dataclass(slots=True)
class Bandit:
    """Draws an operator in proportion to its gain per cost so far (Gumbel-max on the log)."""

    operators: Sequence[Operator]
    _gain: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _cost: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    turns: Counter[str] = field(default_factory=Counter)

    def pick(self, search: Search, stalled: bool) -> Operator:
        """Texts first; when they stall, what had no turn yet, then by chance. At least one operator has to be available."""
        usable = [operator for operator in self.operators if operator.available(search)]
        fresh = [operator for operator in usable if not self.turns[operator.name]]
        if len(fresh) == len(usable):
            return usable[0]
        if stalled and fresh:
            return fresh[0]
        known = [operator for operator in usable if self.turns[operator.name]]
        return max(
            known, key=lambda operator: self._value(operator.name) - math.log(-math.log(search.rng.random() or 1e-12))
        )

    def reward(self, operator: str, gain: float, cost: float) -> None:
        """`gain`: rise of the best mean in rows; `cost`: runs made."""
        self.turns[operator] += 1
        # What an operator did lately counts most: the first steps are easy for any.
        self._gain[operator] = self._gain[operator] / 2 + max(0.0, gain)
        self._cost[operator] = self._cost[operator] / 2 + cost

    def _value(self, operator: str) -> float:
        return math.log((self._gain[operator] + 1.0) / (self._cost[operator] + 50.0))
