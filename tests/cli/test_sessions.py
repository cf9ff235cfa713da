"""`adalang sessions`: what runs with a name have left, in the terminal and as JSON, and how one is forgotten."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adalang.cli.app import run
from adalang.engine.locks import lock_of
from adalang.engine.sessions import session_key

FILE = """
tool price(x: str) -> int = python("t.py:price")
tool pay(n: int) -> str = python("t.py:pay") { effects = true }
pipeline buy(x: str) -> str {
  n = price(x)
  r = pay(n)
  return r
}
prompt chat(message: str, history: Turn[] = []) -> str {
  user = \"\"\"{{ message }}\"\"\"
}
"""
TOOLS = "def price(x):\n    return 10\n\ndef pay(n):\n    raise ValueError('the bank is closed')\n"
MENDED = TOOLS.replace("raise ValueError('the bank is closed')", "return f'paid {n}'")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A workspace with the session "a b" of `buy`, which was stopped by its second tool, and "ann" of `chat`."""
    (tmp_path / "adalang.toml").touch()
    (tmp_path / "shop.adal").write_text(FILE)
    (tmp_path / "t.py").write_text(TOOLS)
    monkeypatch.chdir(tmp_path)
    assert run(["run", "shop.adal:buy", "--session", "a b", "--set", "x=lamp\x1b[2J"]) != 0
    assert "Go on with: adalang run shop.adal:buy --session 'a b' --resume" in capsys.readouterr().err
    assert run(["run", "shop.adal:chat", "--session", "ann", "--set", "message=Hello."]) == 0
    capsys.readouterr()
    return tmp_path


def listed(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    assert run(["sessions", "list", "--json"]) == 0
    return [(one["name"], one["state"]) for one in json.loads(capsys.readouterr().out)]


def test_sessions_are_listed_and_shown(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys) == [("ann", "finished"), ("a b", "open")]
    assert run(["sessions", "list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("finished  shop.adal:chat  ann  (2 turns)") and second.endswith(
        "open      shop.adal:buy  a b"
    )
    assert run(["sessions", "show", "a b"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  x = lamp\\x1b[2J",
        '  - price {"x": "lamp\\u001b[2J"}: 10',
        "  - pay was not called yet",
    ]
    assert run(["sessions", "show", "ann", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["role"] for one in told["turns"]] == ["user", "assistant"] and told["steps"] == {}


def test_a_session_is_deleted_unless_it_is_at_work(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sessions", "delete", "a b"]) == 0
    assert "Nothing was deleted. Add --yes" in capsys.readouterr().err
    with lock_of(shop, session_key("shop.adal", "buy", "a b")):
        assert listed(capsys) == [("ann", "finished"), ("a b", "at work")]
        assert run(["sessions", "delete", "a b", "--yes"]) == 2
        assert capsys.readouterr().err == "error: the session `a b` of `buy` is at work; wait for it or stop it\n"
    assert run(["sessions", "delete", "shop.adal:buy:a b", "--yes"]) == 0
    assert capsys.readouterr().out == "Deleted the session `a b` of shop.adal:buy.\n"
    assert listed(capsys) == [("ann", "finished")]
    (shop / "t.py").write_text(MENDED)
    assert run(["run", "shop.adal:buy", "--session", "a b", "--set", "x=lamp"]) == 0


def test_a_tool_that_was_mended_goes_on(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "t.py").write_text(MENDED)
    assert run(["run", "shop.adal:buy", "--session", "a b", "--resume"]) == 0
    assert capsys.readouterr().out == "paid 10\n"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["sessions", "show", "bob"], "there is no session 'bob'; there are: shop.adal:chat:ann, shop.adal:buy:a b"),
        (["sessions", "delete", "", "--yes"], "there is no session ''"),
        (["run", "shop.adal:chat", "--session", " ", "--set", "message=x"], "--session needs a name"),
        (["run", "shop.adal:chat", "--session", "", "--resume"], "--session needs a name"),
        (["run", "shop.adal:chat", "--resume"], "--resume needs the session's name"),
        (["trace", "show", ""], "a run's id is empty; leave it out for the newest run"),
    ],
)
def test_names_that_are_none(shop: Path, capsys: pytest.CaptureFixture[str], command: list[str], told: str) -> None:
    assert run(command) == 2
    assert told in capsys.readouterr().err


def test_a_name_that_two_sessions_have(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "shop.adal:chat", "--session", "a b", "--set", "message=x"]) == 0
    capsys.readouterr()
    assert run(["sessions", "show", "a b"]) == 2
    told = "several sessions have the name a b: shop.adal:chat:a b, shop.adal:buy:a b"
    assert told in capsys.readouterr().err


SLOW = "import time\n\ndef price(x):\n    return 10\n\ndef pay(n):\n    open('paid.txt', 'a').write('paid ')\n    time.sleep(600)\n"


BUY = ("run", "shop.adal:buy", "--set", "x=lamp")


def stopped_while_it_pays(folder: Path, *more: str) -> str:
    """What is said on Ctrl-C once the money has gone."""
    (folder / "t.py").write_text(SLOW)
    command = [sys.executable, "-m", "adalang", *(more or BUY)]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (folder / "paid.txt").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    return told


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_no_run_that_may_have_paid_is_said_to_go_on_by_itself(shop: Path) -> None:
    told = stopped_while_it_pays(shop)
    assert told.endswith(
        "\nStopped. `pay` was called and may have taken effect: look whether it did. A new run calls it again.\n"
    )
    (shop / "paid.txt").unlink()
    with (shop / "shop.adal").open("a") as file:
        file.write('dataset rows = [{ x = "lamp", label = "paid 10" }]\n')
        file.write("eval sold of buy { data = rows, expect = row.label, metric = exact_match }\n")
    told = stopped_while_it_pays(shop, "eval", "shop.adal")
    assert told.endswith("kept, but `pay` may have been called: the same command calls it again.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_session_that_cannot_go_on_leads_to_its_deletion(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = stopped_while_it_pays(shop, *BUY, "--session", "c")
    doubt = "`pay` was called, and it is not known whether it took effect. Look whether it did; to begin anew: "
    assert told.endswith(f"\nStopped. {doubt}adalang sessions delete c\n") and "--resume" not in told
    assert run(["run", "shop.adal:buy", "--session", "c", "--resume"]) == 2
    again = capsys.readouterr().err
    assert again.startswith("error: `pay`: the run was stopped while this was called") and "--resume" not in again
    assert "adalang sessions delete" in again and (shop / "paid.txt").read_text() == "paid "
