from __future__ import annotations

import difflib

from tests.ide.fixtures import Case, cases

from adalang.ide.actions import fix_all, quick_fixes
from adalang.language.checks import DiskFacts, check
from adalang.language.text import Edit, Span


@cases("code_actions")
def test_actions(case: Case, update: bool) -> None:
    """With a cursor the quick fixes there, without one all safe fixes at once."""
    found = check(case.program, facts=DiskFacts())
    lines: list[str] = []
    if case.offset < 0:
        lines = changes(case, fix_all(found))
    for one in quick_fixes(found, Span(case.offset, case.offset)) if case.offset >= 0 else ():
        lines += [f"{one.title} ({one.diagnostic.code}{', preferred' if one.preferred else ''})"]
        lines += [f"  {line}" for line in changes(case, one.edits)]
    case.check(lines, update)


def changes(case: Case, edits: tuple[Edit, ...]) -> list[str]:
    before, after = str(case.source).splitlines(), str(case.source.apply(edits)).splitlines()
    return [line for line in difflib.ndiff(before, after) if line.startswith(("+ ", "- "))]
