"""Symbols by a few letters: which fit, and in which order."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import FIXTURES, Case, cases, read

from adalang.ide.workspace_symbols import workspace_symbols


@cases("workspace_symbols")
def test_workspace_symbols(case: Case, update: bool) -> None:
    """What the letters of the first line find in the file and in what it imports, the best first."""
    query = re.match(r"# query: ?(.*?)\r?\n", case.text.decode())
    assert query is not None
    lines: list[str] = []
    for one in workspace_symbols(case.program.modules.values(), query.group(1)):
        line, carets = case.excerpt(one.span, case.program.modules[one.path])
        lines += [f"{one.container}.{one.name}, {one.kind}", f"  {line}", f"  {carets}"]
    case.check(lines, update)


def test_no_more_than_are_wanted() -> None:
    modules = read(FIXTURES / "workspace_symbols" / "nothing-asked-for.adal").program.modules.values()
    everything = workspace_symbols(modules, "")
    assert len(everything) > 3
    assert workspace_symbols(modules, "", limit=3) == everything[:3]


@given(broken_texts(), st.text("aest._T ", max_size=4))
def test_found_symbols_stand_in_the_text_and_have_the_letters(text: str, query: str) -> None:
    module = program_of(text).root
    for one in workspace_symbols([module], query):
        assert module.source.slice(one.span) == one.name
        letters = iter(f"{one.container}.{one.name}".casefold())
        assert all(letter in letters for letter in query.strip().casefold())
