"""What a component is run with: what was given, a row, or nothing; and how a person gives each input."""

from __future__ import annotations

import json
import re

from tests.ide.fixtures import Case, cases

from adalang.ide.data_rows import InputsRefused, asked_inputs, inputs_to_run
from adalang.language.checks import NO_FACTS


@cases("run_inputs")
def test_run_inputs(case: Case, update: bool) -> None:
    """The inputs of the first component for what the first line gives (``# given: …``)."""
    given = re.match(r"# given: (.+)\n", case.text.decode())
    assert given is not None
    component = next(case.program.components())
    lines = []
    for one in asked_inputs(case.program, component):
        kind = f"{one.kind} {list(one.choices)}" if one.choices else one.kind
        lines += [f"{one.name}: {one.type}, {'required' if one.required else 'optional'}, {kind}"]
    try:
        lines += [
            f"-> {json.dumps(inputs_to_run(case.program, component, json.loads(given.group(1)), NO_FACTS).inputs)}"
        ]
    except InputsRefused as error:
        lines += [f"refused: {error}"]
    case.check(lines, update)
