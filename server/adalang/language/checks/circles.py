"""Components that call themselves, and models that fall back on themselves, directly or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adalang.language.checks.references import references
from adalang.language.circles import circles
from adalang.language.declarations import COMPONENT_KINDS
from adalang.language.program import Entity, Module, Program
from adalang.language.text import Span

_LONGEST = 50
"""Circles of more members are not spelt out."""


def calls(program: Program, entity: Entity) -> Iterator[tuple[str, Span]]:
    """The components that a component uses, or the models that a model falls back on: their ids, and where they are named."""
    kinds = COMPONENT_KINDS if entity.kind in COMPONENT_KINDS else frozenset({"model"})
    if entity.kind in kinds:
        for name, span in references(entity.item.declaration):
            target = program.resolve(name, entity.module)
            if target is not None and target.kind in kinds:
                yield target.id, span


def calls_elsewhere(program: Program, module: Module) -> dict[str, tuple[str, ...]]:
    """The calls inside the other files, if they can lead back to ``module``."""
    if not _leads_back(program, module.path):
        return {}
    return {
        entity.id: tuple(target for target, _ in calls(program, entity))
        for other in program.modules.values()
        if other is not module
        for entity in (program.entity(other, item) for item in other.names.values())
    }


def _leads_back(program: Program, start: Path) -> bool:
    waiting, seen = [*program.brought.get(start, {}).values()], set[Path]()
    while waiting:
        path = waiting.pop()
        if path == start:
            return True
        if path not in seen:
            seen.add(path)
            waiting += program.brought.get(path, {}).values()
    return False


@dataclass(frozen=True, slots=True)
class Circles:
    """Which declarations lead to which, by id, and the number of the circle of each that leads back to itself."""

    edges: Mapping[str, tuple[str, ...]]
    members: Mapping[str, int]

    @classmethod
    def of(cls, edges: Mapping[str, tuple[str, ...]]) -> Circles:
        return cls(edges, circles(edges))

    def message(self, start: str, kind: str, target: str) -> str | None:
        """What to say of the place where ``start`` leads to ``target``; ``None`` where that closes no circle."""
        if start not in self.members or self.members[start] != self.members.get(target):
            return None
        trail = " -> ".join((start, *self._trail(target, start)))
        if kind == "model":
            mend = 'End it with a model that names its provider: "provider/model".'
            return f"`{start}` leads back to itself: {trail}. {mend}"
        mend = "Use a bounded `repeat` inside one pipeline instead."
        if kind == "agent":  # it has rounds of its own
            mend = f"Take `{target}` out of its `tools`; for more rounds raise `max_steps`."
        return f"`{start}` calls itself in a circle: {trail}. {mend}"

    def _trail(self, start: str, wanted: str) -> Iterable[str]:
        """A way from ``start`` to ``wanted`` inside their circle, both included."""
        circle = self.members[wanted]
        if sum(1 for number in self.members.values() if number == circle) > _LONGEST:
            return (start, "…", wanted)
        came_from: dict[str, str] = {}
        waiting = [(start, "")]
        while waiting and wanted not in came_from:
            current, before = waiting.pop()
            if current not in came_from and self.members.get(current) == circle:
                came_from[current] = before
                waiting += [(target, current) for target in self.edges.get(current, ())]
        trail = [wanted]
        while trail[-1] != start:
            trail.append(came_from[trail[-1]])
        return reversed(trail)
