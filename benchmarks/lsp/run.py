"""Our language server beside a bare pygls server, ruff's, and whichever other is installed: one run, over real pipes.

    python benchmarks/lsp/run.py [--sizes 100,1000,10000] [--servers adalang,pygls,ruff] [--out FILE.json] [--quick]

The servers take turns, a few samples each, so that a noisy machine slows all. Shown are medians, and p95 in brackets. A time begins
with the write that takes the last byte and ends when the last byte of the answer has come. An answer that is empty, of another version, or does
not follow the text, is no figure but a failure. "–": not offered. Linux only.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from figures import Table, as_json, markdown
from measure import measure_size
from roster import FLOOR, PEER, SERVERS, SUBJECT, Server
from starts import measure_starts

SIZES = "100,1000,10000"
QUICK_SIZES = "100,1000"
SPAWNS, QUICK_SPAWNS = 9, 2
QUICK_SAMPLES = 6


def samples_for(lines: int) -> int:
    return 60 if lines <= 1000 else 40


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=None, help=f"lines of the files, by commas ({SIZES})")
    parser.add_argument("--servers", default=",".join(SERVERS), help="by commas; all that are installed, if not given")
    parser.add_argument("--out", type=Path, help="a file for all samples, as JSON")
    parser.add_argument("--quick", action="store_true", help="few samples, small files: to see that it works")
    given = parser.parse_args()
    sizes = [int(one) for one in (given.sizes or (QUICK_SIZES if given.quick else SIZES)).split(",")]
    names = [name for name in given.servers.split(",") if name]
    if unknown := [name for name in names if name not in SERVERS]:
        parser.error(f"unknown servers: {', '.join(unknown)}; known are {', '.join(SERVERS)}")
    if min(sizes) < 100:
        parser.error("a file has to have 100 lines, to hold every place that is measured")
    servers, skipped = _installed(names)
    before = os.getloadavg()
    tables: list[tuple[str, Table]] = []
    with tempfile.TemporaryDirectory(prefix="adalang-bench-") as made:
        folder = Path(made).resolve()
        spawns = QUICK_SPAWNS if given.quick else SPAWNS
        tables.append(("Start and memory", measure_starts(servers, sizes, spawns, folder / "starts", _say)))
        for lines in sizes:
            samples = QUICK_SAMPLES if given.quick else samples_for(lines)
            tables.append((f"{lines:,} lines", measure_size(servers, lines, samples, folder / str(lines), _say)))
    about = _about(before, servers, skipped)
    print("\n".join(_shown(about, tables, [server.name for server in servers])))
    if given.out:
        given.out.write_text(json.dumps({"about": about, "tables": as_json(tables)}, indent=1) + "\n", encoding="utf-8")
    return any(one.failure for _, table in tables for row in table.values() for one in row.values())


def _installed(names: list[str]) -> tuple[list[Server], dict[str, str]]:
    """The servers that can be started, and why the others cannot."""
    found = [SERVERS[name] for name in names if SERVERS[name].found()]
    skipped = {name: f"{SERVERS[name].command[0]} is not installed" for name in names if not SERVERS[name].found()}
    return found, skipped


def _about(before: tuple[float, float, float], servers: list[Server], skipped: dict[str, str]) -> dict[str, Any]:
    return {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "load before": round(before[0], 2),
        "load after": round(os.getloadavg()[0], 2),
        "versions": {server.name: _version(server.name) for server in servers if server.name in (SUBJECT, FLOOR, PEER)},
        "skipped": skipped,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _shown(about: dict[str, Any], tables: list[tuple[str, Table]], servers: list[str]) -> list[str]:
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    lines = [
        f"{about['date']}: Python {about['python']}, {about['system']}, {about['cpus']} CPUs, load {about['load before']} "
        f"before and {about['load after']} after; {versions}.",
        *(f"Skipped: {name} ({why})." for name, why in about["skipped"].items()),
        "",
    ]
    for title, table in tables:
        lines += markdown(title, table, servers)
    return lines


def _say(what: str) -> None:
    """Progress, for people who wait."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
