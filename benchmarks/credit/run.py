"""Whether the prompt that is broken is blamed first: pipelines of two to five prompts, one of them broken at random.

    python benchmarks/credit/run.py [--pipelines 100] [--right 0.7]

Every prompt appends a word to what it is given; the broken one appends wrong words. Some pipelines are a chain, some run their
middle steps side by side. The teacher judges one step at a time from what the request shows: a step is at fault if its output is
wrong though its inputs are right. Each of its judgements is right with the given chance and else shares the blame at random. The
first param that the optimizer would change counts.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.events import RunEvent
from adalang.optimizer.loop import optimise
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Component, Example, Param, Remaining, Split, TaskInfo
from adalang.runtime.models.types import Message, Usage
from adalang.runtime.trace import Call, Trace
from adalang.store.records import HoldoutLook

NAMES = ("plan", "look", "draft", "check", "close")
ROWS = 30
BROKEN = "slip"


class Found(Exception):
    """The optimizer has said what it would change; nothing further matters."""


class World:
    """A pipeline of a seed. `feeds` says for each step which later ones take its output; `broken` is the step at fault."""

    def __init__(self, seed: int, right: float) -> None:
        rng = random.Random(seed)
        self.rng, self.right = random.Random(f"teacher {seed}"), right
        count = rng.randint(2, 5)
        self.steps = NAMES[:count]
        wide = count >= 4 and rng.random() < 0.5
        self.sources: dict[str, tuple[str, ...]] = {self.steps[0]: ()}
        for before, step in zip(self.steps, self.steps[1:], strict=False):
            self.sources[step] = (self.steps[0],) if wide and step != self.steps[-1] else (before,)
        if wide:
            self.sources[self.steps[-1]] = self.steps[1:-1]
        self.broken = rng.choice(self.steps)
        # The broken step spoils most rows, and now and then another one has bad luck.
        self.spoilt = {
            f"{nth}": self.broken if rng.random() < 0.8 else rng.choice(self.steps) for nth in range(3 * ROWS)
        }
        self.fine = {f"{nth}" for nth in range(3 * ROWS) if rng.random() < 0.3}
        self.examples = {
            split: [
                Example(f"{nth}", {"text": f"case {nth}"}, self.outputs(f"{nth}", "")[self.steps[-1]])
                for nth in numbers
            ]
            for split, numbers in (
                ("train", range(ROWS)),
                ("val", range(ROWS, 2 * ROWS)),
                ("test", range(2 * ROWS, 3 * ROWS)),
            )
        }
        components = {
            step: Component(
                step,
                "prompt",
                f"prompt {step}({', '.join(self.inputs(step))}) -> str",
                feeds=[later for later in self.steps if step in self.sources[later]],
            )
            for step in self.steps
        }
        params = [Param(f"{step}.text", "text", step, f"Do the work of {step}.") for step in self.steps]
        self.info = TaskInfo("work", params, components, True, False, float(count), "holdout", "e", "run")

    def inputs(self, step: str) -> list[str]:
        return [f"from_{source}" for source in self.sources[step]] or ["text"]

    def outputs(self, row: str, spoilt: str) -> dict[str, str]:
        """What each step says about a row, if one step spoils it."""
        found: dict[str, str] = {}
        for step in self.steps:
            given = " ".join(found[source] for source in self.sources[step]) or f"case {row}"
            found[step] = f"{given} {BROKEN if step == spoilt else step}-{row}"
        return found

    def rows(self, split: Split) -> Sequence[Example]:
        return self.examples[split]

    async def run(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        said = self.outputs(row.id, "" if row.id in self.fine else self.spoilt[row.id])
        calls = []
        for step in self.steps:
            sources = {f"from_{source}": said[source] for source in self.sources[step]}
            calls.append(Call(step, "prompt", sources or {"text": f"case {row.id}"}, output=said[step]))
        output = said[self.steps[-1]]
        right = output == row.expected
        reason = "" if right else f"expected {row.expected!r}, got {output!r}"
        usage = Usage(calls=len(self.steps))
        return RowResult(
            row.id, sample, "ok", float(right), reason, output, row.expected, row.inputs, usage, usage, Trace(calls)
        )

    async def run_with_teacher(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        return await self.run(candidate, row, sample)

    async def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], sample: int) -> Any:
        """The teacher looks at one step: an input that shows a slip is to blame for it, else the step's own text."""
        if "feedback" not in schema["properties"]:
            return {"hypotheses": []}
        text = messages[-1].text
        names = schema["properties"]["feedback"]["items"]["properties"]["name"]["enum"]
        bad = [name for name in names if re.search(rf'^INPUT {re.escape(name)}: ".*{BROKEN}', text, re.MULTILINE)]
        guilty = bad or [name for name in names if name.endswith(".text")]
        if self.rng.random() >= self.right:
            return {"feedback": [{"name": name, "blame": round(self.rng.random(), 2), "note": "?"} for name in names]}
        return {"feedback": [{"name": name, "blame": 1 / len(guilty), "note": f"{BROKEN} in it"} for name in guilty]}

    def remaining(self) -> Remaining:
        return Remaining()

    def spent(self) -> Usage:
        return Usage()

    def looks(self) -> Sequence[HoldoutLook]:
        return ()

    def record_look(self, look: HoldoutLook) -> None:
        raise AssertionError("nothing is tested here")


def blamed(world: World, seed: int) -> str:
    """The step whose text the optimizer would change first; "" if it blames none."""
    found = ""

    def told(event: RunEvent) -> None:
        nonlocal found
        if event.kind == "feedback":
            found = str(event.payload["target"]).split(".")[0]
            raise Found

    try:
        asyncio.run(optimise(world, Settings(seed=seed), told))
    except Found:
        pass
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pipelines", type=int, default=100)
    parser.add_argument("--right", type=float, nargs="+", default=[1.0, 0.7, 0.4])
    options = parser.parse_args()
    print("| teacher right | prompts | blamed first | by chance |")
    print("| ---: | ---: | ---: | ---: |")
    for right in options.right:
        count, hits = Counter[int](), Counter[int]()
        for seed in range(options.pipelines):
            world = World(seed, right)
            count[len(world.steps)] += 1
            hits[len(world.steps)] += blamed(world, seed) == world.broken
        for size in sorted(count):
            print(f"| {right:.0%} | {size} | {hits[size]} of {count[size]} | {1 / size:.0%} |")
        total = sum(hits.values())
        print(
            f"| {right:.0%} | **all** | **{total} of {options.pipelines} ({total / options.pipelines:.0%})** | |",
            flush=True,
        )


if __name__ == "__main__":
    main()
