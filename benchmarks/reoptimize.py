"""Optimizing again after a small edit: the calls of the second run beside those of the first.

    python benchmarks/reoptimize.py [--trec DIR] [--seeds 1 2 3] [--noise]

The task is that of `search` (a server on this machine whose student obeys what its prompt states, noise as there), and with
`--trec` that of `real/tasks/trec.adal`, with the offline model; DIR holds train.jsonl, val.jsonl and test.jsonl. Each edit starts from a copy of the workspace as
the first run has left it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "real"))
sys.path.insert(0, str(Path(__file__).parent / "search"))

import ours
from rows import prepared
from server import Run, Server
from world import World

from adalang.config import load_settings
from adalang.engine.optimization import OptimizeResult
from adalang.engine.proposals import current_edits, write_files
from adalang.engine.session import Session

HERE = Path(__file__).parent
NOBODY = 1_000_000


@dataclass(frozen=True)
class Case:
    """A workspace with one eval, and the texts and rows that its edits change."""

    name: str
    folder: Path
    file: Path
    eval: str
    word: tuple[str, str]
    more_rows: Callable[[Path], None]


@dataclass(frozen=True)
class Again:
    case: str
    edit: str
    first: int
    second: int
    outcomes: tuple[str, str]

    @property
    def ratio(self) -> float:
        return self.second / self.first if self.first else 0.0


async def optimized(folder: Path, file: Path, name: str, **given: Any) -> OptimizeResult:
    async with Session(folder, load_settings(folder, {"KEY": "none"})) as session:
        program = session.load(file)
        return await session.optimization(program, session.optimize_plan(program, name, **given))


def replaced(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, old
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


async def applied(case: Case, file: Path, result: OptimizeResult) -> None:
    if result.proposal is None:
        return
    async with Session(file.parent, load_settings(file.parent, {"KEY": "none"})) as session:
        program = session.load(file)
        write_files(program, current_edits(program, result.proposal))


OTHER = '\nprompt other(text: str) -> str {\n  user = """Say {{ text }} again."""\n}\n'


async def measured(case: Case) -> list[Again]:
    first = await optimized(case.folder, case.file, case.eval)
    found = []
    for edit in ("nothing", "a comment", "another component", "a budget twice as large", "another seed", "one word of the text",
                 "5 % more rows", "the proposal applied"):  # fmt: skip
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "again"
            shutil.copytree(case.folder, folder)
            file = folder / case.file.name
            given: dict[str, Any] = {}
            match edit:
                case "a comment":
                    file.write_text("# Looked over.\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
                case "another component":
                    file.write_text(file.read_text(encoding="utf-8") + OTHER, encoding="utf-8")
                case "a budget twice as large":
                    given = {"calls": 2 * NOBODY}
                case "another seed":
                    given = {"seed": 77}
                case "one word of the text":
                    replaced(file, *case.word)
                case "5 % more rows":
                    case.more_rows(folder)
                case "the proposal applied":
                    await applied(case, file, first)
            second = await optimized(folder, file, case.eval, **given)
            kinds = first.outcome.kind, second.outcome.kind
            found.append(Again(case.name, edit, first.usage.calls, second.usage.calls, kinds))
            print(found[-1], second.outcome.reason, file=sys.stderr, flush=True)
    return found


def simulated(server: Server, folder: Path, seed: int, right: float, noise: float) -> Case:
    world = World(seed)
    name = f"again-{seed}-{noise}"
    server.runs[name] = Run(world, right, noise, NOBODY)

    def row(letter: Any) -> str:
        return json.dumps({"text": letter.text, "answer": world.right(letter)}) + "\n"

    splits = {"train": world.train, "val": world.val, "holdout": world.holdout}
    for split, letters in splits.items():
        (folder / f"{split}.jsonl").write_text("".join(map(row, letters)), encoding="utf-8")
    program = (ours.ONE if world.stages == 1 else ours.TWO).format(*world.first)
    url = f"{server.url(name)}/v1"
    text = ours.FILE.format(url=url, program=program, target="work", calls=NOBODY, seed=seed)
    file = folder / "work.adal"
    file.write_text(text, encoding="utf-8")

    def more_rows(where: Path) -> None:
        fresh = iter(world.unseen)
        for split, letters in splits.items():
            with (where / f"{split}.jsonl").open("a", encoding="utf-8") as out:
                out.writelines(row(next(fresh)) for _ in range(len(letters) // 20))

    return Case(f"simulated {seed}", folder, file, "sorting", (" arrives at ", " comes to "), more_rows)


def trec(folder: Path, data: Path) -> Case:
    prepared(data, folder)
    train = folder / "train.jsonl"
    lines = train.read_text(encoding="utf-8").splitlines(keepends=True)
    train.write_text("".join(lines[: len(lines) - len(lines) // 21]), encoding="utf-8")
    file = folder / "trec.adal"
    shutil.copyfile(HERE / "real" / "tasks" / "trec.adal", file)

    def more_rows(where: Path) -> None:
        (where / "train.jsonl").write_text("".join(lines), encoding="utf-8")

    return Case("TREC", folder, file, "routing", ("the question by", "each question by"), more_rows)


def table(found: Sequence[Again]) -> str:
    lines = ["| edit | first run | second run | share | ends as before |", "| --- | ---: | ---: | ---: | ---: |"]
    for edit in dict.fromkeys(one.edit for one in found):
        own = [one for one in found if one.edit == edit]
        same = sum(one.outcomes[0] == one.outcomes[1] for one in own)
        lines.append(
            f"| {edit} | {statistics.median(one.first for one in own):.0f} | "
            f"{statistics.median(one.second for one in own):.0f} | {100 * statistics.median(one.ratio for one in own):.0f} % | "
            f"{same} of {len(own)} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trec", type=Path, help="folder with train.jsonl, val.jsonl and test.jsonl")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument(
        "--noise", action="store_true", help="15 %% noise and a teacher that is right 40 %% of the time"
    )
    options = parser.parse_args()
    right, noise = (0.4, 0.15) if options.noise else (0.7, 0.0)
    server = Server()
    simulations: list[Again] = []
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as name:
            simulations += asyncio.run(measured(simulated(server, Path(name), seed, right, noise)))
    if simulations:
        print(f"\nSimulated, {len(options.seeds)} seeds, medians\n\n{table(simulations)}")
    if options.trec:
        with tempfile.TemporaryDirectory() as name:
            print(f"\nTREC\n\n{table(asyncio.run(measured(trec(Path(name), options.trec))))}")


if __name__ == "__main__":
    main()
