"""What a model call costs besides the model: CPU per call and wall time against the ideal, beside other libraries.

    python benchmarks/throughput.py [--peers VENV] [--calls 1000] [--latency-ms 50] [--concurrency 32,128] [--runs 3]
    python benchmarks/throughput.py --cached [--peers VENV]

All ask the same distinct questions of one server in a process of its own (`loopback.py`), which answers after a fixed
latency. `adalang` is the whole evaluation: rows from a file, rendering, cache on disk, call, reading, scoring, the kept
result. The ideal is calls / concurrency * latency. Callers run in turn, each in its own process; the best of the runs
counts, for what else the machine does only adds. `--peers` is a venv with the other libraries; without it, those that
this Python can import are measured. With `--cached` an evaluation whose answers are all kept is run again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CALLERS = Path(__file__).parent / "callers"
SERVER = Path(__file__).with_name("loopback.py")
_LONGEST = 600
"""Seconds that one run may take."""


@dataclass(frozen=True)
class Caller:
    """A script in `callers/`; it needs `package`. `caches` says that it can be measured when it has all answers."""

    name: str
    script: str
    package: str
    caches: bool = False


ROSTER = (
    Caller("adalang", "adalang_eval.py", "adalang", caches=True),
    Caller("aiohttp, nothing else", "raw_aiohttp.py", "aiohttp"),
    Caller("baml-py", "baml_client.py", "baml_py"),
    Caller("litellm.acompletion", "litellm_acompletion.py", "litellm"),
    Caller("openai.AsyncOpenAI", "openai_async.py", "openai"),
    Caller("DSPy Evaluate", "dspy_evaluate.py", "dspy", caches=True),
)


@dataclass(frozen=True)
class Figures:
    """Seconds."""

    cpu: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="a venv with the other libraries")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--concurrency", default="32,128")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cached", action="store_true", help="measure running an evaluation again")
    options = parser.parse_args()

    pythons = {caller: _python(caller, options.peers) for caller in ROSTER if caller.caches or not options.cached}
    missing = [caller.name for caller, python in pythons.items() if python is None]
    if missing:
        print(f"Not installed, not measured: {', '.join(missing)}.\n")
    callers = {caller: python for caller, python in pythons.items() if python is not None}
    concurrencies = [int(text) for text in options.concurrency.split(",")][: 1 if options.cached else None]

    print(
        f"{options.calls} calls, best of {options.runs} runs; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs.\n"
    )
    with subprocess.Popen(
        [sys.executable, SERVER, "--latency-ms", str(options.latency_ms)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        found = {
            (caller, concurrency): figures
            for concurrency in concurrencies
            for caller, figures in _measure(callers, url, concurrency, options).items()
        }
    if options.cached:
        _print_cached(found, options.calls)
    else:
        _print_calls(found, concurrencies, options.calls, options.latency_ms / 1000)


def _python(caller: Caller, peers: Path | None) -> str | None:
    """A Python that has what the caller needs."""
    candidates = [sys.executable]
    if peers is not None and caller.package not in ("adalang", "aiohttp"):
        candidates.insert(0, str(peers / "bin" / "python"))
    look = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({caller.package!r}) is None)"
    return next((one for one in candidates if subprocess.run([one, "-c", look], check=False).returncode == 0), None)


def _measure(
    callers: dict[Caller, str], url: str, concurrency: int, options: argparse.Namespace
) -> dict[Caller, Figures]:
    """Each in turn, as often as there are runs."""
    best: dict[Caller, Figures] = {}
    for _ in range(options.runs):
        for caller, python in callers.items():
            command = [python, str(CALLERS / caller.script), url, str(options.calls), str(concurrency)]
            found = _run([*command, *(["--cached"] if options.cached else [])])
            before = best.get(caller, found)
            best[caller] = Figures(min(found.cpu, before.cpu), min(found.wall, before.wall))
    return best


def _run(command: Sequence[str]) -> Figures:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    told = json.loads(next(line for line in reversed(done.stdout.splitlines()) if line.startswith("{")))
    return Figures(told["cpu"], told["wall"])


def _print_calls(
    found: dict[tuple[Caller, int], Figures], concurrencies: Sequence[int], calls: int, latency: float
) -> None:
    head = "".join(f" CPU/call at {one} | wall/ideal at {one} |" for one in concurrencies)
    print(f"| what |{head}\n| --- |{' ---: |' * 2 * len(concurrencies)}")
    for caller in dict.fromkeys(caller for caller, _ in found):
        cells = []
        for concurrency in concurrencies:
            figures = found[caller, concurrency]
            ideal = math.ceil(calls / concurrency) * latency
            cells.append(f" {figures.cpu / calls * 1000:.2f} ms | {figures.wall / ideal:.2f} |")
        print(f"| {caller.name} |{''.join(cells)}")


def _print_cached(found: dict[tuple[Caller, int], Figures], calls: int) -> None:
    print("| run again, all answers kept | CPU per example | wall per example |\n| --- | ---: | ---: |")
    for (caller, _), figures in found.items():
        print(f"| {caller.name} | {figures.cpu / calls * 1000:.3f} ms | {figures.wall / calls * 1000:.3f} ms |")


if __name__ == "__main__":
    main()
