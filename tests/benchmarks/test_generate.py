"""The files that the benchmarks measure on are what they say: valid, and of so many lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GENERATE = Path(__file__).parents[2] / "benchmarks" / "lsp" / "generate.py"
SIZES = (30, 100, 1000, 10_000)


def generated(language: str, lines: int) -> str:
    command = [sys.executable, str(GENERATE), language, str(lines)]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


@pytest.mark.parametrize("lines", SIZES)
def test_adal(lines: int, tmp_path: Path) -> None:
    file = tmp_path / "generated.adal"
    file.write_text(generated("adal", lines), encoding="utf-8")
    assert file.read_text(encoding="utf-8").count("\n") == lines
    checked = subprocess.run([sys.executable, "-m", "adalang", "check", str(file)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    assert " error" not in checked.stdout


@pytest.mark.parametrize("lines", SIZES)
def test_python(lines: int) -> None:
    text = generated("python", lines)
    assert text.count("\n") == lines
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "-"]
    checked = subprocess.run(command, input=text, capture_output=True, encoding="utf-8")
    assert checked.returncode == 0, checked.stdout
