"""The command line. One file per verb; each imports what it needs when it runs, so that ``--help`` is quick."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of ``adalang``.

    Exit codes: 0 fine, 1 findings (errors, goal missed), 2 cannot run, 130 interrupted.
    """
    if sys.argv[1:] in (["server"], ["server", "--stdio"]):  # an editor's start-up does not wait for the other verbs
        from adalang.lsp.server import serve

        serve()
    from adalang.cli.app import run

    sys.exit(run(sys.argv[1:]))
