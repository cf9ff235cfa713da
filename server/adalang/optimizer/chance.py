"""Chance that a decision leaves something to: always the search's own, so that a replay draws the same."""

from __future__ import annotations

import math
import random


def gumbel(rng: random.Random) -> float:
    """Gumbel noise: what is largest of `log(weight) + gumbel(rng)` is drawn in proportion to the weights."""
    return -math.log(-math.log(max(rng.random(), 1e-12)))
