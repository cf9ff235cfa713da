"""The command line. One file per verb; each imports what it needs when it runs, so that ``--help`` is quick."""

from __future__ import annotations

import signal
import sys
from types import FrameType

__all__ = ["main"]

_INTERRUPTED, _TERMINATED = 130, 143


def main() -> None:
    """Entry point of ``adalang``.

    Exit codes: 0 fine, 1 findings (errors, goal missed), 2 cannot run, 130 interrupted, 143 terminated.
    """
    if sys.argv[1:] in (["server"], ["server", "--stdio"]):  # an editor's start-up does not wait for the other verbs
        from adalang.lsp.server import serve

        serve()
    from adalang.cli.app import run

    terminated = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal terminated
        terminated = True
        signal.raise_signal(signal.SIGINT)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # in a shell's background Ctrl-C is ignored
        signal.signal(signal.SIGTERM, stop)  # so the terminal gets its cursor back, and temporary files go
    code = run(sys.argv[1:])
    sys.exit(_TERMINATED if terminated and code == _INTERRUPTED else code)
