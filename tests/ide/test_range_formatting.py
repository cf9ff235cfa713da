from __future__ import annotations

import difflib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.ide.broken import broken_texts
from tests.ide.fixtures import Case, cases
from tests.language.programs import programs

from adalang.ide.range_formatting import format_ranges
from adalang.language.format import format_source
from adalang.language.program import Module
from adalang.language.text import SourceText, Span


@cases("range_formatting")
def test_range_formatting(case: Case, update: bool) -> None:
    """What changes when the declarations at the cursor are formatted."""
    edits = format_ranges(case.program.root, [Span(case.offset, case.offset)])
    before, after = str(case.source).splitlines(), str(case.source.apply(edits)).splitlines()
    case.check([line.replace(" ", "·") for line in difflib.ndiff(before, after) if line[0] in "+-"], update)


def module_of(text: str) -> Module:
    return Module.parse(Path("/nowhere/page.adal"), SourceText.of(text))


@given(programs(), st.data())
def test_a_range_gets_the_layout_that_it_has_in_the_formatted_file(text: str, data: st.DataObject) -> None:
    module = module_of(text)
    if not module.items:
        return
    at = data.draw(st.integers(0, len(module.items) - 1))
    item = module.items[at]
    after = module_of(str(module.source.apply(format_ranges(module, [item.span]))))
    whole = module_of(format_source(module.source))
    assert after.source.slice(after.items[at].span) == whole.source.slice(whole.items[at].span)


@given(programs() | broken_texts(), st.integers(0, 1000), st.integers(0, 300))
def test_lines_of_other_declarations_stay(text: str, start: int, size: int) -> None:
    module, span = module_of(text), Span(start, start + size)
    after = module_of(str(module.source.apply(format_ranges(module, [span]))))
    lines = [(module.source.line_of(one.start), module.source.line_of(one.span.end)) for one in module.items]
    for (first, last), item, then in zip(lines, module.items, after.items, strict=True):
        alone = sum(low <= last and first <= high for low, high in lines) == 1
        if alone and not (item.start <= span.end and start <= item.span.end):
            assert after.source.slice(then.span) == module.source.slice(item.span)
