"""Optimizations that are watched, and read about later: real processes, their streams, and a real terminal."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from tests.cli.test_cli import adalang, one_clear_line
from tests.engine import world
from tests.report.reading import read_page
from tests.servers import LoopbackServer

from adalang.store import Store

OPTIMIZE = ("optimize", "orders.adal", "--budget-calls", "400")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory):
    """A workspace with one optimization, and what its command has said."""
    folder = tmp_path_factory.mktemp("done")
    world.write(folder, count=160)
    ran = adalang(*OPTIMIZE, "--explain", "--events", "log.jsonl", "--html", "report.html", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return folder, ran


def test_events_are_json_lines_that_the_store_tells_again(done):
    folder, _ = done
    lines = (folder / "log.jsonl").read_text(encoding="utf-8")
    events = [json.loads(line) for line in lines.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["kind"] == "started" and events[-1]["kind"] == "finished"
    assert all(list(event) == ["seq", "kind", "time", "spent", "payload"] for event in events)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]) for event in events)
    assert (
        set(events[-1]["spent"]) == {"calls", "cached_calls", "tokens", "usd", "priced"}
        and events[-1]["spent"]["calls"] > 200
    )
    assert adalang("runs", "events", cwd=folder).stdout == lines
    only = adalang("runs", "events", "--kind", "best", "-k", "finished", cwd=folder).stdout.splitlines()
    assert {json.loads(line)["kind"] for line in only} == {"best", "finished"}
    assert "did you mean best?" in one_clear_line(adalang("runs", "events", "-k", "bets", cwd=folder))


def test_explain_tells_the_same_during_the_run_and_after_it(done):
    folder, ran = done
    told = adalang("runs", "explain", cwd=folder).stdout
    rounds = told.split("\n\n")
    assert len(rounds) > 5 and rounds[0].startswith("Round 1 (edit_text) from the file, ")
    assert all(each in ran.stdout for each in rounds)
    assert re.search(r"├─ blamed: classify.instruction 100%\n│  └─ classify.instruction, \d+ notes\n│     ├─ ", told)
    assert re.search(r"\n├─ \[1\] .* -> Say that ", told)
    assert re.search(r"screened \+\d\.0 on \d rows: passed\n│  raced .* against the file: kept", told)
    assert "classify.instruction: 100% of the blame; " in told


def test_the_report_is_one_page(done):
    folder, ran = done
    text = read_page((folder / "report.html").read_text(encoding="utf-8"))
    assert "Optimization of sorting" in text and "final test on 58 untouched rows" in text
    assert "wrote report.html" in ran.stderr
    again = adalang("runs", "report", "--html", "made/again.html", cwd=folder)
    assert again.returncode == 0
    assert (folder / "made/again.html").read_text() == (folder / "report.html").read_text()


def test_where_no_report_can_be_written_nothing_is_run(done):
    folder, _ = done
    for bad in ("orders.adal/r.html", "."):
        for command in (OPTIMIZE, ("eval", "orders.adal"), ("compare", "orders.adal", "--models", "-", "a/b")):
            refused = adalang(*command, "--html", bad, cwd=folder)
            assert refused.returncode == 2 and refused.stdout == ""
            assert f"--html: {bad} cannot be written" in one_clear_line(refused)
    assert "--junit" in one_clear_line(adalang("eval", "orders.adal", "--junit", ".", cwd=folder))


def test_runs_are_listed_and_shown(done):
    folder, _ = done
    (line,) = adalang("runs", "list", cwd=folder).stdout.splitlines()
    assert re.match(r"[0-9a-f]{12}  (hint|proposal)  .*orders.adal:sorting  \d+% -> \d+% on 58 held-out rows  ", line)
    (plain,) = json.loads(adalang("runs", "list", "--json", cwd=folder).stdout)
    assert plain["state"] == "finished" and plain["proposal"] and plain["ship_test"]["n"] == 58
    shown = adalang("runs", "show", plain["run_id"][:4], cwd=folder).stdout
    assert f"{plain['run_id']} (finished) of orders.adal:sorting" in shown and "Outcome: " in shown
    missing = adalang("runs", "show", "zzz", cwd=folder)
    assert missing.returncode == 2 and f"there are: {plain['run_id']}" in one_clear_line(missing)


def test_an_estimate_leaves_the_log_of_an_earlier_run_alone(done):
    folder, _ = done
    before = (folder / "log.jsonl").read_bytes()
    assert adalang(*OPTIMIZE, "--estimate", "--events", "log.jsonl", cwd=folder).returncode == 0
    assert (folder / "log.jsonl").read_bytes() == before


def test_standard_output_belongs_to_one_program_alone(tmp_path):
    world.write(tmp_path, count=160)
    both = adalang(*OPTIMIZE, "--events", "-", "--json", cwd=tmp_path)
    assert both.returncode == 2 and "give one of them a file" in one_clear_line(both)
    ran = adalang(*OPTIMIZE, "--events", "-", "--explain", cwd=tmp_path)
    assert [json.loads(line)["seq"] for line in ran.stdout.splitlines()][:2] == [1, 2]
    assert "About " in ran.stderr and "Round 1 (edit_text)" in ran.stderr and "--- a/orders.adal" in ran.stderr
    quiet = adalang(*OPTIMIZE, "--json", "--explain", cwd=tmp_path)
    assert json.loads(quiet.stdout)["outcome"] and "Round 1 (edit_text)" in quiet.stderr
    nowhere = adalang(*OPTIMIZE, "--events", "no/where", cwd=tmp_path)
    assert nowhere.returncode == 2 and "--events: no/where cannot be written" in one_clear_line(nowhere)


# ---- on a terminal


_NOT_GIVEN = ("ADALANG_", "NO_COLOR", "COLUMNS", "LINES")


class Terminal:
    """A command in a terminal of 110 columns; ``seen`` is all that it wrote there."""

    def __init__(self, *arguments: str, cwd: Path, env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 110, 0, 0))
        self.before = termios.tcgetattr(slave)
        keep = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_GIVEN)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "adalang", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**keep, "TERM": "xterm-256color", "PYTHONUTF8": "1", **env},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)  # now reading ends when the process does
        self.seen = b""

    async def until(self, pattern: bytes) -> None:
        while not re.search(pattern, self.seen):
            self.seen += await asyncio.to_thread(os.read, self._master, 65536)

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    @property
    def settings(self) -> list[object]:
        return termios.tcgetattr(self._master)


def _ctrl_c(terminal: Terminal) -> None:
    terminal.press(b"\x03")


def _terminate(terminal: Terminal) -> None:
    terminal.process.terminate()


@pytest.mark.parametrize(("stop", "code"), [(_ctrl_c, 130), (_terminate, 143)])
async def test_a_live_view_shows_what_goes_on_and_gives_the_terminal_back(tmp_path, stop, code):
    async with LoopbackServer(latency=0.15) as server:
        options = f'api_base = "{server.api_base}", api_key = env("KEY"), temperature = 0'
        world.write(tmp_path, model="openai/gpt-4o-mini", options=options, count=160)
        terminal = Terminal(*OPTIMIZE, "--yes", cwd=tmp_path, env={"KEY": "k"})
        try:
            await terminal.until(rb"% in the search")
            await terminal.until(rb"now[^\n]*Say that[^\n]*\n[^\n]*why[^\n]*of the blame for \d+ failing rows")
            stop(terminal)
            await terminal.until(rb"the same command goes on from there")
            assert await asyncio.to_thread(terminal.process.wait) == code
            assert terminal.settings == terminal.before
        finally:
            terminal.close()
        seen = terminal.seen.decode()
        assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") == 1 and seen.index("?25l") < seen.index("?25h")
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
        assert re.search(r"sorting, round \d", plain)
        assert re.search(r"score +\d+% [▁▂▃▄▅▆▇█]{32} \d+% in the search \(on \d+ rows, by chance too good\)", plain)
        assert re.search(r"spent +━.* \d+ of 400 calls, \$0\.\d+ of \$5", plain)
        assert re.search(r"now +round \d+, classify.instruction: .*Say that", plain)
        assert "Traceback" not in plain
        stopped = re.search(r"Run (\w{12}) was stopped after \d+ calls, at \d+", plain)
        assert stopped and f"adalang runs explain {stopped[1]}" in plain
        assert "(cut off)" in adalang("runs", "show", stopped[1], cwd=tmp_path).stdout
        server.latency, answered = 0.0, len(server.answered)
        again = await asyncio.to_thread(adalang, *OPTIMIZE, "--yes", "--events", "log", cwd=tmp_path, env={"KEY": "k"})
        assert again.returncode == 0 and "(replayed)" in again.stdout, again.stderr
        last = json.loads((tmp_path / "log").read_text().splitlines()[-1])
        assert last["spent"]["calls"] <= 400 and len(server.answered) > answered
        with Store.open(tmp_path) as store:
            assert [one.run_id for one in store.optimizations()] == [stopped[1]]


@pytest.mark.parametrize("ending", ["terminated", "failed"])
async def test_the_count_of_rows_gives_the_cursor_back_however_it_ends(tmp_path, ending):
    file = world.write(tmp_path, count=60)
    file.write_text(file.read_text().replace("metric = exact_match", 'metric = python("metric.py:score")'))
    last = "time.sleep(600)" if ending == "terminated" else "raise ValueError('no')"
    (tmp_path / "metric.py").write_text(
        f"import time\ndef score(output):\n    print('begun', flush=True)\n    {last}\n"
    )
    terminal = Terminal("eval", "orders.adal", cwd=tmp_path, env={})
    try:
        await terminal.until(rb"begun")
        if ending == "terminated":
            _terminate(terminal)
        await terminal.until(rb"goes on from there" if ending == "terminated" else rb"ValueError: no")
        assert await asyncio.to_thread(terminal.process.wait) == (143 if ending == "terminated" else 2)
    finally:
        terminal.close()
    assert terminal.seen.count(b"\x1b[?25l") == terminal.seen.count(b"\x1b[?25h") == 1
