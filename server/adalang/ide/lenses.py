"""Code lenses: what can be done with a declaration, above its first line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adalang.ide.meaning import target_of
from adalang.language.declarations import COMPONENT_KINDS
from adalang.language.program import Program
from adalang.language.reach import trainable
from adalang.language.text import Span

Action = Literal["run", "evaluate", "optimize", "score"]


@dataclass(frozen=True, slots=True)
class Lens:
    """``action`` on the component or eval ``name``; "score" marks where an eval's last score is shown."""

    span: Span
    action: Action
    name: str


def lenses(program: Program) -> list[Lens]:
    """The lenses of the root file. An eval offers to optimize only when it reaches something that may change."""
    found = []
    for item in program.root.items:
        entity = program.entity(program.root, item)
        name, span = entity.declaration.name.text, entity.name_span
        if not name:
            continue
        if entity.kind in COMPONENT_KINDS:
            found.append(Lens(span, "run", name))
        elif entity.kind in ("eval", "optimize"):
            target = target_of(program, entity)
            optimizable = target is not None and bool(trainable(program, target))
            if entity.kind == "eval":
                found.append(Lens(span, "evaluate", name))
            if optimizable:
                found.append(Lens(span, "optimize", name))
            if entity.kind == "eval":
                found.append(Lens(span, "score", name))
    return found
