from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.ide.fixtures import FIXTURES, Case, cases, read

from adalang.ide.hover import ModelDefault, hover
from adalang.ide.meaning import meaning_at
from adalang.ide.targets import Names
from adalang.ide.words import DEFAULTS
from adalang.language.checks import DiskFacts
from adalang.language.datasets import DEFAULT_FRACTIONS
from adalang.runtime.models.types import ModelSpec

SCORES = {"routing": "78% [71, 84] on 150 val examples"}
DEFAULT = ModelDefault("openai/gpt-4o-mini", "adalang.toml")


@cases("hover")
def test_hover(case: Case, update: bool) -> None:
    found = hover(case.program, case.offset, DiskFacts(), SCORES, DEFAULT)
    case.check([*case.excerpt(found.span), *found.markdown.splitlines()] if found else [], update)


PAGES = [FIXTURES / "whole" / "support.adal", *sorted((FIXTURES / "hover").glob("*.adal"))]


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_hover_and_definition_agree(path: Path) -> None:
    """What hover says of a word is said of the thing that definition leads to."""
    program, facts = read(path).program, DiskFacts()
    for found in re.finditer(rb"[^\W\d]\w*", program.root.source.data):
        word = Names(program, facts).at(found.start())
        meaning = meaning_at(program, found.start(), facts)
        if word is not None and meaning is not None:
            assert meaning.place == word.target.place, found.group()
            assert (meaning.entity and meaning.entity.key) == (word.target.declared and word.target.declared.key)


def test_defaults_are_those_of_a_run() -> None:
    fractions = ", ".join(f"{name} = {share}" for name, share in DEFAULT_FRACTIONS.items())
    assert DEFAULTS["dataset", "split"] == f"{{ {fractions} }}"
    spec = ModelSpec("x/y")
    assert DEFAULTS["model", "retries"] == str(spec.retries) and float(DEFAULTS["model", "timeout"]) == spec.timeout
