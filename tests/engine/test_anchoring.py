"""Proposals in texts that have changed since: merged exactly or marked stale, never applied to the wrong lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adalang.engine.anchoring import Anchored, anchor, doubt, doubt_of_part, parts_of
from adalang.language.edits import EditRefused
from adalang.language.literal import encode
from adalang.language.program import Module, Program, link
from adalang.language.reach import trainables
from adalang.language.text import SourceText
from adalang.store.records import Change, Evidence, Proposal

PATH = Path("/w/page.adal")


def page(text: str, *, shots: str = "", newline: str = "\n") -> Program:
    source = (
        "prompt classify(ticket: str) -> str {\n"
        f"  param instruction = {encode(text, indent='    ')}\n"
        f"  demos shots{shots}\n"
        '  user = """{{ instruction }} {{ ticket }}"""\n'
        "}\n"
    )
    return link(Module.parse(PATH, SourceText.of(source.replace("\n", newline))), lambda path: None)


def proposal(*changes: Change, verified: bool = True) -> Proposal:
    evidence = Evidence(verified=verified, holdout_n=30, before=0.4, after=0.8, low=0.2, high=0.6)
    return Proposal.new(run_id="r", file="page.adal", eval="e", fingerprint="f", changes=changes, evidence=evidence)


def anchored(before: str, after: str, current: str, newline: str = "\n") -> Anchored:
    change = Change("classify.instruction", "text", before, after)
    return anchor(proposal(change), page(current, newline=newline), lambda path: None)


def text_after(found: Anchored) -> str:
    """The param's text when the proposal is applied to the file."""
    module = found.program.root
    applied = Module.parse(PATH, module.source.apply(found.edits().get(PATH, ())))
    return trainables(link(applied, lambda path: None))["classify.instruction"].part.text  # type: ignore[union-attr]


# ---- merges

LINES = st.lists(st.sampled_from(["one", "two", "three", "", "- x", "  deep"]), min_size=1, max_size=12)
Edits = Sequence[tuple[int, list[str]]]


def edited(lines: list[str], edits: Edits) -> list[str]:
    """Each edit replaces the line of its number by other lines: none, one or several."""
    new = dict(edits)
    return [one for number, line in enumerate(lines) for one in new.get(number, [line])]


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(["\n", "\r\n"]))
def test_edits_round_the_hunk_are_merged_exactly_or_refused(data: st.DataObject, newline: str) -> None:
    """Lines are numbered, so that there is one right answer."""
    lines = [f"{number} {line}" for number, line in enumerate(data.draw(LINES))]
    places = st.lists(st.tuples(st.integers(0, len(lines) - 1), LINES.map(lambda new: new[:2])), max_size=3)
    ours, theirs = dict(data.draw(places)), dict(data.draw(places))
    before, after, current = (
        "\n".join(lines),
        "\n".join(edited(lines, list(ours.items()))),
        "\n".join(edited(lines, list(theirs.items()))),
    )
    found = anchored(before, after, current, newline)
    if found.stale:
        with pytest.raises(EditRefused):
            found.edits()
        assert any(abs(one - other) <= 1 for one in ours for other in theirs), "changes that are apart are merged"
        return
    clash = [number for number in ours.keys() & theirs.keys() if ours[number] != theirs[number]]
    if current != before and after != before and current != after:
        assert not clash
    expected = edited(lines, list({**theirs, **ours}.items()))
    assert text_after(found) == "\n".join(expected)


@settings(max_examples=300, deadline=None)
@given(LINES, LINES, LINES)
def test_no_line_of_anybody_is_lost(before: list[str], after: list[str], current: list[str]) -> None:
    """With lines that repeat, where a change belongs may be open; what both sides kept or added stays all the same."""
    found = anchored("\n".join(before), "\n".join(after), "\n".join(current))
    if found.stale:
        return
    merged = text_after(found).split("\n")
    if current not in (before, after):
        for line in {*after, *current}:
            kept = after.count(line) + current.count(line) - before.count(line)
            assert merged.count(line) >= min(kept, after.count(line), current.count(line)), line


# ---- single changes

BEFORE = "Sort the ticket.\n\nAnswer with one word.\n\nBe quick."
AFTER = "Sort the ticket into a or b.\n\nAnswer with one word.\n\nBe quick.\nBe right."


def test_single_changes_stand_where_they_change_something() -> None:
    found = anchored(BEFORE, AFTER, BEFORE)
    parts = parts_of(found)
    source = found.program.root.source
    assert [(one.title, source.slice(one.span)) for one in parts] == [
        ("Try change 1 of 2 alone, untested so: `Sort the ticket into a or b.`", "Sort the ticket."),
        ("Try change 2 of 2 alone, untested so: `Be right.`", ""),
    ]
    texts = [str(source.apply(one.edits(found.program)[PATH])) for one in parts]
    assert "into a or b" in texts[0] and "Be right" not in texts[0]
    assert "into a or b" not in texts[1] and "    Be quick.\n    Be right.\n    " in texts[1]


def test_one_change_after_the_other_is_all_of_them() -> None:
    found = anchored(BEFORE, AFTER, BEFORE)
    for part in parts_of(found):
        rest = anchored(BEFORE, AFTER, part.value)
        assert not rest.stale and rest.outdated and len(parts_of(rest)) == 0
        assert text_after(rest) == AFTER
    assert anchored(BEFORE, AFTER, AFTER).is_applied


def test_examples_are_one_change() -> None:
    shots = [{"ticket": "x", "output": "y"}]
    text, demos = Change("classify.instruction", "text", "Old", "New"), Change("classify.shots", "demos", [], shots)
    found = anchor(proposal(text, demos), page("Old"), lambda path: None)
    parts = parts_of(found)
    assert [one.gist for one in parts] == ["`New`", "the examples of `classify.shots` (1 now)"]
    (edit,) = parts[1].edits(found.program)[PATH]
    assert edit.text == ' = [\n    { ticket = "x", output = "y" },\n  ]'


@settings(max_examples=150, deadline=None)
@given(LINES, LINES, LINES)
def test_each_change_is_exactly_one_hunk_of_the_merged_text(
    before: list[str], after: list[str], current: list[str]
) -> None:
    found = anchored("\n".join(before), "\n".join(after), "\n".join(current))
    for part in parts_of(found):
        source = found.program.root.source
        applied = Module.parse(PATH, source.apply(part.edits(found.program)[PATH]))
        text = trainables(link(applied, lambda path: None))["classify.instruction"].part.text  # type: ignore[union-attr]
        assert text == part.value
        assert 0 <= part.span.start <= part.span.end <= len(source.data)


def test_doubt_is_told_of_hints_of_old_tests_and_of_single_changes() -> None:
    change = Change("classify.instruction", "text", BEFORE, AFTER)
    hint = anchor(proposal(change, verified=False), page(BEFORE), lambda path: None)
    assert "Nothing is proven" in doubt(hint)
    assert "of a hint" in doubt_of_part(hint, parts_of(hint)[0])
    old = anchor(proposal(change), page(BEFORE), lambda path: None)
    assert "no longer in the file" in doubt(old), "its eval is gone"
    proven = replace(old, outdated="")
    assert not doubt(proven)
    assert "this one alone was not" in doubt_of_part(proven, parts_of(proven)[0])
    assert parts_of(replace(proven, stale="gone")) == ()
