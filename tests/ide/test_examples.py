"""The input that a component is tried with comes from the data of an eval of it."""

from __future__ import annotations

from pathlib import Path

from adalang.ide.examples import example_inputs
from adalang.language.checks import NO_FACTS
from adalang.language.program import Module, link
from adalang.language.text import SourceText

PROMPT = 'prompt echo(text: str, tone: str = "kind") -> str {\n  user = """{{ text }} {{ tone }}"""\n}\n'
ROWS = 'dataset rows = [{ words = "only words" }, { text = "hello", words = "hi" }]\n'


def inputs(text: str) -> object:
    program = link(Module.parse(Path("/nowhere/x.adal"), SourceText.of(text)), lambda path: None)
    component = program.resolve("echo")
    assert component is not None
    return example_inputs(program, component, NO_FACTS)


def test_first_row_that_gives_every_required_input() -> None:
    assert inputs(PROMPT + ROWS + "eval e of echo { data = rows }") == {"text": "hello"}


def test_inputs_of_the_eval_name_the_columns() -> None:
    assert inputs(PROMPT + ROWS + "eval e of echo { data = rows, inputs = { text = row.words } }") == {
        "text": "only words"
    }


def test_no_eval_no_example() -> None:
    assert inputs(PROMPT + ROWS) is None


def test_component_without_inputs_needs_no_example() -> None:
    assert inputs('prompt echo() -> str {\n  user = """hi"""\n}\n') == {}
