"""`adalang trace`: runs in the terminal, as JSON, as a page, and as they come in from other processes."""

import json
import os
import subprocess
import sys

import pytest

from adalang.cli.app import run

FILE = '''prompt shout(text: str) -> "loud" | "quiet" {
  user = """{{ text }}"""
}
'''


@pytest.fixture
def ran(tmp_path, monkeypatch, capsys):
    """A workspace in which `shout` has been run once, on a text of 600 characters."""
    (tmp_path / "main.adal").write_text(FILE)
    (tmp_path / "adalang.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert run(["run", "main.adal:shout", "--set", "text=" + "word \x1b[31m" * 60]) == 0
    capsys.readouterr()
    return tmp_path


def listed(capsys, *more: str):
    assert run(["trace", "list", "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


def test_runs_are_listed_and_filtered(ran, capsys):
    [one] = listed(capsys)
    assert (one["component"], one["origin"], one["error"]) == ("shout", "run", "")
    assert listed(capsys, "--component", "shout", "--since", "1h", "--origin", "run") == [one]
    for nothing in (["--errors"], ["--component", "other"], ["--eval", "x"], ["--failing"], ["--since", "0s"]):
        assert listed(capsys, *nothing) == []


def test_a_run_is_shown_as_a_tree_short_or_whole(ran, capsys):
    assert run(["trace", "show"]) == 0
    short = capsys.readouterr().out
    assert "shout prompt · builtin/lexical" in short and "characters)" in short and "\x1b" not in short
    assert run(["trace", "show", listed(capsys)[0]["id"][:6], "--full"]) == 0
    whole = capsys.readouterr().out
    assert whole.count("word") >= 120 and "user:" in whole and "\x1b" not in whole
    assert run(["trace", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["calls"][0]["inputs"]["text"].startswith("word")


def test_a_run_that_is_not_there_is_told_with_those_that_are(ran, capsys):
    assert run(["trace", "show", "ffffffffffff0"]) == 2
    assert "there is no single run ffffffffffff0; the newest are" in capsys.readouterr().err
    assert run(["trace", "list", "--since", "soon"]) == 2
    assert "--since takes a time" in capsys.readouterr().err


def test_export_writes_json_lines_or_a_page(ran, capsys):
    assert run(["trace", "export"]) == 0
    assert [json.loads(line)["component"] for line in capsys.readouterr().out.splitlines()] == ["shout"]
    assert run(["trace", "export", "--html", "out/t.html"]) == 0
    assert "Trace of shout" in (ran / "out" / "t.html").read_text()


def test_tail_prints_what_another_process_runs(ran):
    command = [sys.executable, "-m", "adalang"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    tail = subprocess.Popen(
        [*command, "trace", "tail", "--count", "1", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert tail.stderr is not None and "Waiting" in tail.stderr.readline()
        again = [*command, "run", "main.adal:shout", "--set", "text=again"]
        subprocess.run(again, check=True, capture_output=True, env=environment, timeout=60)
        out, _ = tail.communicate(timeout=60)
    finally:
        tail.kill()
    assert json.loads(out)["calls"][0]["inputs"] == {"text": "again"}


def test_what_is_beyond_the_settings_is_pruned(ran, capsys):
    (ran / "adalang.toml").write_text("trace_days = 0.0000001\n")
    assert run(["store", "prune", "--retention"]) == 0
    assert capsys.readouterr().out == "1 runs\n"
    assert listed(capsys) == []


def test_traces_can_be_turned_off(ran, capsys):
    (ran / "adalang.toml").write_text("trace = false\n")
    assert run(["run", "main.adal:shout", "--set", "text=more"]) == 0
    capsys.readouterr()
    assert len(listed(capsys)) == 1
