from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.symbols import Symbol, symbols


@cases("symbols")
def test_symbols(case: Case, update: bool) -> None:
    case.check([line for one in symbols(case.program) for line in render(case, one, 0)], update)


def render(case: Case, one: Symbol, depth: int) -> list[str]:
    """One line a symbol: its lines in the file, its kind, its name, its detail."""
    first, last = (case.source.line_of(offset) + 1 for offset in (one.span.start, one.span.end))
    assert one.span.start <= one.name_span.start <= one.name_span.end <= one.span.end
    lines = [f"{'  ' * depth}{first}-{last} {one.kind} {one.name}{'  [' + one.detail + ']' if one.detail else ''}"]
    return [*lines, *(line for child in one.children for line in render(case, child, depth + 1))]
