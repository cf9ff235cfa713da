from __future__ import annotations

from hypothesis import given
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases

from adalang.ide.lenses import ACTIONS, lenses


@cases("code_lenses")
def test_lenses(case: Case, update: bool) -> None:
    found = lenses(case.program)
    case.check([f"{case.source.line_of(one.span.start) + 1}: {one.action} {one.name}" for one in found], update)


@given(broken_texts())
def test_each_kind_can_be_switched_off(text: str) -> None:
    program = program_of(text)
    everything = lenses(program)
    for action in ACTIONS:
        rest = [one for one in ACTIONS if one != action]
        assert lenses(program, rest) == [one for one in everything if one.action != action]
