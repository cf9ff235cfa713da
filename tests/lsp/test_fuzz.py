"""Random edits: the server's view stays that of a fresh open. The long run is benchmarks/lsp/edits.py; this is a short one of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EDITS = Path(__file__).parents[2] / "benchmarks" / "lsp" / "edits.py"


@pytest.mark.parametrize("seed", [1, 2])
def test_random_edits(seed: int) -> None:
    command = [sys.executable, str(EDITS), "--edits", "750", "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
