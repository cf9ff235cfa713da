"""The evals that a save runs: how many examples of each, and of which component."""

from __future__ import annotations

from hypothesis import given
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases

from adalang.ide.on_save import Fingerprints, is_evaluated, on_save


@cases("on_save")
def test_on_save(case: Case, update: bool) -> None:
    found = on_save(case.program)
    case.check([f"{one.eval.id}: {one.limit} of {one.target.id}" for one in found], update)


@given(broken_texts())
def test_limits_of_broken_files_are_some_examples(text: str) -> None:
    assert all(one.limit > 0 and one.eval.kind == "eval" for one in on_save(program_of(text)))


def test_what_is_noted_in_the_session_counts_before_what_the_store_holds() -> None:
    now = Fingerprints("e", "t")
    assert is_evaluated(now, "e", None) and is_evaluated(now, "e", "old")
    assert is_evaluated(now, None, "t")
    assert not is_evaluated(now, "old", "t")
    assert not is_evaluated(now, None, "old") and not is_evaluated(now, None, None)
