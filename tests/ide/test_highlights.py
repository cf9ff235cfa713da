from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.highlights import highlights


@cases("highlights")
def test_highlights(case: Case, update: bool) -> None:
    lines = []
    for one in highlights(case.program, case.offset):
        text, carets = case.excerpt(one.span)
        lines += [text, f"{carets} {'written' if one.written else 'read'}"]
    case.check(lines, update)
