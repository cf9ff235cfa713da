"""How long the language server takes to answer `initialize`, beside a bare pygls server; `adalang check` on a file; and
`adalang.load` of it in Python.

    python benchmarks/startup.py [--runs 9]

Both servers are started in turn, so that a noisy machine slows both. Printed are medians of wall and CPU time, and the ratio.
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
from pathlib import Path

BARE = "from pygls.lsp.server import LanguageServer; LanguageServer('bare', '1').start_io()"
SERVERS = {
    "adalang server": [sys.executable, "-m", "adalang", "server"],
    "bare pygls": [sys.executable, "-c", BARE],
}
PROMPT = '''prompt p{n}(ticket: str) -> str {{
  param instruction = """
    Sort the ticket.
    """
  system = """{{{{ instruction }}}}"""
  user   = """Ticket: {{{{ ticket }}}}"""
}}

'''


def framed(message: dict[str, object]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def initialized(command: list[str], folder: str) -> tuple[float, float]:
    """Seconds (wall, CPU) from the start of the process to the answer to `initialize`."""
    params = {"processId": os.getpid(), "rootUri": Path(folder).as_uri(), "capabilities": {}}
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(framed({"id": 1, "method": "initialize", "params": params}))
    process.stdin.flush()
    length = int(process.stdout.readline().split(b":")[1])
    while process.stdout.readline().strip():
        pass
    process.stdout.read(length)
    wall = time.perf_counter() - began
    cpu = cpu_of(process.pid)
    process.stdin.write(framed({"id": 2, "method": "shutdown"}) + framed({"method": "exit"}))
    process.stdin.close()
    process.wait(timeout=20)
    return wall, cpu


def cpu_of(pid: int) -> float:
    """User and system seconds so far (Linux; 0 elsewhere)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def checked(file: Path) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "adalang", "check", str(file)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def loaded(file: Path) -> float:
    """Seconds for `import adalang` and `load`, in a new process that has started."""
    code = "import sys, time; began = time.perf_counter(); import adalang; adalang.load(sys.argv[1]); print(time.perf_counter() - began)"
    return float(subprocess.check_output([sys.executable, "-c", code, str(file)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hundred.adal"
        file.write_text("".join(PROMPT.format(n=number) for number in range(13))[:-1])
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in SERVERS}
        checks, loads = [], []
        for run in range(runs + 1):
            for name, command in SERVERS.items():
                found = initialized(command, folder)
                if run:
                    times[name].append(found)
            took, load = checked(file), loaded(file)
            if run:
                checks.append(took)
                loads.append(load)
        lines = len(file.read_text().splitlines())
    print("| what | wall, median | CPU, median |\n| --- | ---: | ---: |")
    for name, found in times.items():
        wall, cpu = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"| {name}: start to `initialize` | {1000 * wall:.0f} ms | {1000 * cpu:.0f} ms |")
    ratio = statistics.median(ours[1] / bare[1] for ours, bare in zip(*times.values(), strict=True))
    print(f"| ratio of CPU, pair by pair | | {ratio:.2f} |")
    print(f"| adalang check, {lines} lines | {1000 * statistics.median(checks):.0f} ms | |")
    print(f"| adalang.load in Python, {lines} lines | {1000 * statistics.median(loads):.0f} ms | |")


if __name__ == "__main__":
    main()
