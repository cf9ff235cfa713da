"""Whether what the optimizer ships is true: runs in which nothing can help, runs with mixed proposals, and runs with weak ones.

    python benchmarks/honesty/run.py [--runs 200] [--jobs 2] [--first-seed 1] [--lines none,mixed,weak]

The whole optimizer runs on simulated tasks whose truth is known (world.py); only student and teacher are simulated, without a server,
for what is at stake here are its statistics. Beside it, on the same tasks and with as many calls, runs the gate of most other
optimizers (strict.py). Shipped means offered as a confirmed improvement. A claim is an interval for the gain that is shown to
somebody, of what was shipped and of hints; it holds if the true gain, that over 4,000 other rows, lies in it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import strict
from world import MIXED, NONE, PARAM, WEAK, Lines, World

from adalang.optimizer.loop import optimise
from adalang.optimizer.settings import Settings

LINES = {"none": NONE, "mixed": MIXED, "weak": WEAK}


@dataclass(frozen=True)
class Result:
    """How a run ended. `claimed` is the interval that it shows, None if it shows none; `gain` is the true gain."""

    shipped: bool
    gain: float
    estimate: float
    claimed: tuple[float, float] | None
    calls: int

    @property
    def holds(self) -> bool:
        return self.claimed is not None and self.claimed[0] <= self.gain <= self.claimed[1]


def ours(seed: int, lines: Lines) -> Result:
    world = World(seed, lines)
    outcome = asyncio.run(optimise(world, Settings(seed=seed, repeats=1)))
    gain = world.true_gain(outcome.candidate.text(PARAM)) if outcome.candidate else 0.0
    shown = outcome.evidence
    claimed = (shown.low, shown.high) if shown is not None else None
    return Result(outcome.kind == "proposal", gain, shown.after - shown.before if shown else 0.0, claimed, world.calls)


def stored_strict(seed: int, lines: Lines) -> Result:
    world = World(seed, lines)
    text, claim = asyncio.run(strict.optimise(world))
    if claim is None:
        return Result(False, 0.0, 0.0, None, world.calls)
    return Result(True, world.true_gain(text), claim.difference, (claim.low, claim.high), world.calls)


GATES = {"adalang": ours, "stored score, no test": stored_strict}


def told(gate: str, results: Sequence[Result]) -> str:
    shipped = [result for result in results if result.shipped]
    claims = [result for result in results if result.claimed is not None]
    worse = sum(result.gain < -1e-9 for result in shipped)
    all_gain = statistics.fmean(result.gain if result.shipped else 0.0 for result in results)
    cells = [
        gate,
        f"{len(shipped)} ({len(shipped) / len(results):.1%})",
        str(worse),
        f"{100 * all_gain:+.1f}",
        _mean(shipped, "gain"),
        f"{100 * statistics.fmean(one.estimate - one.gain for one in shipped):+.1f}" if shipped else "–",
        _share(claims),
        _share(shipped),
        f"{statistics.median(one.calls for one in results):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def _mean(some: Sequence[Result], what: str) -> str:
    return f"{100 * statistics.fmean(getattr(one, what) for one in some):+.1f}" if some else "–"


def _share(some: Sequence[Result]) -> str:
    held = sum(one.holds for one in some)
    return f"{held} of {len(some)} ({held / len(some):.1%})" if some else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--lines", default=",".join(LINES))
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.runs)
    with ProcessPoolExecutor(options.jobs) as pool:
        for name in options.lines.split(","):
            lines = LINES[name]
            print(f"\n{lines.name}, {len(seeds)} runs\n")
            print(
                "| gate | shipped | of them worse | true gain, all runs | true gain, shipped | claimed − true | claims that hold "
                "| of the shipped | calls, median |"
            )
            print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
            for gate, run in GATES.items():
                print(told(gate, list(pool.map(partial(run, lines=lines), seeds, chunksize=5))), flush=True)


if __name__ == "__main__":
    main()
