"""The command line. One file per verb; each imports what it needs when it runs, so that ``--help`` is quick."""

from __future__ import annotations

import sys

from adalang.cli.app import app, run

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of ``adalang``. Exit codes: 0 fine, 1 findings (errors, goal missed), 2 cannot run, 130 interrupted."""
    sys.exit(run(sys.argv[1:]))
