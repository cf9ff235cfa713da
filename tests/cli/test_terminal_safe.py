"""What rows, models and metrics say is shown as text: none of it may steer the terminal that shows it."""

from __future__ import annotations

import json

import pytest
from tests.cli.test_cli import adalang

PROGRAM = """\
prompt echo(q: str) -> str {
  param instruction = "Answer."
  system = \"\"\"{{ instruction }}\"\"\"
  user = \"\"\"{{ q }}\"\"\"
}
dataset rows = "rows.jsonl" { split = { val = 1.0 } }
eval sameness of echo {
  data = rows
  expect = row.a
  metric = METRIC
}
"""
EVIL = "\x1b]0;owned\x07\x1b[2Jred\u202eabc\u009b1m\rover"
RAISES = f"def score(output, expected):\n    raise ValueError({EVIL!r})\n"
REASONS = f"def score(output, expected):\n    return {{'score': 0, 'reason': {EVIL!r}}}\n"


@pytest.mark.parametrize("metric", ["exact_match", RAISES, REASONS])
def test_no_control_character_of_the_data_reaches_the_terminal(tmp_path, metric):
    named = metric if metric == "exact_match" else 'python("metric.py:score")'
    (tmp_path / "metric.py").write_text(metric)
    (tmp_path / "e.adal").write_text(PROGRAM.replace("METRIC", named))
    (tmp_path / "rows.jsonl").write_text(json.dumps({"id": f"row{EVIL}", "q": EVIL, "a": EVIL, "tag": EVIL}) + "\n")
    ran = adalang("eval", "e.adal", "--by", "tag", cwd=tmp_path)
    shown = ran.stdout + ran.stderr
    assert "owned" in shown
    assert not [
        sign for sign in shown if sign != "\n" and (ord(sign) < 32 or 127 <= ord(sign) < 160 or sign == "\u202e")
    ]
