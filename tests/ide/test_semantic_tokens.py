from __future__ import annotations

from itertools import groupby, pairwise

from hypothesis import given
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases
from tests.language.programs import programs

from adalang.ide.legend import MODIFIERS, TYPES
from adalang.ide.semantic_tokens import Token, semantic_tokens
from adalang.language.text import SourceText, Span


@cases("semantic_tokens")
def test_semantic_tokens(case: Case, update: bool) -> None:
    """A line of the answer for each line of the file: each token's text with its type and modifiers."""
    by_line = groupby(semantic_tokens(case.program), lambda one: case.source.line_of(one.start) + 1)
    case.check([f"{line}: {'  '.join(render(case.source, one) for one in found)}" for line, found in by_line], update)


def render(source: SourceText, one: Token) -> str:
    text = " ".join(source.slice(Span(one.start, one.end)).split())
    return f"{text if len(text) <= 24 else text[:20] + '…'} {'.'.join((one.style.type, *one.style.modifiers))}"


@given(programs() | broken_texts())
def test_tokens_are_known_rise_and_never_overlap(text: str) -> None:
    found = semantic_tokens(program_of(text))
    assert all(one.style.type in TYPES and set(one.style.modifiers) <= set(MODIFIERS) for one in found)
    assert all(one.start < one.end for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
