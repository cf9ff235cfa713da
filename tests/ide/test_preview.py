"""A prompt as a model would get it: rendered as a run does, with nothing called."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ide.fixtures import Case, cases

from adalang.engine.protocol import RenderRequest
from adalang.engine.rendering import rendered
from adalang.ide.preview import as_rendered, choose_inputs, fenced, preview_page, stand_in, why_no_run
from adalang.language.checks import NO_FACTS, check
from adalang.language.program import Module, link
from adalang.language.text import SourceText
from adalang.language.types import misfit


@cases("preview")
def test_page(case: Case, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ADALANG_MODEL", "NO_SUCH_KEY_HERE"):
        monkeypatch.delenv(variable, raising=False)
    component = next(one for one in case.program.components() if one.kind in ("prompt", "agent"))
    chosen = choose_inputs(case.program, component, 1, NO_FACTS)
    request = RenderRequest(str(case.path), component.id, chosen.inputs, {str(case.path): str(case.source)})
    answer = rendered(case.path.parent, request)
    problems = why_no_run(case.program, check(case.program))
    page = preview_page(component.id, chosen, as_rendered(answer, problems))
    case.check(page.splitlines(), update)


ROWS = """\
prompt echo(text: str) -> str { user = \"\"\"{{ text }}\"\"\" }
dataset rows = [{ text = "one" }, { other = "no input" }, { text = "three" }]
eval e of echo { data = rows, metric = exact_match }
"""


@pytest.mark.parametrize(
    ("row", "number", "text"), [(1, 1, "one"), (2, 2, "three"), (3, 2, "three"), (99, 2, "three"), (-4, 1, "one")]
)
def test_rows_are_those_that_give_the_inputs_and_paging_stops_at_both_ends(row: int, number: int, text: str) -> None:
    program = link(Module.parse(Path("/nowhere/x.adal"), SourceText.of(ROWS)), lambda path: None)
    component = program.resolve("echo")
    assert component is not None
    chosen = choose_inputs(program, component, row, NO_FACTS)
    assert (chosen.row, chosen.rows, chosen.inputs) == (number, 2, {"text": text})


def test_stand_ins_fit_their_types() -> None:
    source = 'type T = { a: int, b: float?, c: ("x" | "y")[], d: { e: bool } }\nprompt p(t: T) = """{{ t }}"""\n'
    program = link(Module.parse(Path("/nowhere/x.adal"), SourceText.of(source)), lambda path: None)
    entity = program.resolve("p")
    assert entity is not None
    declared = program.type_of(entity.declaration.parameters[0].type, entity.module)  # type: ignore[union-attr]
    assert misfit(stand_in("t", declared), declared) is None


@pytest.mark.parametrize("text", ["plain", "```", "a ````` b `", "\n", "ends\n"])
def test_no_text_ends_its_fence(text: str) -> None:
    first, *lines, last = fenced(text).split("\n")
    assert first == f"{last}text" and "\n".join(lines) == text and last not in text
