from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.hover import hover
from adalang.language.checks import DiskFacts


@cases("hover")
def test_hover(case: Case, update: bool) -> None:
    found = hover(case.program, case.offset, DiskFacts())
    case.check([*case.excerpt(found.span), *found.markdown.splitlines()] if found else [], update)
