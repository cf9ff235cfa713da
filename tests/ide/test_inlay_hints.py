from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases
from tests.language.programs import programs

from adalang.ide.inlay_hints import Hints, inlay_hints
from adalang.language.checks import DiskFacts
from adalang.language.text import Edit, Span

SCORES = {"quality": "78% on 150", "other": "1%"}


@cases("inlay_hints")
def test_inlay_hints(case: Case, update: bool) -> None:
    """Each line that has hints, as an editor shows it, with the hints in ‹›; with a cursor only those up to it."""
    end = case.offset if case.offset >= 0 else len(case.source.data)
    found = inlay_hints(case.program, Span(0, end), Hints(), SCORES, DiskFacts())
    shown = case.source.apply([Edit(Span(one.offset, one.offset), f"‹{one.label}›") for one in found])
    lines = dict.fromkeys(case.source.line_of(one.offset) for one in found)
    case.check([f"{line + 1}: {shown.slice(shown.line_span(line)).strip()}" for line in lines], update)


def test_each_kind_can_be_switched_off() -> None:
    text = (
        'param tone = "One two three four five six seven eight nine ten eleven."\n'
        'prompt p(a: str) = """{{ a }}"""\n'
        "pipeline q(b: str) -> str {\n  c = p(b)\n  return c\n}\neval quality of q { metric = exact_match }\n"
    )
    program, everything = program_of(text), Span(0, len(text))
    every = {one.kind for one in inlay_hints(program, everything, Hints(), SCORES)}
    assert every == {"type", "argument", "tokens", "score"}
    for kind, without in {
        "type": Hints(types=False),
        "argument": Hints(arguments=False),
        "tokens": Hints(tokens=False),
        "score": Hints(scores=False),
    }.items():
        assert {one.kind for one in inlay_hints(program, everything, without, SCORES)} == every - {kind}


@given(programs() | broken_texts(), st.integers(0, 2000), st.integers(0, 2000))
def test_hints_stand_in_the_range(text: str, start: int, size: int) -> None:
    span = Span(start, start + size)
    assert all(span.contains(one.offset) for one in inlay_hints(program_of(text), span, scores=SCORES))
