from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.definition import definition
from adalang.language.checks import DiskFacts


@cases("definition")
def test_definition(case: Case, update: bool) -> None:
    found = definition(case.program, case.offset, DiskFacts())
    if found is None:
        return case.check([], update)
    module = case.program.modules.get(found.place.path)
    where = found.place.path.relative_to(case.path.parent).as_posix()
    place = case.excerpt(found.place.span, module) if module else []
    return case.check(
        [*case.excerpt(found.origin), f"-> {where if where != case.path.name else 'here'}", *place], update
    )
