"""Tokens as numbers: read back, they are the tokens again, however the text has come about."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ide.broken import broken_texts, program_of
from tests.language.programs import programs

from adalang.ide.legend import TYPES
from adalang.ide.semantic_tokens import semantic_tokens
from adalang.language.program import Module, link
from adalang.language.text import Edit, Encoding, Position, SourceText, Span
from adalang.lsp.convert_tokens import change, of_range, whole

ENCODINGS: list[Encoding] = ["utf-8", "utf-16", "utf-32"]


def read(data: array[int], source: SourceText, encoding: Encoding) -> list[tuple[int, int, str]]:
    """Start, end and type of each token."""
    found, line, column = [], 0, 0
    for at in range(0, len(data), 5):
        down, right, length, kind, _ = data[at : at + 5]
        line, column = line + down, right if down else column + right
        start, end = (source.offset(Position(line, one), encoding) for one in (column, column + length))
        found.append((start, end, TYPES[kind]))
    return found


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=programs() | broken_texts())
def test_numbers_lead_back_to_the_tokens(encoding: Encoding, text: str) -> None:
    program = program_of(text)
    source = program.root.source
    found = read(whole(program, encoding), source, encoding)
    covered = [(at, kind) for start, end, kind in found for at in range(start, end)]
    assert len(set(covered)) == len(covered)
    wanted = {(at, one.style.type) for one in semantic_tokens(program) for at in range(one.start, one.end)}
    assert set(covered) <= wanted
    assert all(not source.data[at : at + 1].strip() for at, _ in wanted - set(covered))
    everything = Span(0, len(source.data))
    assert read(of_range(program, everything, encoding), source, encoding) == found


@given(programs() | broken_texts(), st.integers(0, 400), st.integers(0, 200))
def test_tokens_of_a_range_are_a_stretch_of_all_with_every_one_that_touches_it(
    text: str, start: int, size: int
) -> None:
    program, span = program_of(text), Span(start, start + size)
    source = program.root.source
    every = read(whole(program, "utf-16"), source, "utf-16")
    found = read(of_range(program, span, "utf-16"), source, "utf-16")
    first = every.index(found[0]) if found else 0
    assert every[first : first + len(found)] == found
    assert {one for one in every if Span(one[0], one[1]).touches(span)} <= set(found)


@given(
    programs() | broken_texts(),
    st.integers(0, 2000),
    st.integers(0, 20),
    st.sampled_from(["", "x", "\n\n", '"""', "{"]),
)
def test_an_edit_gives_what_a_fresh_file_gives(text: str, start: int, size: int, inserted: str) -> None:
    before = Module.parse(Path("/nowhere/page.adal"), SourceText.of(text))
    whole(link(before, lambda path: None), "utf-16")
    text_size = len(before.source.data)
    span = Span(min(start, text_size), min(start + size, text_size))
    after = before.edited(Edit(span, inserted))
    fresh = Module.parse(before.path, after.source)
    assert whole(link(after, lambda path: None), "utf-16") == whole(link(fresh, lambda path: None), "utf-16")


NUMBERS = st.lists(st.integers(0, 3), max_size=30).map(lambda found: array("I", found))


@given(NUMBERS, NUMBERS)
def test_a_change_leads_from_one_answer_to_the_other(before: array[int], after: array[int]) -> None:
    made = before[:]
    for edit in change(before, after):
        made[edit.start : edit.start + edit.deleted] = edit.data
    assert made == after
    assert not (before == after and change(before, after))
