from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases
from tests.language.programs import programs

from adalang.ide.selection_ranges import selection_ranges


@cases("selection_ranges")
def test_selection_ranges(case: Case, update: bool) -> None:
    """Each step's text; of one on several lines the first and the last line."""
    lines = []
    for one in selection_ranges(case.program, case.offset):
        text = case.source.slice(one).splitlines() or [""]
        lines.append(text[0] if len(text) == 1 else f"{text[0]} … {text[-1].strip()} ({len(text)} lines)")
    case.check(lines, update)


@given(programs() | broken_texts(), st.integers(0, 2000))
def test_each_step_holds_the_one_before(text: str, offset: int) -> None:
    program = program_of(text)
    offset = min(offset, len(program.root.source.data))
    found = selection_ranges(program, offset)
    assert found[0].contains(offset)
    assert all(
        outer.start <= inner.start and inner.end <= outer.end and inner != outer for inner, outer in pairwise(found)
    )
    assert not text or (found[-1].start, found[-1].end) == (0, len(program.root.source.data))


def test_deep_nesting_is_stepped_through_only_so_far() -> None:
    blocks = "    {% if a %}\n" * 3000 + "    {% endif %}\n" * 3000
    program = program_of(f'prompt p(a: str) {{\n  user = """\n{blocks}    """\n}}\n')
    found = selection_ranges(program, len(program.root.source.data) // 2)
    assert len(found) <= 200 and found[-1].start == 0
