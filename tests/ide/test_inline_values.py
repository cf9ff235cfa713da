from __future__ import annotations

from hypothesis import given
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases

from adalang.ide.inline_values import inline_values
from adalang.language.text import Span

VALUES = {
    "support": {"ticket": "Where is\n my  money?", "kind": "billing", "gone": "never shown", "return": "It is " * 20},
    "classify": {"ticket": "Where?"},
    "nowhere": {"ticket": "?"},
}


@cases("inline_values")
def test_inline_values(case: Case, update: bool) -> None:
    end = case.offset if case.offset >= 0 else len(case.source.data)
    lines = []
    for one in inline_values(case.program, Span(0, end), VALUES):
        lines += [*case.excerpt(one.span), one.text]
    case.check(lines, update)


@given(broken_texts())
def test_values_of_broken_files(text: str) -> None:
    program = program_of(text)
    size = len(program.root.source.data)
    assert all(0 <= one.span.start <= one.span.end <= size for one in inline_values(program, Span(0, size), VALUES))
