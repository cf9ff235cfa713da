"""``adalang run`` while the answer is written: in a pipe, as events, on a terminal."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from tests.commands import run_command
from tests.servers import CutOff, LoopbackServer, Reply, Unauthorized, scripted
from tests.servers.threaded import served

from adalang.cli.streamed import AnswerShown
from adalang.language.types import STR, Field, ListOf, ObjectOf
from adalang.runtime.answers import answer_form
from adalang.runtime.listening import _LISTENING
from adalang.runtime.models.streams import TextPiece

PAGE = """\
model m = "openai/test" { api_base = env("BASE"), api_key = env("KEY") }

prompt reply(q: str) -> str {
  model = m
  user = \"\"\"{{ q }}\"\"\"
}
"""


def test_events_tell_what_comes_what_is_taken_back_and_the_whole(tmp_path: Path) -> None:
    (tmp_path / "page.adal").write_text(PAGE, encoding="utf-8")
    faults = [CutOff(Reply("something else altogether"))]
    with served(LoopbackServer(behaviour=scripted(faults, lambda _: Reply("It is so.")))) as server:
        environment = {**os.environ, "BASE": server.api_base, "KEY": "k"}
        done = run_command(
            "run", "page.adal", "--set", "q=x", "--stream", "--json", cwd=tmp_path, environment=environment, stdin=""
        )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    at = next(number for number, event in enumerate(events) if event["event"] == "restart")
    assert at and all(event["event"] == "text" for event in events[:at])
    assert "".join(event.get("text", "") for event in events[at:]) == "It is so."
    assert events[-1]["event"] == "done" and events[-1]["output"] == "It is so." and events[-1]["usage"]["calls"] == 2


def test_events_end_with_the_error(tmp_path: Path) -> None:
    (tmp_path / "page.adal").write_text(PAGE, encoding="utf-8")
    with served(LoopbackServer(behaviour=lambda _: Unauthorized())) as server:
        environment = {**os.environ, "BASE": server.api_base, "KEY": "k-secret"}
        done = run_command(
            "run", "page.adal", "--set", "q=x", "--stream", "--json", cwd=tmp_path, environment=environment, stdin=""
        )
    *_, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2 and last["event"] == "error"
    assert last["error"].startswith("openai/test was refused for its key") and f"error: {last['error']}" in done.stderr
    assert "k-secret" not in done.stdout


def test_an_answer_that_was_cut_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.adal").write_text(PAGE, encoding="utf-8")
    with served(LoopbackServer(behaviour=lambda _: Reply("half an ans", finish_reason="length"))) as server:
        environment = {**os.environ, "BASE": server.api_base, "KEY": "k"}
        done = run_command("run", "page.adal", "--set", "q=x", "--json", cwd=tmp_path, environment=environment)
    assert "note: `reply`: the answer was cut off at its greatest length: raise max_tokens" in done.stderr
    assert json.loads(done.stdout)["trace"]["calls"][0]["finish_reason"] == "length"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, declared: object, pieces: list[TextPiece], output: object) -> str:
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    answer = AnswerShown(events=False)
    with answer.listening():
        listening = _LISTENING.get()
        assert listening is not None
        on_text = listening.begin(answer_form(declared))  # type: ignore[arg-type]
        for piece in pieces:
            on_text(piece)
    answer.finish(output)
    return terminal.getvalue()


def test_a_text_appears_as_it_comes_and_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [TextPiece("It "), TextPiece("is\x1b[2J"), TextPiece(" so.\n")]
    assert shown(monkeypatch, STR, pieces, "It is\x1b[2J so.") == "It is\\x1b[2J so.\n"


def test_what_is_taken_back_begins_on_a_new_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [TextPiece("It was"), TextPiece("", restart=True), TextPiece("It is.")]
    assert shown(monkeypatch, STR, pieces, "It is.") == "It was\nIt is.\n"


def test_a_value_is_redrawn_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = ObjectOf((Field("a", STR), Field("b", ListOf(STR))))
    pieces = [TextPiece('{"a": "x'), TextPiece('", "b'), TextPiece('": []}')]
    text = shown(monkeypatch, declared, pieces, {"a": "x", "b": []})
    frames = text.split("\x1b[J")
    assert frames[0] == '{\n  "a": "x"\n}\n\x1b[3F'
    assert frames[-1] == '{\n  "a": "x",\n  "b": []\n}\n'


def test_a_failure_begins_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    answer = AnswerShown(events=False)
    with pytest.raises(RuntimeError), answer.listening():
        listening = _LISTENING.get()
        assert listening is not None
        listening.begin(answer_form(STR))(TextPiece("It is"))
        raise RuntimeError
    assert terminal.getvalue() == "It is\n"
