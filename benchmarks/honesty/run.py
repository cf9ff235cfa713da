"""Whether what the optimizer ships is true: runs in which nothing can help, and runs with mixed proposals.

    python benchmarks/honesty/run.py [--runs 200] [--jobs 2]

The whole optimizer runs on a simulated task whose truth is known; only student and teacher are simulated, without a server, for
what is at stake here are its statistics. Each answer is a coin that hangs on the row, on the text and on luck. The teacher's edits
do nothing at all (first table), or are good, neutral and harmful in the shares 12, 50 and 38 % (second). Shipped means offered as a
confirmed improvement; claims are the intervals of what was shipped and of hints. The true gain is that over 4,000 other rows.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.loop import optimise
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Component, Example, Param, Remaining, Split, TaskInfo
from adalang.runtime.models.types import Message, Usage
from adalang.store.records import HoldoutLook

TEXT = "Answer the question."
PARAM = "solve.text"
KINDS = 4
ROWS = {"train": 60, "val": 60, "test": 60}
UNSEEN = 4000
GOOD, NEUTRAL = 0.12, 0.50
CALLS = 1500


def chance(*what: object) -> float:
    """A number in [0, 1) fixed by its arguments."""
    return int.from_bytes(hashlib.blake2b(repr(what).encode(), digest_size=6).digest(), "big") / 2**48


class World:
    """One task. `helpful`: whether edits change anything; then each line of a text acts on two kinds of rows."""

    def __init__(self, seed: int, helpful: bool) -> None:
        self.seed, self.helpful = seed, helpful
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
        kind = int(KINDS * chance(self.seed, "kind", row))
        for line in text.splitlines()[1:]:
            if kind in (int(KINDS * chance(self.seed, line, nth)) for nth in range(2)):
                rate += self.effect(line)
        return min(0.97, max(0.03, rate))

    def effect(self, line: str) -> float:
        drawn, size = chance(self.seed, "effect", line), 0.1 + 0.3 * chance(self.seed, "size", line)
        if not self.helpful or GOOD <= drawn < GOOD + NEUTRAL:
            return 0.0
        return size if drawn < GOOD else -size

    def true_gain(self, text: str) -> float:
        rows = [f"unseen {nth}" for nth in range(UNSEEN)]
        return statistics.fmean(self.rate(text, row) - self.rate(TEXT, row) for row in rows)

    # -- what the optimizer sees ---------------------------------------------------------------------------------

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


@dataclass(frozen=True)
class Result:
    """How a run ended. `claimed` is the interval that it shows, None if it shows none; `gain` is the true gain."""

    kind: str
    gain: float
    estimate: float
    claimed: tuple[float, float] | None
    calls: int

    @property
    def holds(self) -> bool:
        return self.claimed is not None and self.claimed[0] <= self.gain <= self.claimed[1]


def one(seed: int, helpful: bool) -> Result:
    world = World(seed, helpful)
    outcome = asyncio.run(optimise(world, Settings(seed=seed, repeats=1)))
    gain = world.true_gain(outcome.candidate.text(PARAM)) if outcome.candidate else 0.0
    shown = outcome.evidence
    claimed = (shown.low, shown.high) if shown is not None else None
    return Result(outcome.kind, gain, shown.after - shown.before if shown else 0.0, claimed, world.calls)


def told(name: str, results: Sequence[Result]) -> str:
    shipped = [result for result in results if result.kind == "proposal"]
    claims = [result for result in results if result.claimed is not None]
    worse = sum(result.gain < -1e-9 for result in shipped)
    gain = 100 * statistics.fmean(result.gain for result in shipped) if shipped else 0.0
    bias = 100 * statistics.fmean(result.estimate - result.gain for result in claims) if claims else 0.0

    def share(some: Sequence[Result]) -> str:
        return (
            f"{sum(one.holds for one in some)} of {len(some)} ({sum(one.holds for one in some) / len(some):.1%})"
            if some
            else "–"
        )

    return (
        f"| {name} | {len(results)} | {len(shipped)} ({len(shipped) / len(results):.1%}) | {worse} | {gain:+.1f} "
        f"| {share(claims)} | {share(shipped)} | {bias:+.1f} | {statistics.median(one.calls for one in results):.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=1)
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.runs)
    print(
        "| proposals | runs | shipped | of them worse | true gain shipped | claims that hold | of the shipped | claimed - true | calls, median |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with ProcessPoolExecutor(options.jobs) as pool:
        for name, helpful in (("none can help", False), ("12 % good, 50 % neutral, 38 % harmful", True)):
            print(told(name, list(pool.map(partial(one, helpful=helpful), seeds, chunksize=5))), flush=True)


if __name__ == "__main__":
    main()
