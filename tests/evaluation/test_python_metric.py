"""The user's code as it stands in its files, whatever Python keeps of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from adalang.evaluation.python_metric import load_function, own_imports


async def test_an_edit_in_the_same_second_that_keeps_the_size_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python takes bytecode for current when the time, in seconds, and the size are those of the source."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    metric, helper = tmp_path / "metric.py", tmp_path / "score_of.py"
    metric.write_text("from score_of import SCORE\n\ndef score(output):\n    return SCORE\n")
    for value in (0.0, 1.0):
        helper.write_text(f"SCORE = {value}\n")
        for file in (metric, helper):
            os.utime(file, (1_000_000_000, 1_000_000_000))
        with own_imports():
            assert (await load_function(tmp_path, "metric.py:score"))("x") == value
    assert not sys.dont_write_bytecode
