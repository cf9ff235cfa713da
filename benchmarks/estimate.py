"""The estimate that is told before the first call beside what searches really take, on simulated tasks.

    python benchmarks/estimate.py [--rows 40 100 200] [--seeds 1 2]

The tasks are those of the tests (`tests/optimizer/world.py`): rows of four kinds, of which a share is right by luck, and a teacher whose
proposals are wrong, or say nothing, part of the time. There is no budget, so that nothing but the search itself ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.optimizer.world import KINDS, World, chance

from adalang.optimizer.estimate import estimate
from adalang.optimizer.loop import optimise
from adalang.optimizer.settings import Settings


@dataclass(frozen=True)
class Result:
    rows: int
    noise: float
    least: int
    most: int
    calls: int


def advising(seed: int, wrong: float) -> Callable[[str], list[str]]:
    def advice(text: str) -> list[str]:
        found = []
        for nth in range(4):
            kind = KINDS[int(4 * chance(seed, text, nth))]
            luck = chance(seed, text, nth, "luck")
            harm, nothing = f"harm {kind}", f"note {int(1e6 * chance(text, nth))}"
            found.append(harm if luck < wrong / 2 else nothing if luck < wrong else f"rule {kind}")
        return list(dict.fromkeys(found))

    return advice


def measured(rows: int, luck: float, noise: float, wrong: float, seed: int) -> Result:
    world = World(rows, rows, rows, luck=luck, noise=noise, salt=str(seed), advice=advising(seed, wrong))
    settings = Settings(seed=seed)
    told = estimate(world, settings)
    asyncio.run(optimise(world, settings))
    return Result(rows, noise, told.least, told.calls, len(set(world.runs)) + len(world.asked))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[40, 100, 200], help="rows of each split")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    print("| rows of each split | noise | told | real, median | real, most | below the upper end |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for rows, noise in itertools.product(options.rows, (0.0, 0.15)):
        found = [
            measured(rows, luck, noise, wrong, seed)
            for luck, wrong, seed in itertools.product((0.1, 0.5, 0.9), (0.3, 0.9), options.seeds)
        ]
        calls = sorted(one.calls for one in found)
        below = sum(one.calls <= one.most for one in found)
        print(
            f"| {rows} | {noise:.0%} | {found[0].least} – {found[0].most} | {calls[len(calls) // 2]} | {calls[-1]} "
            f"| {below} of {len(found)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
