"""What `adalang proposals` says, and puts into a file, when that is no longer the one that was tested."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.test_cli import adalang, one_clear_line

FRESH, OLD = "Apply proposed edit: routing ", "Try proposed edit, tested on an older version: routing "


@pytest.fixture
def triage(tmp_path: Path) -> Path:
    """The starter, with an open proposal for it."""
    assert adalang("init", cwd=tmp_path).returncode == 0
    done = adalang("optimize", "triage.adal", cwd=tmp_path)
    assert "Accept it: adalang proposals apply" in done.stdout, done.stdout + done.stderr
    return tmp_path / "triage.adal"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  system =", '  model = "openai/gpt-4o-mini"\n  system ='),
        ("Ticket: {{", "Now: {{"),
        ('"Sort the ticket."', '"""\n    Be brief.\n\n    Sort the ticket.\n    """'),
    ],
    ids=["model", "message", "merged text"],
)
def test_another_version_is_applied_only_at_ones_own_risk(triage: Path, before: str, after: str) -> None:
    folder, tested = triage.parent, triage.read_text(encoding="utf-8")
    assert FRESH in adalang("proposals", "show", cwd=folder).stdout

    triage.write_text(tested.replace(before, after), encoding="utf-8")
    shown = adalang("proposals", "show", cwd=folder).stdout
    assert OLD in shown and FRESH not in shown
    assert "proposal, tested on an older version: " in adalang("proposals", "list", cwd=folder).stdout
    refused = adalang("proposals", "apply", cwd=folder)
    assert refused.returncode == 2
    told = " ".join(one_clear_line(refused).split())
    assert "was tested on an older version: " in told and "add --unverified" in told
    assert triage.read_text(encoding="utf-8") == tested.replace(before, after)

    triage.write_text(tested, encoding="utf-8")
    assert FRESH in adalang("proposals", "show", cwd=folder).stdout
    triage.write_text(tested.replace(before, after), encoding="utf-8")
    applied = adalang("proposals", "apply", "--unverified", cwd=folder)
    assert applied.returncode == 0, applied.stderr
