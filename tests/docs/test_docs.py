"""What the documents show is run, what is generated is current, and links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from .blocks import blocks, run_page

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
ELSEWHERE = {"diagnostics.md", "language.md"}  # generated from fixtures; run by tests/language/test_reference.py
RUNNABLE = [
    page
    for page in PAGES
    if page.name not in ELSEWHERE and any(block.language in ("console", "python", "adal") for block in blocks(page))
]

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_what_a_page_shows_is_so(page: Path, tmp_path: Path) -> None:
    assert run_page(page, tmp_path) > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_exist(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", link) and not link.startswith("#"):
            assert (page.parent / unquote(link).partition("#")[0]).exists(), f"{page.name} links to {link}"


def test_the_generated_references_are_current() -> None:
    command = [sys.executable, ROOT / "scripts" / "generate_reference.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
