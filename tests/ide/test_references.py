from __future__ import annotations

from tests.ide.fixtures import FIXTURES, Case, cases, read

from adalang.ide.references import references
from adalang.language.program import Program


def users(feature: str) -> list[Program]:
    """The programs of the files in ``users/``, which import what the fixtures import."""
    return [read(path).program for path in sorted((FIXTURES / feature / "users").glob("*.adal"))]


@cases("references")
def test_references(case: Case, update: bool) -> None:
    """Every place in all files, with what happens there; those without the declaration are the same but for these."""
    programs = users("references")
    found = references(case.program, case.offset, programs)
    lines = []
    modules = {path: module for one in (case.program, *programs) for path, module in one.modules.items()}
    for one in found:
        module = modules[one.place.path]
        where = "" if module is case.program.root else f"{one.place.path.name}: "
        line, carets = case.excerpt(one.place.span, module)
        lines += [f"{where}{line}", f"{' ' * len(where)}{carets} {one.access}"]
    case.check(lines, update)
    rest = [one for one in found if one.access != "declaration"]
    assert references(case.program, case.offset, programs, declaration=False) == rest
