from __future__ import annotations

from tests.ide.fixtures import Case, cases
from tests.ide.test_references import users

from adalang.ide.call_hierarchy import Call, incoming_calls, outgoing_calls, prepare_calls
from adalang.language.program import Program, link


@cases("call_hierarchy")
def test_calls(case: Case, update: bool) -> None:
    """What the item at the cursor is, who calls it, and what it calls; asked where the item is declared, as editors do."""
    programs = [case.program, *users("call_hierarchy")]
    item = prepare_calls(case.program, case.offset)
    if item is None:
        return case.check([], update)
    own = next(one for one in programs if item.path in one.modules)
    home = link(own.modules[item.path], own.modules.get)
    lines = [f"{item.kind} {item.name} in {item.path.name}"]
    for what, calls in (
        ("called by", incoming_calls(home, item.name_span.start, programs)),
        ("calls", outgoing_calls(home, item.name_span.start)),
    ):
        for one in calls:
            lines += [f"{what} {one.other.kind} {one.other.name} in {one.other.path.name}"]
            lines += _spans(case, one, programs, one.other.path if what == "called by" else item.path)
    return case.check(lines, update)


def _spans(case: Case, call: Call, programs: list[Program], path: object) -> list[str]:
    modules = {one: module for program in programs for one, module in program.modules.items()}
    module = next(module for one, module in modules.items() if one == path)
    return [f"  {line}" for span in call.spans for line in case.excerpt(span, module)]
