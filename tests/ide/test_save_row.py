"""A run as a row: the columns that it gets, where it goes, and why it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.ide.save_row import NewRow, RowRefused, new_row
from adalang.language.checks import NO_FACTS, DiskFacts
from adalang.language.data import read_rows
from adalang.language.datasets import plan
from adalang.language.program import Module, link
from adalang.language.text import SourceText
from adalang.lsp.features.save_row import append_line

PROMPT = 'prompt sort(ticket: str, tone: str = "kind") -> str { user = """{{ ticket }} {{ tone }}""" }\n'
EVAL = "eval e of sort { data = rows, inputs = { ticket = row.words }, expect = row.label, metric = exact_match }\n"


def saved(text: str, inputs: dict[str, Any], output: Any, *, folder: Path | None = None) -> NewRow:
    path = (folder or Path("/nowhere")) / "x.adal"
    program = link(Module.parse(path, SourceText.of(text)), lambda path: None)
    component = program.resolve("sort")
    assert component is not None
    return new_row(program, component, inputs, output, DiskFacts() if folder else NO_FACTS)


def applied(text: str, row: NewRow) -> str:
    return str(SourceText.of(text).apply(row.edits))


INLINE = [
    ("dataset rows = []\n", 'dataset rows = [{ words = "w", label = "l" }]\n'),
    (
        'dataset rows = [{ words = "a", label = "b" }]\n',
        'dataset rows = [{ words = "a", label = "b" }, { words = "w", label = "l" }]\n',
    ),
    (
        'dataset rows = [{ words = "a", label = "b" },]\n',
        'dataset rows = [{ words = "a", label = "b" }, { words = "w", label = "l" }]\n',
    ),
    (
        'dataset rows = [\r\n    { words = "a", label = "b" }, # the first\r\n]\r\n',
        'dataset rows = [\r\n    { words = "a", label = "b" }, # the first\r\n    { words = "w", label = "l" },\r\n]\r\n',
    ),
    (
        'dataset rows = [\n  { words = "a", label = "b" } # no, comma\n  ]\n',
        'dataset rows = [\n  { words = "a", label = "b" }, # no, comma\n  { words = "w", label = "l" },\n  ]\n',
    ),
]


@pytest.mark.parametrize(("before", "after"), INLINE)
def test_an_inline_row_is_written_as_the_others_are(before: str, after: str) -> None:
    prompt = PROMPT.replace("\n", "\r\n") if "\r\n" in before else PROMPT
    text = prompt + before + EVAL
    row = saved(text, {"ticket": "w"}, "l")
    assert applied(text, row) == prompt + after + EVAL


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(st.tuples(texts, texts), max_size=3), texts, texts, st.booleans())
def test_any_texts_come_back_from_an_inline_row(
    rows: list[tuple[str, str]], words: str, label: str, lines: bool
) -> None:
    text = PROMPT + "dataset rows = []\n" + EVAL
    known: dict[str, str] = {}
    for one, other in [*rows, (words, label)]:
        if one in known:
            continue
        known[one] = other
        text = applied(text, saved(text, {"ticket": one}, other))
        if lines:
            text = text.replace("= [{", "= [\n  {", 1)
    program = link(Module.parse(Path("/nowhere/x.adal"), SourceText.of(text)), lambda path: None)
    dataset = program.resolve("rows")
    assert dataset is not None
    assert plan(dataset).rows == tuple({"words": one, "label": other} for one, other in known.items())


FILE = 'dataset rows = "rows.jsonl"\n'
ROWS = '{"words": "a", "label": "b"}\n{"words": "c", "label": "d"}\n'
REFUSED = [
    (FILE + EVAL, {"ticket": "w"}, 5, "The output of `sort` is a number, not str."),
    (FILE, {"ticket": "w"}, "l", "No eval of `sort` has data"),
    (
        FILE + EVAL,
        {"ticket": "a"},
        "l",
        'There is row 1 of rows.jsonl with these inputs and `label` = "b"; change it there.',
    ),
    (FILE + EVAL, {"ticket": "w", "tone": "cold"}, "l", ""),
    (
        FILE + EVAL.replace("row.words", '"constant"'),
        {"ticket": "w"},
        "l",
        "does not read `ticket` of `sort` from one column",
    ),
    (
        FILE + EVAL.replace("row.label", "[row.label]"),
        {"ticket": "w"},
        "l",
        "does not read the expected output from columns",
    ),
    (
        FILE + EVAL.replace("row.label", "row.words"),
        {"ticket": "w"},
        "l",
        "both an input and the expected output from `words`",
    ),
    (
        FILE
        + EVAL.replace("metric = exact_match", 'metric = python("m.py:f", row.label, row.words)').replace(
            "expect = row.label, ", ""
        ),
        {"ticket": "w"},
        "l",
        "have a column `label` that an eval reads and the run does not give",
    ),
    (FILE + EVAL, {"ticket": ["w"]}, "l", "The column `words` of `rows` holds str; the run gives list."),
    (
        'dataset rows = "rows.csv"\n' + EVAL,
        {"ticket": "w"},
        "l",
        "Rows are added to .jsonl files only, and `rows` is rows.csv.",
    ),
    ('dataset rows = "broken.jsonl"\n' + EVAL, {"ticket": "w"}, "l", "broken.jsonl:1 cannot be read"),
]


@pytest.mark.parametrize(("text", "inputs", "output", "reason"), REFUSED)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, text: str, inputs: dict[str, Any], output: Any, reason: str
) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS, encoding="utf-8")
    (tmp_path / "broken.jsonl").write_text("{\n", encoding="utf-8")
    if not reason:  # an input with a default gets a column of its own
        assert saved(PROMPT + text, inputs, output, folder=tmp_path).values == {
            "words": "w",
            "tone": "cold",
            "label": "l",
        }
        return
    with pytest.raises(RowRefused) as refused:
        saved(PROMPT + text, inputs, output, folder=tmp_path)
    assert reason in str(refused.value)


def test_the_same_row_is_told_and_an_object_fills_several_columns(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS, encoding="utf-8")
    assert saved(PROMPT + FILE + EVAL, {"ticket": "c"}, "d", folder=tmp_path).same_as == "row 2 of rows.jsonl"
    prompt = PROMPT.replace("-> str", "-> { label: str, sure: bool }")
    expect = EVAL.replace("row.label", "{ label = row.label, sure = row.sure }")
    row = saved(prompt + FILE + expect, {"ticket": "w"}, {"label": "l", "sure": True}, folder=tmp_path)
    assert row.values == {"words": "w", "label": "l", "sure": True}


def test_of_several_files_the_one_to_learn_from_gets_the_row_and_all_are_looked_at(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"words": name, "label": "x"}), encoding="utf-8")
    text = PROMPT + 'dataset rows { test = "test.jsonl", train = "train.jsonl" }\n' + EVAL
    assert saved(text, {"ticket": "new"}, "x", folder=tmp_path).path == tmp_path / "train.jsonl"
    assert saved(text, {"ticket": "test"}, "x", folder=tmp_path).same_as == "row 1 of test.jsonl"


@pytest.mark.parametrize(
    "before", [None, b"", b'{"a": 1}\n', b'{"a": 1}', b'{"a": 1}\r\n{"a": 2}\r\n', b'{"a": 1}\r\n{"a": 2}']
)
def test_a_line_is_appended_and_nothing_else_changes(tmp_path: Path, before: bytes | None) -> None:
    file = tmp_path / "rows.jsonl"
    if before is not None:
        file.write_bytes(before)
    append_line(file, '{"a": "é"}')
    after, newline = file.read_bytes(), b"\r\n" if before and b"\r\n" in before else b"\n"
    assert after.startswith(before or b"") and after.endswith('{"a": "é"}'.encode() + newline)
    assert [row.values["a"] for row in read_rows(file, root=tmp_path)][-1] == "é"
    assert len(after.splitlines()) == len((before or b"").splitlines()) + 1


def test_half_surrogates_are_escaped(tmp_path: Path) -> None:
    text = PROMPT + FILE + EVAL
    row = saved(text, {"ticket": "\ud800"}, "é", folder=tmp_path)
    assert json.loads(row.line.encode()) == {"words": "\ud800", "label": "é"} and "é" in row.line
