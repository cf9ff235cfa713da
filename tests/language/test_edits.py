"""New values of params and demos: exactly those, nothing else, or a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.language.excerpts import program_of
from tests.language.programs import TEXTS, WHOLE

from adalang.language.datasets import constant
from adalang.language.edits import (
    EditRefused,
    apply_changes,
    apply_hunks,
    demos_edit,
    hunks,
    param_edit,
    rebase,
    unified_diff,
    value_literal,
)
from adalang.language.format import format_source
from adalang.language.program import Program, load
from adalang.language.reach import trainables
from adalang.language.syntax import Node, parse
from adalang.language.text import SourceText

SOURCE = '''\
model fast = "builtin/lexical"

# How we speak
param tone = "kind"

prompt classify(ticket: str) -> "a" | "b" {
  model = fast
  # What tells them apart
  param instruction = """
      Sort it.
      """  # beside
  demos shots { max = 4 }  # few-shot
  demos fixed = [{ ticket = "x", output = "a" }]
  system = """{{ instruction }} {{ tone }}"""
  user   = """Ticket: {{ ticket }}"""
}
'''
PATH = Path("/nowhere/support.adal")


def edited(program: Program, changes: dict[str, Any]) -> str:
    return str(program.root.source.apply(apply_changes(program, changes)[program.path]))


def test_texts_and_examples_take_the_form_and_place_of_the_old_ones() -> None:
    changes = {
        "tone": "brief\nand kind",
        "classify.instruction": 'Say """a""" or b.',
        "classify.shots": [{"ticket": "one", "output": "a"}, {"ticket": "two\nlines", "output": "b"}],
        "classify.fixed": [],
    }
    assert (
        edited(program_of(SOURCE, PATH), changes)
        == '''\
model fast = "builtin/lexical"

# How we speak
param tone = """
  brief
  and kind
  """

prompt classify(ticket: str) -> "a" | "b" {
  model = fast
  # What tells them apart
  param instruction = """"
      Say """a""" or b.
      """"  # beside
  demos shots { max = 4 } = [
    { ticket = "one", output = "a" },
    {
      ticket = """
        two
        lines
        """,
      output = "b",
    },
  ]  # few-shot
  demos fixed = []
  system = """{{ instruction }} {{ tone }}"""
  user   = """Ticket: {{ ticket }}"""
}
'''
    )


def test_edits_keep_the_files_line_ends() -> None:
    after = edited(
        program_of(SOURCE.replace("\n", "\r\n"), PATH), {"tone": "a\nb", "classify.shots": [{"ticket": "c\nd"}]}
    )
    assert "\n" not in after.replace("\r\n", "")


def test_params_of_imported_files_are_edited_there() -> None:
    program = load(WHOLE)
    assert program is not None
    (path,) = apply_changes(program, {"common.tone": "Be very kind."})
    assert path == WHOLE.parent / "common.adal"


PLAIN = st.recursive(
    TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def tokens_outside(source: SourceText, names: set[str]) -> list[tuple[str, bytes]]:
    """Every token of a file but those of the named params' and demos' values."""
    result: list[tuple[str, bytes]] = []

    def collect(node: Node, owner: str) -> None:
        name = node.child_by_field_name("name")
        text = source.data[name.start_byte : name.end_byte].decode() if name else ""
        if node.type == "prompt_declaration":
            owner = f"{text}."
        if node.type in ("param_declaration", "demos") and owner + text in names:
            value = node.child_by_field_name("value")
            for child in node.children:
                if child != value and child.type != "=":
                    collect(child, owner)
            return
        if not node.children:
            result.append((node.type, source.data[node.start_byte : node.end_byte]))
        for child in node.children:
            collect(child, owner)

    collect(parse(source).root_node, "")
    return result


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "tone": TEXTS,
            "classify.instruction": TEXTS,
            "classify.shots": st.lists(st.dictionaries(TEXTS, PLAIN, max_size=3), max_size=3),
            "classify.fixed": st.lists(st.dictionaries(st.sampled_from(["ticket", "model", "in"]), PLAIN), max_size=3),
        },
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_values_are_written_exactly_and_nothing_else_changes(changes: dict[str, Any], newline: str) -> None:
    assume(changes)
    before = program_of(SOURCE.replace("\n", newline), PATH)
    after = program_of(edited(before, changes), PATH)
    names = set(changes)
    assert tokens_outside(after.root.source, names) == tokens_outside(before.root.source, names)
    for name, found in trainables(after).items():
        part: Any = found.part
        old: Any = trainables(before)[name].part
        if found.kind == "text":
            assert part.text == changes.get(name, old.text)
        else:
            examples = constant(part.value) if part.value else []
            assert examples == changes.get(name, constant(old.value) if old.value else [])


@given(PLAIN, st.sampled_from(["", "  ", "        "]))
def test_any_value_is_written_as_the_language_reads_it(value: Any, indent: str) -> None:
    program = program_of(f"dataset d = [{{ x = {value_literal(value, indent or '  ')} }}]\n", PATH)
    declaration: Any = program.root.items[0].declaration
    assert not declaration.problems
    assert constant(declaration.value) == [{"x": value}]


def test_written_examples_are_in_the_canonical_layout() -> None:
    long = {"ticket": "word " * 30, "output": "a", "more": ["some words"] * 12}
    examples = [{"ticket": "a"}, long, {"ticket": "b\nc", "output": "a"}]
    after = edited(program_of(SOURCE.replace("  # beside", ""), PATH), {"classify.shots": examples})
    assert format_source(SourceText.of(after)) == after.replace("      Sort it.\n      ", "    Sort it.\n    ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"classify.instrction": "x"}, "Did you mean `classify.instruction`"),
        ({"classify.shots": "x"}, "takes a list of examples"),
        ({"tone": [{"a": 1}]}, "takes a text"),
        ({"classify.shots": [{"a": float("nan")}]}, "finite"),
        ({"classify.shots": [{"a": object()}]}, "type object"),
        ({"classify.shots": ["a"]}, "not an object"),
        ({"classify.shots": [{"a": "\ud800"}]}, "exactly"),
    ],
)
def test_what_cannot_be_written_exactly_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(EditRefused, match=reason):
        apply_changes(program_of(SOURCE, PATH), changes)


@pytest.mark.parametrize("broken", ['param tone = "kind\n', "param tone = 3\n", "param tone\n"])
def test_broken_params_are_refused(broken: str) -> None:
    with pytest.raises(EditRefused, match="no complete text"):
        param_edit(program_of(broken, PATH), "tone", "x")
    with pytest.raises(EditRefused):
        demos_edit(program_of(broken, PATH), "tone", [])


# ---- texts that have changed meanwhile

LINES = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=6).map("\n".join)


@pytest.mark.parametrize(
    ("before", "after", "current", "merged"),
    [
        ("a\nb\nc\nd", "a\nB\nc\nd", "a\nb\nc\nD", "a\nB\nc\nD"),
        ("a\nb\nc", "A\nb\nc", "a\nb\nc\nd", "A\nb\nc\nd"),
        ("a\nb", "a\nB", "A\nb", None),
        ("a\nb\nc", "a\nX\nc", "a\nY\nc", None),
        ("a\nb\nc", "a\nX\nc", "a\nX\nc", "a\nX\nc"),
        ("one line", "another", "a third", None),
    ],
)
def test_rebase_merges_changes_that_are_apart(before: str, after: str, current: str, merged: str | None) -> None:
    assert rebase(before, after, current) == merged


@given(LINES, LINES, LINES)
def test_rebase_keeps_both_changes_or_refuses(before: str, after: str, current: str) -> None:
    assert rebase(before, after, before) == after
    assert rebase(before, after, after) == after
    merged = rebase(before, after, current)
    if merged is not None and current not in (before, after):
        added = [line for hunk in (*hunks(before, after), *hunks(before, current)) for line in hunk.added]
        assert all(line in merged.split("\n") for line in added)


@given(LINES, LINES)
def test_all_hunks_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    assert apply_hunks(before, hunks(before, after)) == after
    assert apply_hunks(before, []) == before


def test_hunks_of_another_text_are_refused() -> None:
    with pytest.raises(EditRefused):
        apply_hunks("x\ny", hunks("a\nb", "a\nc"))


def test_unified_diff_is_what_patch_reads() -> None:
    assert unified_diff("a.adal", "x\ny\n", "x\nz") == (
        "--- a/a.adal\n+++ b/a.adal\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n\\ No newline at end of file\n"
    )
    assert unified_diff("a.adal", "x\n", "x\n") == ""
