"""TREC question classification, before and after an optimization, on questions that the search never saw.

    python benchmarks/trec/run.py --data DIR [--seeds 1 2 3 4 5] [--split-seed 3] [--model openai|anthropic]

DIR holds ``train.jsonl`` and ``test.jsonl`` with the fields ``question`` and ``label`` (UIUC question classification). The
seeds steer the search; ``--split-seed`` chooses which rows of train.jsonl it may use. With ``--model`` the same file runs against a
server on this machine that speaks that provider's protocol over HTTP; only the model line changes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from adalang.config import load_settings
from adalang.engine.proposals import current_edits, write_files
from adalang.engine.session import Session
from adalang.evaluation.results import Evaluation

HERE = Path(__file__).parent
MODELS = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-sonnet-4-5"}


@dataclass(frozen=True)
class Result:
    """Scores are shares of right answers; ``claimed`` is the proposal's interval for the gain."""

    seed: int
    outcome: str
    before: float
    after: float
    claimed: tuple[float, float] | None
    holdout: int
    calls: int
    seconds: float

    @property
    def gain(self) -> float:
        return self.after - self.before

    @property
    def holds(self) -> bool:
        return self.claimed is not None and self.claimed[0] <= self.gain <= self.claimed[1]


async def one(data: Path, seed: int, split_seed: int, protocol: str | None) -> Result:
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        for name in ("train.jsonl", "test.jsonl"):
            shutil.copyfile(data / name, folder / name)
        text = (HERE / "questions.adal").read_text(encoding="utf-8")
        text = re.sub(r"(?m)^(  seed +=) 1$", rf"\1 {seed}", text)
        text = text.replace("seed = 3 }", f"seed = {split_seed} }}")
        async with server(protocol) as api_base:
            if protocol:
                line = f'model student = "{MODELS[protocol]}" {{ api_base = "{api_base}", api_key = env("KEY"), temperature = 0 }}'
                text = text.replace('model student = "builtin/lexical"', line)
            file = folder / "questions.adal"
            file.write_text(text, encoding="utf-8")
            return await measured(folder, file, seed)


async def measured(folder: Path, file: Path, seed: int) -> Result:
    async with Session(folder, load_settings(folder, {"KEY": "none"})) as session:
        before = await session.evaluation(session.load(file), "exam")
        program = session.load(file)
        began = time.monotonic()
        result = await session.optimization(program, session.optimize_plan(program, "routing"))
        seconds = time.monotonic() - began
        after: Evaluation = before
        claimed = None
        holdout = 0
        if result.proposal is not None and result.proposal.evidence.verified:
            evidence = result.proposal.evidence
            claimed, holdout = (evidence.low, evidence.high), evidence.holdout_n
            write_files(program, current_edits(program, result.proposal))
            after = await session.evaluation(session.load(file), "exam")
        return Result(
            seed,
            result.outcome.kind,
            before.score or 0.0,
            after.score or 0.0,
            claimed,
            holdout,
            result.usage.calls,
            seconds,
        )


@contextlib.asynccontextmanager
async def server(protocol: str | None) -> AsyncIterator[str]:
    if protocol is None:
        yield ""
        return
    sys.path.insert(0, str(HERE.parent.parent))
    from tests.servers import LoopbackServer

    async with LoopbackServer(protocol) as running:  # type: ignore[arg-type]
        yield running.api_base


def table(results: list[Result]) -> str:
    lines = [
        "| seed | before | after | gain | claimed | holds | hold-out | calls | seconds |",
        "| ---: | ---: | ---: | ---: | :---: | :---: | ---: | ---: | ---: |",
    ]
    for one_ in results:
        claimed = f"[{100 * one_.claimed[0]:+.1f}, {100 * one_.claimed[1]:+.1f}]" if one_.claimed else one_.outcome
        lines.append(
            f"| {one_.seed} | {100 * one_.before:.1f} % | {100 * one_.after:.1f} % | {100 * one_.gain:+.1f} | {claimed} "
            f"| {'yes' if one_.holds else 'no'} | {one_.holdout} | {one_.calls} | {one_.seconds:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.jsonl and test.jsonl")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--split-seed", type=int, default=3, help="which rows of train.jsonl fall into which split")
    parser.add_argument("--model", choices=sorted(MODELS), help="speak this protocol to a server on this machine")
    options = parser.parse_args()
    results = []
    for seed in options.seeds:
        results.append(asyncio.run(one(options.data, seed, options.split_seed, options.model)))
        print(f"seed {seed}: {results[-1]}", file=sys.stderr)
    print(table(results))


if __name__ == "__main__":
    main()
