"""The evals of a file that ask to be run whenever it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adalang.ide.meaning import target_of
from adalang.language.declarations import Constant, EvalDeclaration, setting
from adalang.language.program import Entity, Program


@dataclass(frozen=True, slots=True)
class OnSave:
    """An eval with ``on_save``: how many examples of it run at a save, and the component that it judges."""

    eval: Entity
    limit: int
    target: Entity


def on_save(program: Program) -> Iterator[OnSave]:
    """What a save of the program's root asks for; not the evals whose limit or target is none."""
    for item in program.root.items:
        declaration, entity = item.declaration, program.entity(program.root, item)
        if not isinstance(declaration, EvalDeclaration):
            continue
        found = setting(declaration.settings, "on_save")
        limit = found.value.value if found is not None and isinstance(found.value, Constant) else None
        target = target_of(program, entity)
        if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 and target is not None:
            yield OnSave(entity, limit, target)
