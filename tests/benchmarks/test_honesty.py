"""The honesty benchmark prints a table for each kind of proposals, with the gate beside ours on the same tasks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_both_gates_run_on_the_same_tasks():
    command = [sys.executable, str(ROOT / "benchmarks" / "honesty" / "run.py"), "--runs", "3", "--jobs", "1"]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=100, env={**os.environ, "PYTHONPATH": str(ROOT / "server")}
    ).stdout  # fmt: skip
    lines = [line for line in told.splitlines() if line.startswith(("| adalang", "| stored"))]
    assert len(lines) == 6
    none_can_help = {line.split("|")[1].strip(): line.split("|") for line in lines[:2]}
    assert none_can_help["adalang"][4].strip() == none_can_help["stored score, no test"][4].strip() == "+0.0"
    assert int(none_can_help["stored score, no test"][2].split()[0]) == 3, "without a test luck is shipped"
