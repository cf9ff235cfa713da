from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.hover import ModelDefault, hover
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


def test_defaults_are_those_of_a_run() -> None:
    fractions = ", ".join(f"{name} = {share}" for name, share in DEFAULT_FRACTIONS.items())
    assert DEFAULTS["dataset", "split"] == f"{{ {fractions} }}"
    spec = ModelSpec("x/y")
    assert DEFAULTS["model", "retries"] == str(spec.retries) and float(DEFAULTS["model", "timeout"]) == spec.timeout
