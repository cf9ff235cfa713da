from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.completion import complete
from adalang.language.checks import DiskFacts


@cases("completion")
def test_completion(case: Case, update: bool) -> None:
    found = complete(case.program, case.offset, DiskFacts())
    lines = case.excerpt(found[0].span) if found else []
    for one in found[:24]:
        insert = "" if one.insert == one.label else f"  => {one.insert!r}{' (snippet)' if one.snippet else ''}"
        detail = f"  [{one.detail}]" if one.detail else ""
        lines.append(f"{one.kind:12}{one.label}{detail}{insert}")
        lines += [f"{'':14}{one.doc.splitlines()[0]}"] if one.doc else []
    if len(found) > 24:
        lines.append(f"and {len(found) - 24} more")
    case.check(lines, update)
