"""Tasks whose truth is known, for the optimizer and for a gate beside it: answers are coins that hang on row, text and luck.

The teacher appends one line at a time. What a line does to the chance of a right answer is drawn once: nothing at all, or good,
neutral or harmful in given shares, and then on two of the four kinds of rows.
"""

from __future__ import annotations

import hashlib
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Component, Example, Param, Remaining, Split, TaskInfo
from adalang.runtime.models.types import Message, Usage
from adalang.store.records import HoldoutLook

TEXT = "Answer the question."
PARAM = "solve.text"
ROWS = {"train": 60, "val": 60, "test": 60}
CALLS = 1500
_KINDS = 4
_UNSEEN = 4000


@dataclass(frozen=True)
class Lines:
    """What a teacher's lines do: the shares that are good and harmful, and the least and most that they change a rate by."""

    name: str
    good: float = 0.0
    harmful: float = 0.0
    least: float = 0.1
    most: float = 0.4


NONE = Lines("none can help")
MIXED = Lines("12 % good, 50 % neutral, 38 % harmful", 0.12, 0.38)
WEAK = Lines("the same shares, effects a third as large", 0.12, 0.38, 0.03, 0.13)


def chance(*what: object) -> float:
    """A number in [0, 1) fixed by its arguments."""
    return int.from_bytes(hashlib.blake2b(repr(what).encode(), digest_size=6).digest(), "big") / 2**48


class World:
    """One task, as the optimizer sees it (its `Task` protocol), and the truth about it."""

    def __init__(self, seed: int, lines: Lines) -> None:
        self.seed, self.lines = seed, lines
        self.examples = {
            split: [Example(f"{split} {nth}", {"question": f"question {split} {nth}"}, "yes") for nth in range(count)]
            for split, count in ROWS.items()
        }
        self.calls = 0
        self.looked: list[HoldoutLook] = []
        component = Component("solve", "prompt", "prompt solve(question: str) -> str")
        params = [Param(PARAM, "text", "solve", TEXT)]
        self.info = TaskInfo("solve", params, {"solve": component}, False, False, 1.0, "holdout", "e", "run")

    # -- the truth -----------------------------------------------------------------------------------------------

    def rate(self, text: str, row: str) -> float:
        """How often a row is answered right under a text."""
        rate = 0.15 + 0.7 * chance(self.seed, "row", row)
        kind = int(_KINDS * chance(self.seed, "kind", row))
        for line in text.splitlines()[1:]:
            if kind in (int(_KINDS * chance(self.seed, line, nth)) for nth in range(2)):
                rate += self.effect(line)
        return min(0.97, max(0.03, rate))

    def effect(self, line: str) -> float:
        drawn, lines = chance(self.seed, "effect", line), self.lines
        size = lines.least + (lines.most - lines.least) * chance(self.seed, "size", line)
        return size if drawn < lines.good else -size if drawn >= 1 - lines.harmful else 0.0

    def true_gain(self, text: str) -> float:
        """Over many rows that nobody has seen."""
        rows = [f"unseen {nth}" for nth in range(_UNSEEN)]
        return statistics.fmean(self.rate(text, row) - self.rate(TEXT, row) for row in rows)

    # -- what an optimizer sees ----------------------------------------------------------------------------------

    def rows(self, split: Split) -> Sequence[Example]:
        return self.examples[split]

    async def run(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        self.calls += 1
        right = chance(self.seed, "coin", candidate.key, row.id, sample) < self.rate(candidate.text(PARAM), row.id)
        output = "yes" if right else "no"
        return RowResult(
            row.id, sample, "ok", float(right), "" if right else "expected yes", output, "yes", row.inputs,
            Usage(calls=1), Usage(calls=1, input_tokens=10),
        )  # fmt: skip

    async def run_with_teacher(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        return await self.run(candidate, row, sample)

    async def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], sample: int) -> Any:
        self.calls += 1
        rng = random.Random(f"{self.seed} {sample} {self.calls}")
        lines = [f"Mind rule {rng.randrange(10**6)}." for _ in range(4)]
        return {
            "hypotheses": [
                {
                    "cause": "The text lacks a rule.",
                    "change": f"Add: {line}",
                    "examples": sorted(rng.sample(range(1, 9), 2)),
                    "edits": [{"action": "append", "find": "", "text": line}],
                }
                for line in lines
            ]
        }

    def remaining(self) -> Remaining:
        return Remaining(calls=CALLS - self.calls)

    def spent(self) -> Usage:
        return Usage(calls=self.calls)

    def looks(self) -> Sequence[HoldoutLook]:
        return self.looked

    def record_look(self, look: HoldoutLook) -> None:
        self.looked.append(look)
