"""Every rule has fixtures that show it, a page, and mends that mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts import generate_docs
from tests.language.excerpts import diagnostics_of, join, render, split

from adalang.language.diagnostics import Fix
from adalang.language.rules import RULES, page
from adalang.language.text import SourceText

FIXTURES = Path(__file__).parent.parent / "fixtures"
BAD = sorted(path for path in (FIXTURES / "diagnostics").glob("*.adal") if not path.name.endswith(".good.adal"))
GOOD = sorted((FIXTURES / "diagnostics").glob("*.good.adal"))
SYNTAX = sorted((FIXTURES / "syntax").glob("*.adal"))


def name_of(path: Path) -> str:
    return path.name.removesuffix(".adal")


@pytest.mark.parametrize("path", [*BAD, *SYNTAX], ids=name_of)
def test_fixture_shows_exactly_its_diagnostics(path: Path, update: bool) -> None:
    source, expected = split(path.read_bytes())
    found = diagnostics_of(source, path)
    if update:
        path.write_bytes(join(source, found))
        return
    assert render(SourceText(source), found) == expected


@pytest.mark.parametrize("path", BAD, ids=name_of)
def test_fixture_shows_its_rule(path: Path) -> None:
    code, _, name = name_of(path).partition("-")
    found = diagnostics_of(split(path.read_bytes())[0], path)
    assert RULES[code].name == name
    assert code in {one.code for one in found}


@pytest.mark.parametrize("path", SYNTAX, ids=name_of)
def test_one_syntax_mistake_gets_one_message(path: Path) -> None:
    found = diagnostics_of(split(path.read_bytes())[0], path)
    assert len(found) == 1, [one.message for one in found]


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_mended_example_is_clean(path: Path) -> None:
    assert diagnostics_of(path.read_bytes(), path) == []


def fixes() -> list[tuple[str, Path, Fix]]:
    return [
        (f"{name_of(path)}: {fix.title}", path, fix)
        for path in (*BAD, *SYNTAX)
        for found in diagnostics_of(split(path.read_bytes())[0], path)
        for fix in found.fixes
    ]


@pytest.mark.parametrize(("path", "fix"), [one[1:] for one in fixes()], ids=[one[0] for one in fixes()])
def test_quick_fix_leaves_fewer_mistakes_and_no_new_ones(path: Path, fix: Fix) -> None:
    source = SourceText(split(path.read_bytes())[0])
    before = diagnostics_of(source.data, path)
    after = diagnostics_of(source.apply(fix.edits).data, path)
    assert len(after) < len(before)
    assert {one.code for one in after} <= {one.code for one in before}


def test_every_rule_has_a_fixture_a_mended_example_and_a_page() -> None:
    pages = page("ADL001").parent
    names = {f"{rule.code}-{rule.name}" for rule in RULES.values()}
    assert {name_of(path) for path in BAD} == names
    assert {name_of(path).removesuffix(".good") for path in GOOD} == names
    assert {path.stem for path in pages.glob("ADL*.md")} == set(RULES)


def test_pages_are_current_and_explained() -> None:
    assert [path.name for path, text in generate_docs.pages().items() if path.read_text(encoding="utf-8") != text] == []
    assert generate_docs.without_explanation() == []
