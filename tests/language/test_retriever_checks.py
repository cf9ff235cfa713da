"""What a retriever says of its files is checked where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from adalang.language.checks import DiskFacts, check
from adalang.language.program import load


def told(folder: Path, settings: str) -> list[tuple[str, str]]:
    file = folder / "a.adal"
    file.write_text(f"retriever find(query: str) -> Passage[] {{\n  {settings}\n}}\n")
    return [(one.code, one.message) for one in check(load(file), facts=DiskFacts()) if one.code != "ADL103"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    docs = tmp_path / "client [2026]" / "docs"
    docs.mkdir(parents=True)
    for name in ("a.md", "b.tsv", "c.markdown", "d.json"):
        (docs / name).touch()
    return tmp_path / "client [2026]"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('corpus = "docs"', 'write "docs/**/*"'),
        ('corpus = "docs/"', 'write "docs/**/*"'),
        ('corpus = "https://example.com/a.md"', "is an address"),
        ('corpus = "~/docs/*.md"', "`~` is no folder here"),
        ("corpus = []", "The list names no files"),
        ('corpus = "docs/a.docx"', "cannot be searched: files are .md"),
        ('corpus = "docs/*.md"\n  encoding = "latin1000"', "There is no encoding `latin1000`"),
        ('corpus = "docs/*.md"\n  encoding = "base64"', "There is no encoding `base64`"),
    ],
)
def test_what_cannot_be_a_corpus_is_told_with_the_mend(folder: Path, settings: str, message: str) -> None:
    ((code, found),) = told(folder, settings)
    assert code == "ADL212" and message in found


@pytest.mark.parametrize(
    "settings",
    [
        'corpus = ["docs/**/*", "docs/*.tsv", "docs/c.markdown", "docs/d.json"]',
        'corpus = "docs/*.md"\n  encoding = "Latin-1"',
        'corpus = "docs/*.m[cd]"',
    ],
)
def test_a_corpus_in_a_folder_whose_name_has_signs_of_patterns_is_found(folder: Path, settings: str) -> None:
    assert told(folder, settings) == []


def test_a_pattern_without_files_is_told(folder: Path) -> None:
    assert [code for code, _ in told(folder, 'corpus = "docs/*.pdf"')] == ["ADL501"]
