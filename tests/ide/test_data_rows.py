"""The rows of a component's evals, those too that are only in the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adalang.ide.data_rows import InputsRefused, data_row, data_rows, first_row, inputs_to_run
from adalang.ide.save_row import Contradicted, new_row
from adalang.language.checks import DiskFacts
from adalang.language.checks.rows import AT_HAND
from adalang.language.program import Entity, Module, Program, link
from adalang.language.text import SourceText

TEXT = """prompt echo(text: str, tone: str = "kind") -> str { user = \"\"\"{{ text }}\"\"\" }
dataset rows = "rows.jsonl"
eval e of echo { data = rows, expect = row.right, metric = exact_match }
"""
COUNT = AT_HAND + 50
Opened = Callable[[Callable[[int], dict[str, object]]], tuple[Program, Entity]]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    def opened(row: Callable[[int], dict[str, object]]) -> tuple[Program, Entity]:
        lines = [json.dumps(row(number)) for number in range(1, COUNT + 1)]
        (tmp_path / "rows.jsonl").write_text("\n".join(lines))
        program = link(Module.parse(tmp_path / "x.adal", SourceText.of(TEXT)), lambda path: None)
        component = program.resolve("echo")
        assert component is not None
        return program, component

    return opened


def whole(number: int) -> dict[str, object]:
    return {"text": f"t{number}", "right": f"r{number}"}


def holey(number: int) -> dict[str, object]:
    return whole(number) if number % 3 else {"right": "no input"}


@pytest.mark.parametrize(("row", "usable"), [(whole, COUNT), (holey, COUNT - COUNT // 3)])
@pytest.mark.parametrize("number", [1, 2, 60, 98, 10_000])
def test_any_row_is_found(opened: Opened, row: Callable[[int], dict[str, object]], usable: int, number: int) -> None:
    program, component = opened(row)
    texts = [row(one)["text"] for one in range(1, COUNT + 1) if "text" in row(one)]
    assert len(texts) == usable
    found = data_row(program, component, DiskFacts(), number)
    assert found is not None
    assert (found.count, [one.inputs for one in found.rows]) == (usable, [{"text": texts[min(number, usable) - 1]}])
    first = data_rows(program, component, DiskFacts(), number)
    assert first is not None
    assert (first.count, [one.inputs["text"] for one in first.rows]) == (usable, texts[:number])


def test_rows_that_are_not_there_are_told(opened: Opened) -> None:
    program, component = opened(whole)
    assert inputs_to_run(program, component, {"row": COUNT}, DiskFacts()).inputs == {"text": f"t{COUNT}"}
    with pytest.raises(InputsRefused, match=f"has no row {COUNT + 1}; it has {COUNT}"):
        inputs_to_run(program, component, {"row": COUNT + 1}, DiskFacts())


def test_an_example_is_one_of_the_rows_at_hand(opened: Opened) -> None:
    program, component = opened(lambda number: whole(number) if number in (7, 8, COUNT) else {"right": ""})
    found = first_row(program, component, DiskFacts())
    assert found is not None
    assert (found.number, found.inputs) == (7, {"text": "t7"})
    program, component = opened(lambda number: whole(number) if number == COUNT else {"right": ""})
    assert first_row(program, component, DiskFacts()) is None


def test_a_saved_row_is_compared_with_all(opened: Opened) -> None:
    program, component = opened(lambda number: whole(number) if number < COUNT else {**whole(number), "right": 1})
    same = new_row(program, component, {"text": f"t{COUNT - 1}"}, f"r{COUNT - 1}", DiskFacts())
    assert same.same_as == f"row {COUNT - 1} of rows.jsonl"
    with pytest.raises(Contradicted, match=f"There is row {COUNT - 2} of rows.jsonl"):
        new_row(program, component, {"text": f"t{COUNT - 2}"}, "other", DiskFacts())
    assert new_row(program, component, {"text": "new"}, "r", DiskFacts()).same_as == ""
