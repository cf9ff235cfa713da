"""Model calls until a good prompt is chosen: our optimizer beside others, all on one server, seed by seed.

    python benchmarks/search/run.py [--systems adalang,gepa,dspy,adalflow,textgrad] [--peers PYTHON] [--seeds 1 2 …]

The task is made anew from each seed (world.py); a student obeys the rules that its prompt states; a teacher is right part of the
time (teacher.py). A call is one request to either of them. A system has found a good prompt when what it would choose, if it had
to end now, is right on at least 90 % of letters that nobody has seen, without noise. It may make 1,500 calls.

PYTHON is the interpreter of an environment with the packages of requirements.txt; a system that it lacks is reported as missing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import ours
from server import Run, Server
from world import World

HERE = Path(__file__).parent
BUDGET = 1500
LEVELS = (("no noise, teacher right 70 %", 0.7, 0.0), ("15 % noise, teacher right 40 %", 0.4, 0.15))
PEERS = {"gepa": "gepa", "dspy": "dspy", "adalflow": "adalflow", "textgrad": "textgrad"}
LONGEST = 900  # seconds for one run


@dataclass(frozen=True)
class Result:
    """`calls`: until a good prompt was chosen, None if it was not; `best`: the highest true score of what was chosen."""

    system: str
    seed: int
    calls: int | None
    best: float
    spent: int
    seconds: float
    note: str


def measured(server: Server, system: str, seed: int, right: float, noise: float, python: str) -> Result:
    run = Run(World(seed), right, noise, BUDGET)
    name = f"{system}-{seed}-{round(100 * right)}"
    server.runs[name] = run
    began = time.monotonic()
    if system == "adalang":
        note = ours.optimize(run, server.url(name), seed)
    else:
        note = _peer(run, server.url(name), system, seed, python)
    best = max((score for _, score in run.chosen), default=run.world.true_score(run.world.first))
    return Result(system, seed, run.reached, best, run.spent, time.monotonic() - began, note)


def _peer(run: Run, url: str, system: str, seed: int, python: str) -> str:
    """Runs a peer in a process of its own until it has found a good prompt, its budget is used up, or it ends."""
    world = run.world
    with tempfile.TemporaryDirectory() as folder:
        task = {
            "url": url,
            "first": world.first,
            "train": [{"text": letter.text, "answer": world.right(letter)} for letter in world.train],
            "val": [{"text": letter.text, "answer": world.right(letter)} for letter in world.val],
            "budget": BUDGET,
            "seed": seed,
        }
        Path(folder, "job.json").write_text(json.dumps(task), encoding="utf-8")
        with Path(folder, "log").open("w+", encoding="utf-8") as log:
            environment = {**os.environ, "HOME": folder, "OPENAI_API_KEY": "none", "PYTHONPATH": ""}
            command = [python, str(HERE / "peers" / f"{system}_peer.py"), folder]
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
            end = time.monotonic() + LONGEST
            while process.poll() is None and not run.over and time.monotonic() < end:
                time.sleep(0.05)
            ended = process.poll()
            process.kill()
            process.wait()
            log.seek(0)
            if run.over:
                return "stopped by the benchmark"
            return f"ended with {ended}: {' '.join(log.read()[-300:].split())}"


def installed(python: str) -> dict[str, str]:
    """The versions of the peers that an interpreter has."""
    code = (
        "import json,sys\nfrom importlib.metadata import version, PackageNotFoundError\nfound = {}\n"
        "for name in sys.argv[1:]:\n    try: found[name] = version(name)\n    except PackageNotFoundError: pass\n"
        "print(json.dumps(found))"
    )
    answer = subprocess.run([python, "-c", code, *PEERS.values()], capture_output=True, text=True, check=True)
    return dict(json.loads(answer.stdout))


def table(results: Sequence[Result], systems: Sequence[str], labels: dict[str, str]) -> str:
    lines = ["| system | median | quartiles | found in | median of best score |", "| --- | ---: | ---: | ---: | ---: |"]
    for system in systems:
        own = [result for result in results if result.system == system]
        calls = sorted(result.calls if result.calls is not None else BUDGET + 1 for result in own)
        low, high = (
            (statistics.quantiles(calls, n=4, method="inclusive")[at] for at in (0, 2)) if len(calls) > 1 else calls * 2
        )
        best = statistics.median(result.best for result in own)
        found = sum(result.calls is not None for result in own)
        lines.append(
            f"| {labels[system]} | {_calls(statistics.median(calls))} | {_calls(low)} – {_calls(high)} "
            f"| {found} of {len(own)} | {best:.2f} |"
        )
    return "\n".join(lines)


def _calls(count: float) -> str:
    return f">{BUDGET}" if count > BUDGET else f"{count:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", default="adalang,gepa,dspy,adalflow,textgrad")
    parser.add_argument(
        "--peers", default=sys.executable, metavar="PYTHON", help="interpreter that has the other systems"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--level", type=int, choices=(0, 1), help="only this noise level")
    parser.add_argument("--out", type=Path, help="keep every run here, as JSON")
    options = parser.parse_args()
    versions = installed(options.peers)
    wanted = options.systems.split(",")
    systems = [system for system in wanted if system == "adalang" or PEERS[system] in versions]
    for system in sorted(set(wanted) - set(systems)):
        print(f"missing: {system} is not installed for {options.peers}", file=sys.stderr)
    labels = {system: f"{system} {versions[PEERS[system]]}" if system in PEERS else system for system in systems}
    server = Server()
    kept: list[dict[str, object]] = []
    for at, (level, right, noise) in enumerate(LEVELS):
        if options.level not in (None, at):
            continue
        results = []
        for seed in options.seeds:
            for system in systems:
                results.append(measured(server, system, seed, right, noise, options.peers))
                kept.append({"level": level, **results[-1].__dict__})
                print(f"{level}: {results[-1]}", file=sys.stderr, flush=True)
        print(f"\n{level}\n\n{table(results, systems, labels)}", flush=True)
    if options.out:
        options.out.write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
