"""The language's reference: its examples are whole programs in the canonical layout, and it names all that there is."""

from __future__ import annotations

import re

import pytest
from tests.language.excerpts import program_of
from tests.language.programs import ROOT

from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks import check
from adalang.language.format import format_source
from adalang.language.rules import RULES
from adalang.language.settings import FUNCTIONS, KEYWORDS, MODEL_OPTIONS, NUMBERS, SETTINGS
from adalang.language.text import SourceText

PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^## ([^\n]*)\n|^```adal\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def examples() -> list[tuple[str, str]]:
    found, heading = [], "Start"
    for title, example in EXAMPLES:
        heading = title or heading
        if example:
            found.append((heading, example))
    return found


@pytest.mark.parametrize("example", [text for _, text in examples()], ids=[title for title, _ in examples()])
def test_example_has_no_mistakes_and_is_in_the_canonical_layout(example: str) -> None:
    """Files that an example names do not exist here: nothing is asked of the disk, and its import is not followed."""
    found = check(program_of(example, ROOT / "docs" / "language.adal"))
    about_files = {"ADL109"}
    kept = [one for one in found if RULES[one.code].severity != "hint" and one.code not in about_files]
    assert [one.message for one in kept if "house" not in one.message] == []
    assert format_source(SourceText.of(example)) == example


def test_reference_names_all_that_there_is() -> None:
    settings = {name for table in SETTINGS.values() for name in table}
    for name in {
        *KEYWORDS,
        *METRIC_SIGNATURES,
        *MODEL_OPTIONS,
        *settings,
        *FUNCTIONS,
        *NUMBERS["budget"],
        *NUMBERS["prefer"],
    }:
        assert re.search(rf"\b{name}\b", PAGE), name
