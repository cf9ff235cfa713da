"""Run the optimization of examples/support-triage in a temporary folder and draw what it ends with: docs/images/optimize.svg.

python scripts/render_optimization.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "images" / "optimize.svg"

_COLUMNS, _CHARACTER, _LINE, _MARGIN = 104, 8.4, 20, 20
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_PLAIN, _COMMAND, _STRONG, _OLD, _NEW, _SOFT = "#d4d4d4", "#9cdcfe", "#ffffff", "#f48771", "#89d185", "#8a8a8a"


def optimization() -> list[str]:
    """The command, the narration's last lines, and the proposal, as a terminal shows them."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "triage"
        shutil.copytree(ROOT / "examples" / "support-triage", work, ignore=shutil.ignore_patterns(".adalang"))
        done = subprocess.run(
            [sys.executable, "-m", "adalang", "optimize", "triage.adal"],
            cwd=work,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": str(_COLUMNS)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    lines = done.stdout.splitlines()
    start = next(at for at, line in enumerate(lines) if "search ended" in line)
    shown = [line for line in lines[start:] if not line.lstrip().startswith(("mended:", "broken:", "Why:"))]
    return ["$ adalang optimize triage.adal", "  …", *shown]


def svg(lines: list[str]) -> str:
    width = round(_COLUMNS * _CHARACTER + 2 * _MARGIN)
    height = _LINE * len(lines) + 2 * _MARGIN
    drawn = "\n".join(
        f'<text x="{_MARGIN}" y="{_MARGIN + _LINE * at + 14}" fill="{_colour(line)}">{_kept(line)}</text>'
        for at, line in enumerate(lines)
        if line.strip()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="The end of an optimization in a terminal">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#1e1e1e"/>\n'
        f'<g font-family="{_FONT}" font-size="14">\n{drawn}\n</g>\n</svg>\n'
    )


def _kept(line: str) -> str:
    """The line cut to the window, with spaces that no renderer joins."""
    shown = line if len(line) <= _COLUMNS else f"{line[: _COLUMNS - 1]}…"
    return escape(shown).replace(" ", "\u00a0")


def _colour(line: str) -> str:
    if line.startswith("$ "):
        return _COMMAND
    if line.startswith(("---", "+++", "@@", "  [", "  …", "(")):
        return _SOFT
    if line.startswith("-"):
        return _OLD
    if line.startswith("+"):
        return _NEW
    return _STRONG if line.startswith(("Proposal", "Accept")) else _PLAIN


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(svg(optimization()), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET.relative_to(ROOT)}\n")
