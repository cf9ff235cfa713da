from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.lenses import lenses


@cases("code_lenses")
def test_lenses(case: Case, update: bool) -> None:
    found = lenses(case.program)
    case.check([f"{case.source.line_of(one.span.start) + 1}: {one.action} {one.name}" for one in found], update)
