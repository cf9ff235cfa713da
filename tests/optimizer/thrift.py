"""A world in which words cost tokens: the model needs only the rules in its text, the rest is ballast."""

from __future__ import annotations

from dataclasses import replace

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Example
from adalang.runtime.models.types import Usage
from tests.optimizer.world import KINDS, World

RULES = "\n".join(f"rule {kind}" for kind in KINDS)
BALLAST = "\n".join(
    f"{number} please take all the care that you can and think well before you answer anything at all"
    for number in ("First", "Second", "Third", "Fourth")
)


class PricedWorld(World):
    """A run costs the words of its text, twenty of the question, and `seconds`; `usd` a thousand tokens."""

    def __init__(self, *args, text: str, usd: float = 0.0, seconds=lambda text: 1.0, **more) -> None:
        super().__init__(*args, **more)
        self.text, self.usd, self.seconds = text, usd, seconds
        (param, *others) = self.info.params
        self.info = replace(self.info, params=[replace(param, value=text), *others])

    async def run(self, candidate: Candidate, example: Example, sample: int) -> RowResult:
        result = await super().run(candidate, example, sample)
        text = candidate.text("solve.text")
        tokens = 20 + len(text.split())
        usage = Usage(1, 0, tokens, 2, self.usd * (tokens + 2) / 1000, self.seconds(text))
        return replace(result, answer_usage=usage)
