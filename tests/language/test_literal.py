"""Any text can be written into a file, in any form, and comes back as it was."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.language.programs import TEXTS

from adalang.language.declarations import ParamDeclaration
from adalang.language.literal import DecodedText, decode, encode, quote
from adalang.language.lower import lower
from adalang.language.syntax import parse
from adalang.language.text import SourceText

INDENTS = st.sampled_from(["  ", "    ", "\t", " \t", "      "])
FORMS: list[Literal["quoted", "fenced", "block", "run-on"]] = ["quoted", "fenced", "block", "run-on"]


def read_back(raw: str, newline: str = "\n") -> str:
    """The text as the parser and the lowering read it, between two other declarations."""
    source = SourceText.of(f'model before = "x/y"{newline}param text = {raw}{newline}model after = "x/y"{newline}')
    lowered = lower(parse(source), source)
    assert not lowered.problems
    _, middle, _ = (item.declaration for item in lowered.items)
    assert isinstance(middle, ParamDeclaration)
    assert not middle.problems
    return middle.param.text


@given(TEXTS, st.sampled_from([None, *FORMS]), st.sampled_from([3, 4, 6]), INDENTS, st.sampled_from(["\n", "\r\n"]))
def test_any_text_survives_writing_and_reading(
    text: str, form: Literal["quoted", "fenced", "block", "run-on"] | None, fence: int, indent: str, newline: str
) -> None:
    like = DecodedText("", form, fence, ((0, 0),)) if form else None
    raw = encode(text, indent=indent, newline=newline, like=like)
    assert decode(raw).value == text
    assert not decode(raw).problems
    assert read_back(raw, newline) == text


@given(TEXTS)
def test_any_text_survives_between_single_quotes(text: str) -> None:
    assert "\n" not in quote(text)
    assert read_back(quote(text)) == text


@given(st.text(alphabet='"\\nu{}41 \n\t', max_size=30), st.booleans())
def test_reading_never_fails_and_places_stay_inside(body: str, closed: bool) -> None:
    for fence in ('"', '"""', '""""'):
        raw = fence + body + (fence if closed else "")
        decoded = decode(raw, closed=closed)
        assert all(0 <= decoded.raw_index(index) <= len(raw) for index in range(len(decoded.value) + 1))


@given(TEXTS, INDENTS)
def test_each_character_is_found_again_in_the_file(text: str, indent: str) -> None:
    raw = encode(text, indent=indent)
    decoded = decode(raw)
    if decoded.form != "quoted":
        assert all(raw[decoded.raw_index(index)] == one for index, one in enumerate(text) if one != "\n")


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("", '""'),
        ("kind", '"kind"'),
        ('say "hi"', '"""say "hi""""'),
        ("a\nb", '"""\n  a\n  b\n  """'),
        ("a\n\nb\n", '"""\n  a\n\n  b\n\n  """'),
        ('a\n"""b"""', '""""\n  a\n  """b"""\n  """"'),
        ("a\rb", '"a\\rb"'),
    ],
)
def test_texts_take_the_form_that_reads_best(text: str, raw: str) -> None:
    assert encode(text) == raw
