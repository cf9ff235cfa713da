"""An input to try a component with: the first example of an eval of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adalang.ide.data_rows import first_row
from adalang.language.checks import Facts
from adalang.language.checks.scope import signature
from adalang.language.program import Entity, Program


def example_inputs(program: Program, component: Entity, facts: Facts) -> Mapping[str, Any] | None:
    """The component's inputs from the first row that gives them all; ``None`` when no eval of it has one."""
    if all(optional for _, _, optional in signature(program, component).inputs):
        return {}
    found = first_row(program, component, facts)
    return found.inputs if found is not None else None
