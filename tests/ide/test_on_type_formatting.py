from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases
from tests.language.programs import EXAMPLES, WHOLE

from adalang.ide.on_type_formatting import TRIGGERS, format_on_type
from adalang.language.format import format_source
from adalang.language.program import Module
from adalang.language.text import SourceText


@cases("on_type_formatting")
def test_on_type_formatting(case: Case, update: bool) -> None:
    """The line at the cursor, in front of which the trigger stands, before and after."""
    typed = chr(case.source.data[case.offset - 1])
    edits = format_on_type(case.program.root, case.offset, typed)
    line = case.source.line_of(case.offset)
    after = case.source.apply(edits)
    shown = [one.slice(one.line_span(line)).replace(" ", "·").replace("\t", "→") for one in (case.source, after)]
    case.check([f"{shown[0]}|", f"{shown[1]}|"] if edits else [], update)


@pytest.mark.parametrize("path", [WHOLE, *EXAMPLES], ids=lambda path: path.stem)
def test_new_lines_are_indented_as_the_formatter_does(path: Path) -> None:
    """Each line of a formatted file, its indentation taken away, gets it back; lines of texts are left to their authors."""
    formatted = SourceText.of(format_source(SourceText(path.read_bytes())))
    for line in range(1, formatted.line_count):
        span = formatted.line_span(line)
        text = formatted.slice(span)
        bare = text.lstrip()
        start = span.start + len(text) - len(bare)
        if not bare or bare.startswith("#") or in_text(formatted, path, span.start):
            continue
        typed = SourceText(formatted.data[: span.start] + formatted.data[start:])
        edits = format_on_type(Module.parse(path, typed), span.start, "\n")
        after = typed.apply(edits)
        assert after.slice(after.line_span(line)) == text


def in_text(source: SourceText, path: Path, offset: int) -> bool:
    found = Module.parse(path, source).piece_at(offset)
    assert found is not None
    node = found[1].tree.root_node.descendant_for_byte_range(offset - found[0], offset - found[0])
    while node is not None and node.type not in ("string", "template"):
        node = node.parent
    return node is not None and found[0] + node.start_byte < offset


@given(broken_texts(), st.integers(0, 2000), st.sampled_from(TRIGGERS))
def test_only_the_indentation_of_the_line_changes(text: str, offset: int, typed: str) -> None:
    module = program_of(text).root
    offset = min(offset, len(module.source.data))
    line = module.source.line_span(module.source.line_of(offset))
    for edit in format_on_type(module, offset, typed):
        assert edit.span.start == line.start and edit.span.end <= line.end
        assert not module.source.slice(edit.span).strip(" \t") and not edit.text.strip(" \t")
