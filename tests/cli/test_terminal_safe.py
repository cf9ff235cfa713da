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
    assert steering(shown) == []


def steering(shown: str) -> list[str]:
    return [sign for sign in shown if sign != "\n" and (ord(sign) < 32 or 127 <= ord(sign) < 160 or sign == "\u202e")]


def test_nor_does_one_of_an_optimization(tmp_path):
    (tmp_path / "e.adal").write_text(PROGRAM.replace("METRIC", "exact_match") + "optimize sameness { }\n")
    rows = ({"id": f"{EVIL}{nth}", "q": f"{EVIL} {nth}", "a": f"{EVIL} {nth % 2}"} for nth in range(12))
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = adalang("optimize", "e.adal", "--explain", "--budget-calls", "200", cwd=tmp_path)
    told = adalang("runs", "explain", cwd=tmp_path)
    for shown in (ran.stdout + ran.stderr, told.stdout + told.stderr):
        assert "train rows fail: \\x1b]0;" in shown
        assert steering(shown) == []


def test_nor_does_one_of_a_file_that_is_checked(tmp_path):
    (tmp_path / "e.adal").write_text(
        f'prompt p(q: str) -> "a{EVIL}" | "a{EVIL}" = """{{{{ q }}}}{{{{ nobody }}}}{EVIL}"""\n'
    )
    ran = adalang("check", "e.adal", cwd=tmp_path)
    assert "error" in ran.stdout and "owned" in ran.stdout
    assert steering(ran.stdout + ran.stderr) == []


def test_half_characters_are_printed_as_escapes(tmp_path):
    """JSON can hold half of a surrogate pair, as broken exports do; UTF-8 cannot."""
    (tmp_path / "e.adal").write_text(PROGRAM.replace("METRIC", "exact_match"))
    (tmp_path / "rows.jsonl").write_text('{"id": "r\\ud83d", "q": "x \\ud83d", "a": "y \\ud83d"}\n')
    ran = adalang("eval", "e.adal", cwd=tmp_path)
    assert ran.returncode == 0 and "r\\ud83d  x \\ud83d" in ran.stdout, ran.stderr
    ran = adalang("eval", "e.adal", "--json", cwd=tmp_path)
    assert json.loads(ran.stdout)[0]["rows"][0]["inputs"] == {"q": "x \ud83d"}
