"""The extension and the language server in a real VS Code: every scenario of ``scenarios/``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from .environment import need_packages, need_vscode, run_node

RUN = Path(__file__).with_name("run.mjs")
SCENARIOS = sorted(path.stem for path in RUN.with_name("scenarios").glob("*.mjs"))


@pytest.fixture(scope="module")
def vsix() -> Path:
    """The extension, built and packaged as users get it."""
    need_packages()
    need_vscode()
    run_node("npm", "run", "--silent", "package", timeout=120)
    return RUN.parents[2] / "vscode-extension" / "adalang.vsix"


@pytest.mark.xdist_group("vscode")  # one VS Code at a time: it is large
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_in_vscode(scenario: str, vsix: Path, tmp_path: Path) -> None:
    screenshots = os.environ.get("ADALANG_E2E_SCREENSHOTS") or tmp_path / "screenshots"
    print(f"screenshots in {screenshots}")
    run_node(
        *("node", RUN, "--vsix", vsix, "--interpreter", sys.executable),
        *("--screenshots", screenshots, scenario),
        timeout=540,
    )
