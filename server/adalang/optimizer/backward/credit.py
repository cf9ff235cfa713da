"""Who is to blame, over several rows: single judgements are often wrong, but not all of them in the same way.

Each row is taken to fail because of one param, and each answer of the teacher on the way back to be a sound judgement or, with the
chance `DOUBT`, to mean nothing. How probable the answers of a row are if the fault is this param's or that one's follows from the
shares on the ways that lead to it; how often each param is at fault is then what makes all rows together most probable
(expectation and maximisation, from equal shares on: nothing is left to chance). So a teacher that stops half-way in some
rows does not make the last steps of a chain guilty of what the first one did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from adalang.optimizer.backward.walk import Judgement, Walked

DOUBT = 0.5
_ELSEWHERE = 0.2  # rows that fail for another reason than most
_SMOOTH = 0.5  # rows' worth of blame that each param is given beforehand
_ROUNDS = 60


class Credit:
    """The judgements of some rows, weighed. Rows without a judgement are left out: they were plain by themselves."""

    def __init__(self, rows: Sequence[Walked]) -> None:
        rows = [row for row in rows if row.params]
        self.params = sorted({param for row in rows for param in row.params})
        self._fits = {row.row: _fits(row, self.params) for row in rows}
        self._often = self._maximised()

    def of(self, row: str) -> Mapping[str, float]:
        """Each param's share of the blame for a row; they add up to 1, and params that had no part in it have none (in some rows none
        has: a run that was cut short before it came to a text)."""
        return _shared(self._fits.get(row, {}), self._often)

    def beforehand(self, params: frozenset[str]) -> Mapping[str, float]:
        """The shares for a row that nobody was asked about, from what the others say."""
        return _shared({param: float(param in params) for param in self.params}, self._often)

    @property
    def sure(self) -> float:
        """How sure it is that the param which most speaks against is the one at fault in most rows (0 to 1)."""
        logs = [
            sum(
                math.log((1 - _ELSEWHERE) * fits[param] + _ELSEWHERE * sum(fits.values()) / len(fits) + 1e-300)
                for fits in self._fits.values()
            )
            for param in self.params
        ]
        return 1 / sum(math.exp(one - max(logs)) for one in logs) if logs else 1.0

    def _maximised(self) -> Mapping[str, float]:
        often = {param: 1 / len(self.params) for param in self.params}
        for _ in range(_ROUNDS):
            blamed = dict.fromkeys(self.params, _SMOOTH)
            for fits in self._fits.values():
                for param, share in _shared(fits, often).items():
                    blamed[param] += share
            total = sum(blamed.values())
            often = {param: blame / total for param, blame in blamed.items()}
        return often


def _shared(fits: Mapping[str, float], often: Mapping[str, float]) -> Mapping[str, float]:
    weights = {param: fit * often.get(param, 0.0) for param, fit in fits.items()}
    total = sum(weights.values())
    return {param: weight / total for param, weight in weights.items()} if total else {}


def _fits(row: Walked, params: Sequence[str]) -> Mapping[str, float]:
    """For each param: how well the row's judgements fit its being at fault (0: it had no part)."""
    return {
        param: math.prod(_fit(judgement, param) for judgement in row.judgements) if param in row.params else 0.0
        for param in params
    }


def _fit(judgement: Judgement, param: str) -> float:
    """How much more probable an answer is if the fault is this param's than if the teacher had guessed.

    The fault came on one of the ways that lead to the param, any of them; an answer about others says nothing of it.
    """
    ways = [judgement.shares.get(name, 0.0) for name, leads in judgement.leads.items() if param in leads]
    if not ways:
        return 1.0
    return DOUBT + (1 - DOUBT) * len(judgement.leads) * sum(ways) / len(ways)
