"""How a search is run. Everything has a default that suits a few hundred rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from adalang.optimizer.objective import Prefer
from adalang.optimizer.savings import MARGIN


@dataclass(frozen=True, slots=True)
class PointPrice:
    """What one point (a hundredth) of mean score may cost at most, in calls of model and teacher and in USD; None: no such bound."""

    calls: float | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`goal`: the mean score on the selection rows at which the search has done enough (None: only a perfect one).

    `settled_patience` is that number where an earlier run has searched from about the same texts to its end already.

    `repeats`: samples of each row in baseline and ship test, for models whose answers vary. `patience`: rounds without
    gain, after each operator had its turn, that end the search. `simplify`: whether parts of a found edit that do not
    carry their weight are taken out before the ship test. `anyway`: search even where little can be gained. `prefer`: what cost and
    latency are worth. `point`: what a point of score may cost; a search that brings less for it ends. `cheaper`: whether, where no gain is found, the same score for less is looked for; `margin` is how
    much lower the score may then be.
    """

    seed: int = 0
    rounds: int = 40
    batch: int = 20
    hypotheses: int = 4
    repeats: int = 2
    patience: int = 12
    settled_patience: int = 2
    goal: float | None = None
    simplify: bool = True
    holdout_looks: int = 5
    anyway: bool = False
    prefer: Prefer = field(default_factory=Prefer)
    point: PointPrice = field(default_factory=PointPrice)
    cheaper: bool = True
    margin: float = MARGIN
