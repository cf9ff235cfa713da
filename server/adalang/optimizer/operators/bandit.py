"""Which operator has the next turn: what gained most for its cost, mostly."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from adalang.optimizer.chance import gumbel
from adalang.optimizer.operators.base import Operator
from adalang.optimizer.state import Search

PLATEAU = 1
"""Rounds without gain from which operators other than the first have their first turn."""

_PRIOR_GAIN, _PRIOR_COST = 1.0, 50.0


@dataclass(slots=True)
class Bandit:
    """Draws an operator in proportion to its gain per cost so far (Gumbel-max on the log).

    Its state is a fold over the turns alone, and its chance is the search's: a replay of the same events draws the same.
    """

    operators: Sequence[Operator]
    _gain: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _cost: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    turns: Counter[str] = field(default_factory=Counter)

    def pick(self, search: Search) -> Operator:
        """The first in the order of the registry has its turn at once; the others have their first, in that order, when the
        search has come to a plateau; then chance decides. At least one operator has to be available."""
        usable = [operator for operator in self.operators if operator.available(search)]
        fresh = [operator for operator in usable if not self.turns[operator.name]]
        if fresh and (fresh[0] is usable[0] or search.idle >= PLATEAU):
            return fresh[0]
        known = [operator for operator in usable if self.turns[operator.name]]
        return max(known, key=lambda operator: self._value(operator.name) + gumbel(search.rng))

    def reward(self, operator: str, gain: float, cost: float) -> None:
        """`gain`: rise of the best mean in rows; `cost`: in model calls of the target, the teacher's at their price."""
        self.turns[operator] += 1
        # What an operator did lately counts most: the first steps are easy for any.
        self._gain[operator] = self._gain[operator] / 2 + max(0.0, gain)
        self._cost[operator] = self._cost[operator] / 2 + cost

    def _value(self, operator: str) -> float:
        return math.log((self._gain[operator] + _PRIOR_GAIN) / (self._cost[operator] + _PRIOR_COST))
