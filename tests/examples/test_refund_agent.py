"""The refund agent at a terminal, as its README shows it: a person is asked, and what they type is what happens."""

from __future__ import annotations

import json
import os
import pty
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import run_command
from tests.docs.blocks import blocks

EXAMPLE = Path(__file__).parents[2] / "examples" / "refund-agent"
ASKED = "Call it? [y]es, [n]o, [e]dit: "


@pytest.mark.parametrize(
    ("typed", "booked"), [("y", [320.0]), ("n\nnot today", []), ('e\n{"amount": 99.5}\ny', [99.5])]
)
def test_a_large_refund_waits_for_what_the_person_at_the_terminal_says(
    tmp_path: Path, typed: str, booked: list[float]
) -> None:
    folder = tmp_path / EXAMPLE.name
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".adalang", "__pycache__", "refunds.log"))
    shown = next(block.text for block in blocks(EXAMPLE / "README.md") if block.language == "text").splitlines()
    printed = at_a_terminal(shown[0].removeprefix("$ adalang "), typed, folder)
    expected = [line.replace(f"{ASKED}y", ASKED).strip() for line in shown[1:-1]]
    assert [line for line in expected if line not in printed] == []
    assert ("refunded" if booked else "waiting") in printed.splitlines()
    book = folder / "refunds.log"
    lines = book.read_text(encoding="utf-8").splitlines() if book.exists() else []
    assert [json.loads(line)["amount"] for line in lines] == booked


def test_an_eval_pays_no_sum_that_a_person_has_to_agree_to(tmp_path: Path) -> None:
    folder = tmp_path / EXAMPLE.name
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".adalang", "__pycache__", "refunds.log"))
    assert run_command("eval", "refund.adal", cwd=folder, environment=os.environ).returncode == 0
    booked = [json.loads(line)["amount"] for line in (folder / "refunds.log").read_text(encoding="utf-8").splitlines()]
    assert booked and max(booked) <= 50


def at_a_terminal(command: str, typed: str, folder: Path) -> str:
    """What `adalang COMMAND` prints in a terminal where this is typed."""
    person, terminal = pty.openpty()
    try:
        os.write(person, f"{typed}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "adalang", *shlex.split(command)],
            cwd=folder,
            env=os.environ | {"NO_COLOR": "1"},
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=terminal,
            text=True,
            timeout=100,
            check=True,
        )
        os.set_blocking(person, False)
        said = bytearray()
        while chunk := _read(person):
            said += chunk
    finally:
        os.close(person)
        os.close(terminal)
    return said.decode().replace("\r\n", "\n") + done.stdout


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except BlockingIOError:
        return b""
