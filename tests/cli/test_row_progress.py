"""What a terminal shows while rows run."""

from __future__ import annotations

import io
import sys

from adalang.cli.rows import RowProgress
from adalang.evaluation.results import RowResult


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_path_with_brackets_is_shown_as_it_is(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with RowProgress(quiet=False) as progress:
        progress("app/[id]/[/x].adal", RowResult("r1", 0, "ok", 1.0), 1, 2)
    assert "app/[id]/[/x].adal 100.0%" in terminal.getvalue()
