"""A run as a row: the columns that it gets, where it goes, and why it does not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ide.fixtures import Case, cases, changed

from adalang.ide.save_row import NewRow, RowRefused, new_row
from adalang.language.checks import NO_FACTS, DiskFacts
from adalang.language.data import read_rows
from adalang.language.datasets import plan
from adalang.language.files import append_line
from adalang.language.program import Module, link
from adalang.language.text import SourceText

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


@cases("save_row")
def test_save_row(case: Case, update: bool) -> None:
    """The run of the first line (``# run: inputs -> output``) as a row of the first component's data."""
    run = re.match(r"# run: (.+) -> (.+?)\r?\n", case.text.decode())
    assert run is not None
    component = next(case.program.components())
    try:
        row = new_row(case.program, component, json.loads(run.group(1)), json.loads(run.group(2)), DiskFacts())
    except RowRefused as error:
        return case.check([f"refused: {str(error).replace(str(case.path.parent), '')}"], update)
    lines = [f"eval {row.eval.id}, {row.path.relative_to(case.path.parent).as_posix()}"]
    if row.same_as:
        lines += [f"the same as {row.same_as}"]
    elif row.edits:
        lines += changed(case.program.modules[row.path].source, row.edits)
    else:
        lines += [f"+ {row.line}"]
    return case.check(lines, update)


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


@pytest.mark.parametrize("first", ["filed", "inline", "csv"])
def test_another_answer_in_the_data_of_any_eval_is_refused(tmp_path: Path, first: str) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("words,label\na,b\n", encoding="utf-8")
    inline = 'dataset kept = [{ words = "x", label = "y" }]\n' + EVAL.replace("= rows", "= kept").replace(" e ", " k ")
    filed = FILE + EVAL
    texts = {"filed": filed + inline, "inline": inline + filed, "csv": filed.replace(".jsonl", ".csv") + inline}
    with pytest.raises(RowRefused, match=r'row 1 of rows.*`label` = "b"; change it there'):
        saved(PROMPT + texts[first], {"ticket": "a"}, "other", folder=tmp_path)
    assert saved(PROMPT + texts[first], {"ticket": "new"}, "other", folder=tmp_path).values["words"] == "new"
