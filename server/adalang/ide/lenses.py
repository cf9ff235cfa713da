"""Code lenses: what can be done with a declaration, and what is known about it, above its first line."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from adalang.ide.meaning import target_of
from adalang.language.declarations import COMPONENT_KINDS, OptimizeDeclaration
from adalang.language.program import Entity, Module, Program
from adalang.language.reach import trainable
from adalang.language.text import Span

Action = Literal["run", "evaluate", "optimize", "graph", "references", "score"]
ACTIONS: tuple[Action, ...] = ("run", "evaluate", "optimize", "graph", "references", "score")


@dataclass(frozen=True, slots=True)
class Lens:
    """``action`` on the declaration ``name``, whose name stands at ``span``; on the eval of that name for an optimize block.

    "references" marks where the number of places that name it is shown, "score" where an eval's last score is: both are for
    the server to fill in, the first one late, for it costs a look at every file that can see the name.
    """

    span: Span
    action: Action
    name: str

    @property
    def needs_trust(self) -> bool:
        """Whether it runs something, or tells of what was run, which is for trusted workspaces."""
        return self.action not in ("graph", "references")


def lenses(program: Program, wanted: Collection[Action] = ACTIONS) -> list[Lens]:
    """The lenses of the root file that are ``wanted``, in the order of the text."""
    return [
        Lens(entity.name_span, action, _name(program, entity))
        for item in program.root.items
        if item.declaration.name.text and item.declaration.kind != "import"
        for entity in (program.entity(program.root, item),)
        for action in _actions(program, entity, wanted)
        if action in wanted
    ]


def declared_at(module: Module, name: str) -> int | None:
    """The byte offset of the name of a file's declaration, for the number of places that name it; ``None`` when it is gone."""
    item = module.names.get(name)
    return item.declaration.name.span.start + item.start if item is not None else None


def references_title(count: int) -> str:
    return f"{count} reference{'' if count == 1 else 's'}"


def _name(program: Program, entity: Entity) -> str:
    """As commands name it: an optimize block by its eval, which may stand in another file."""
    declaration = entity.declaration
    if isinstance(declaration, OptimizeDeclaration):
        found = program.resolve_expression(declaration.target, entity.module)
        return found.id if found is not None else ""
    return declaration.name.text


def _actions(program: Program, entity: Entity, wanted: Collection[Action]) -> list[Action]:
    """An eval offers to optimize only when it reaches something that may change."""
    match entity.kind:
        case "pipeline":
            return ["run", "graph", "references"]
        case "param":
            return ["references"]
        case "eval" | "optimize":
            can_optimize: list[Action] = ["optimize"] if "optimize" in wanted and _can_change(program, entity) else []
            return ["evaluate", *can_optimize, "score"] if entity.kind == "eval" else can_optimize
        case kind:
            return ["run", "references"] if kind in COMPONENT_KINDS else []


def _can_change(program: Program, entity: Entity) -> bool:
    target = target_of(program, entity)
    return target is not None and bool(trainable(program, target))
