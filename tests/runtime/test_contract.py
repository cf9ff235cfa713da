"""The form of an answer in plain words."""

import pytest

from adalang.language.types import Field, Labels, ListOf, ObjectOf, OptionalOf, Primitive
from adalang.runtime.answers import answer_form
from adalang.runtime.contract import in_words

TEXT, NUMBER, COLOUR = Primitive("str"), Primitive("int"), Labels(("red", "green"))
BARE = "Write nothing before or after it: no explanation, no quotes, no code fence."


@pytest.mark.parametrize(
    ("returns", "told"),
    [
        (COLOUR, "Answer with exactly one of these labels: red, green."),
        (Primitive("bool"), "Answer with true or false."),
        (NUMBER, "Answer with one whole number in digits."),
        (Primitive("float"), "Answer with one number in digits."),
        (
            ObjectOf((Field("why", TEXT), Field("kind", OptionalOf(COLOUR)))),
            "Answer with one JSON object with the fields `why` (a text), `kind` (exactly one of these labels: red, green, or "
            "null).",
        ),
        (
            ListOf(NUMBER),
            "Answer with one JSON object with `answer`, where `answer` is a JSON list, each item of it one whole number in "
            "digits.",
        ),
    ],
)
def test_each_type_has_its_words(returns, told):
    assert in_words(answer_form(returns)) == f"{told} {BARE}"


def test_the_reasoning_is_named_before_the_answer():
    told = in_words(answer_form(NUMBER, reasoning=True))
    assert told.startswith("Answer with one JSON object with `reasoning` (a text) and then `answer`")


def test_what_is_always_readable_needs_no_words():
    assert in_words(answer_form(TEXT)) == ""
