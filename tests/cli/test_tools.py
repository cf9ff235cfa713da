"""Tools from the command line: run by name, asked for at a terminal, refused without one."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.test_cli import adalang

from adalang.cli.approving import terminal_approver
from adalang.runtime.approval import ApprovalRequest, Decision

CODE = """
from pathlib import Path

def refund(order: str, amount: float) -> str:
    with Path("called").open("a") as note:
        note.write(f"{order} {amount}\\n")
    return f"refunded {amount}"

def stock(text: str) -> str:
    with Path("called").open("a") as note:
        note.write(text + "\\n")
    return {"apple": "fruit", "saw": "tool"}.get(text.split()[0], "none")
"""
REFUND = 'tool refund(order: str, amount: float) -> str = python("t.py:refund") { approve = amount > 50 }\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "t.py").write_text(CODE)
    (tmp_path / "shop.adal").write_text(REFUND)
    return tmp_path


def called(folder: Path) -> list[str]:
    note = folder / "called"
    return note.read_text().splitlines() if note.exists() else []


def at_terminal(folder: Path, answers: str, *arguments: str) -> tuple[int, str]:
    """The exit code and all that the terminal shows, of a command whose person types ``answers``."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "adalang", *arguments], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        os.write(ours, answers.encode())
        shown = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # what Linux says when nobody has the terminal any more
                break
            if not chunk:
                break
            shown += chunk
        return process.wait(), shown.decode()
    finally:
        os.close(ours)


def test_a_tool_runs_by_name(shop: Path) -> None:
    done = adalang("run", "shop.adal:refund", "--set", "order=7", "--set", "amount=9.5", cwd=shop)
    assert (done.returncode, done.stdout) == (0, "refunded 9.5\n"), done.stderr


def test_without_a_terminal_approval_is_refused_and_the_mend_is_told(shop: Path) -> None:
    done = adalang("run", "shop.adal:refund", "--set", "order=7", "--set", "amount=60", cwd=shop, stdin="y\n")
    assert done.returncode != 0 and not called(shop)
    assert "`refund` was not approved: run it in a terminal to be asked, or from Python with `approve`" in done.stderr


def test_an_agent_whose_tool_nobody_could_approve_says_so_once(shop: Path) -> None:
    text = REFUND + 'agent clerk(message: str) -> str {\n  model = "builtin/lexical"\n  tools = [refund]\n}\n'
    (shop / "shop.adal").write_text(text)
    given = ("--set", "message=A refund of 60 for the order 7, please.")
    done = adalang("run", "shop.adal:clerk", *given, cwd=shop)
    assert done.returncode == 0 and not called(shop), done.stderr
    assert done.stderr.count("note: `refund` was not called: nobody could approve it; run it in a terminal") == 1


def test_at_a_terminal_a_person_decides_and_may_change_the_call(shop: Path) -> None:
    answers = 'maybe\ne\n{"amount": 55}\ny\n'
    code, shown = at_terminal(shop, answers, "run", "shop.adal:refund", "--set", "order=7", "--set", "amount=60")
    assert code == 0 and "refunded 55" in shown, shown
    assert "refund needs your approval:" in shown and 'order = "7"' in shown
    assert called(shop) == ["7 55"]


@pytest.mark.parametrize(
    ("answers", "decision"),
    [
        ("y\n", Decision(True, {"amount": 60, "note": "\x1b[2J"})),
        ("n\ntoo much\n", Decision(False, {"amount": 60, "note": "\x1b[2J"}, "too much")),
        ("n\n\n", Decision(False, {"amount": 60, "note": "\x1b[2J"}, "the person at the terminal said no")),
        ("", Decision(False, {"amount": 60, "note": "\x1b[2J"}, "the person at the terminal said no")),
        ('e\n{"amount": 9}\ny\n', Decision(True, {"amount": 9, "note": "\x1b[2J"})),
        ("e\n[1]\ne\n{\ny\n", Decision(True, {"amount": 60, "note": "\x1b[2J"})),
        ('e\n{"amount": "much"}\ny\n', Decision(True, {"amount": 60, "note": "\x1b[2J"})),
    ],
)
async def test_what_a_person_may_answer(answers: str, decision: Decision, monkeypatch, capsys) -> None:
    stdin = io.StringIO(answers)
    stdin.isatty = sys.stderr.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", stdin)
    request = ApprovalRequest(
        "refund",
        {"amount": 60, "note": "\x1b[2J"},
        "helper",
        mistake=lambda inputs: "`amount` is a text" if isinstance(inputs["amount"], str) else "",
    )
    assert await terminal_approver()(request) == decision
    shown = capsys.readouterr().err
    assert ("`amount` is a text" in shown) == ("much" in answers and "too" not in answers)
    assert "refund needs your approval (asked by helper):" in shown and "\x1b" not in shown
