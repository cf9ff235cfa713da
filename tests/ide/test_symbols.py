from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases
from tests.language.programs import programs

from adalang.ide.symbols import Symbol, symbols


@cases("symbols")
def test_symbols(case: Case, update: bool) -> None:
    case.check([line for one in symbols(case.program) for line in render(case, one, 0)], update)


def render(case: Case, one: Symbol, depth: int) -> list[str]:
    """One line a symbol: its lines in the file, its kind, its name, its detail."""
    first, last = (case.source.line_of(offset) + 1 for offset in (one.span.start, one.span.end))
    lines = [f"{'  ' * depth}{first}-{last} {one.kind} {one.name}{'  [' + one.detail + ']' if one.detail else ''}"]
    return [*lines, *(line for child in one.children for line in render(case, child, depth + 1))]


@given(programs() | broken_texts())
def test_symbols_nest(text: str) -> None:
    program = program_of(text)
    found = symbols(program)
    assert all(one.span.end <= other.span.start for one, other in pairwise(found))
    waiting = list(found)
    while waiting:
        one = waiting.pop()
        assert one.name.strip()
        assert 0 <= one.span.start <= one.name_span.start <= one.name_span.end <= one.span.end
        assert one.span.end <= len(program.root.source.data)
        assert all(one.span.start <= child.span.start <= child.span.end <= one.span.end for child in one.children)
        assert all(child.span.start <= other.span.start for child, other in pairwise(one.children))
        waiting += one.children
