from __future__ import annotations

from hypothesis import example, given
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases
from tests.language.programs import programs

from adalang.ide.folding import folding


@cases("folding")
def test_folding(case: Case, update: bool) -> None:
    """Each fold with the lines that it hides, and the line that it begins on."""
    lines = []
    for one in folding(case.program):
        first, last = (case.source.line_of(offset) + 1 for offset in (one.span.start, one.span.end))
        head = case.source.slice(case.source.line_span(first - 1)).strip()
        lines.append(f"{first + 1}-{last - one.closer} {one.kind}: {head}")
    case.check(lines, update)


@example('import "a.adal" import "b.adal"\nmodel a = "x/y"\n')
@given(programs() | broken_texts())
def test_folds_nest_and_begin_on_lines_of_their_own(text: str) -> None:
    program = program_of(text)
    found, source = folding(program), program.root.source
    begun = [source.line_of(one.span.start) for one in found]
    assert len(set(begun)) == len(begun)
    assert all(source.line_of(one.span.start) < source.line_of(one.span.end) <= source.line_count for one in found)
    open_spans: list[int] = []
    for one in found:
        while open_spans and open_spans[-1] <= one.span.start:
            open_spans.pop()
        assert not open_spans or one.span.end <= open_spans[-1]
        open_spans.append(one.span.end)
