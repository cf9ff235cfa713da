"""What the tests of the VS Code extension need besides Python, and how its Node.js commands are run."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "vscode-extension"
SETUP = "run scripts/setup-e2e.sh"


def required() -> bool:
    """Whether a missing tool fails the tests (in CI, or when asked for) instead of skipping them."""
    return os.environ.get("CI") == "true" or os.environ.get("ADALANG_E2E") == "1"


def need(present: bool, what: str, setup: str = SETUP) -> None:
    """Skip the test when a tool is missing, or fail it where it may not be missing. ``setup`` says where it comes from."""
    if present:
        return
    if required():
        pytest.fail(f"{what} is missing: {setup}", pytrace=False)
    pytest.skip(f"{what} is missing: {setup} (ADALANG_E2E=1 makes this a failure)")


def need_packages() -> None:
    need((EXTENSION / "node_modules" / ".package-lock.json").exists(), "the extension's npm packages")


def need_vscode() -> None:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = Path(os.environ.get("ADALANG_E2E_HOME") or cache / "adalang-e2e")
    need(any(home.glob("code-server-*/.complete")), "code-server")
    chromium = Path(os.environ.get("ADALANG_E2E_CHROMIUM") or "/usr/bin/chromium")
    need(shutil.which(chromium) is not None, "Chromium")


def run_node(*command: str | Path, timeout: float, env: Mapping[str, str] | None = None) -> None:
    """Run a command of Node.js in the extension's folder; fails the test with its output."""
    line = f". ../scripts/node-env.sh && exec {shlex.join(map(str, command))}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=EXTENSION,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    print(done.stdout)
    if done.returncode != 0:
        pytest.fail(f"{shlex.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}", pytrace=False)
