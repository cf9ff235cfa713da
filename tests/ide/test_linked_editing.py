from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.linked_editing import linked_ranges


@cases("linked_editing")
def test_linked_ranges(case: Case, update: bool) -> None:
    found = linked_ranges(case.program, case.offset)
    assert len({case.source.slice(span) for span in found}) <= 1
    case.check([line for span in found for line in case.excerpt(span)], update)
