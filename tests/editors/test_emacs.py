"""Debian's Emacs with eglot as a client, with the mode of ``editors/emacs``; the session is ``eglot.el``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.environment import need
from tests.editors.examples import ADALANG, PAGE, SHARED

SESSION = Path(__file__).with_name("eglot.el")


@pytest.mark.xdist_group("searched")
@pytest.mark.timeout(120)
def test_a_session(page: Path, searched: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    need(
        shutil.which("emacs") is not None and has_eglot(),
        "Emacs with eglot",
        "install the packages `emacs-nox elpa-eglot`, or run .ci/setup",
    )
    original, applied = searched
    shutil.copytree(original.parent, page.parent, dirs_exist_ok=True)
    home = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        ["emacs", "-q", "--batch", "-l", SESSION],
        env={**os.environ, "HOME": str(home), "ADALANG": ADALANG, "FOLDER": str(page.parent)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    steps = [line.removeprefix("step: ") for line in done.stdout.splitlines() if line.startswith("step: ")]
    assert steps == ["open", "diagnostics and quick fix", "completion", "rename", "format", "proposal", "indentation"]
    assert page.read_text(encoding="utf-8") == PAGE.replace("shared.style", "shared.manner")
    assert page.with_name("shared.adal").read_text(encoding="utf-8") == SHARED.replace("style", "manner")
    assert page.with_name("triage.adal").read_text(encoding="utf-8") == applied


def has_eglot() -> bool:
    code = "(kill-emacs (if (require 'eglot nil t) 0 1))"
    return subprocess.run(["emacs", "-q", "--batch", "--eval", code], capture_output=True, check=False).returncode == 0
