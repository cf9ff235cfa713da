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
LINKED = [
    *PAGES,
    *(ROOT / name for name in ("CHANGELOG.md", "benchmarks/README.md", "vscode-extension/README.md")),
    *sorted(page for folder in ("editors", "examples") for page in (ROOT / folder).rglob("README.md")),
]
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


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = unquote(link).partition("#")
        there = page.parent / path if path else page
        assert there.exists(), f"{page.name} links to {link}"
        assert not heading or there.suffix != ".md" or heading in _headings(there), f"{page.name} links to {link}"


def _headings(page: Path) -> set[str]:
    """The names by which a page's headings are linked to."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_the_generated_references_are_current() -> None:
    command = [sys.executable, ROOT / "scripts" / "generate_reference.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
