"""What the checks of one declaration looked at outside it, so that they run again only when some of that has changed.

The checks are given a program and facts that remember each question. A new kind of question needs nothing here as long as it
goes through :meth:`Program.declared`, :class:`Entity` or :class:`Facts`: reading a whole declaration is then what is
remembered. A few parts of one are remembered by themselves, because much depends on them and they change seldom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from adalang.language.checks.facts import DataFacts, Facts
from adalang.language.declarations import DatasetDeclaration, Declaration, Expression, Name, Parameter, TypeExpression
from adalang.language.lower import Item
from adalang.language.openapi import Description
from adalang.language.program import Entity, Module, Program, resolve_type
from adalang.language.python_functions import PythonFile
from adalang.language.types import Type

_Any = TypeVar("_Any")

Part = Literal["kind", "name", "parameters", "returns", "value", "all", "circle", "names"]
Read = tuple[Path, str, Part]
"""A name in a module and the part of its declaration that was read. `circle`: whether a type contains itself; `names` (of no
name): which names there are."""

Question = Literal["exists", "data", "functions", "description"]
Answer = tuple[Question, Path, object]
"""What was asked about a file, and what the answer was."""


@dataclass(slots=True)
class Reads:
    """What has been read since the last :meth:`take`."""

    names: set[Read] = field(default_factory=set)
    answers: list[Answer] = field(default_factory=list)

    def take(self) -> tuple[frozenset[Read], tuple[Answer, ...]]:
        taken = frozenset(self.names), tuple(self.answers)
        self.names, self.answers = set(), []
        return taken


@dataclass(frozen=True)
class WatchedProgram(Program):
    """A program that remembers which of its names were looked up. ``circular``: its types that contain themselves."""

    reads: Reads = field(default_factory=Reads, compare=False)
    circular: frozenset[tuple[Path, str]] = frozenset()

    @classmethod
    def of(cls, program: Program, reads: Reads, circular: frozenset[tuple[Path, str]]) -> WatchedProgram:
        return cls(program.root, program.modules, program.prefixes, program.imports, reads, circular)

    def declared(self, name: str, module: Module) -> Item | None:
        self.reads.names.add((module.path, name, "kind"))
        return super().declared(name, module)

    def visible(self, module: Module) -> Mapping[str, Item]:
        self.reads.names.add((module.path, "", "names"))
        return super().visible(module)

    def entity(self, module: Module, item: Item) -> Entity:
        found = super().entity(module, item)
        return WatchedEntity(found.id, module, item, self.reads)

    def type_of(self, written: TypeExpression | None, module: Module) -> Type:
        return resolve_type(self, written, module)  # anew each time: who asks is who has read

    def is_circular(self, entity: Entity) -> bool:
        self.reads.names.add((*entity.key, "circle"))
        return entity.key in self.circular


@dataclass(frozen=True, slots=True)
class WatchedEntity(Entity):
    reads: Reads = field(compare=False, repr=False)

    def _read(self, part: Part) -> None:
        self.reads.names.add((self.module.path, self.item.declaration.name.text, part))

    @property
    def declaration(self) -> Declaration:
        self._read("all")
        return self.item.declaration

    @property
    def name(self) -> Name:
        self._read("name")
        return self.item.declaration.name

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        self._read("parameters")
        return getattr(self.item.declaration, "parameters", ())

    @property
    def value(self) -> Expression | None:
        self._read("value")
        return getattr(self.item.declaration, "value", None)

    @property
    def returns(self) -> TypeExpression | None:
        self._read("returns")
        return getattr(self.item.declaration, "returns", None)


@dataclass(frozen=True, slots=True)
class WatchedFacts:
    """Facts that remember what was asked."""

    facts: Facts
    reads: Reads

    def exists(self, path: Path) -> bool | None:
        return self._noted("exists", path, self.facts.exists(path))

    def data(self, path: Path) -> DataFacts | None:
        return self._noted("data", path, self.facts.data(path))

    def functions(self, path: Path) -> PythonFile | None:
        return self._noted("functions", path, self.facts.functions(path))

    def description(self, path: Path) -> Description | None:
        return self._noted("description", path, self.facts.description(path))

    def _noted(self, question: Question, path: Path, answer: _Any) -> _Any:
        self.reads.answers.append((question, path, answer))
        return answer


def still_true(answers: tuple[Answer, ...], facts: Facts) -> bool:
    """Whether all questions would be answered as they were."""
    return all(getattr(facts, question)(path) is answer for question, path, answer in answers)


def changed(before: Program, after: Program) -> set[Read]:
    """What reads differently in two programs that have the same files."""
    return {
        read
        for path, module in after.modules.items()
        if module is not before.modules[path]
        for read in _changed(before.modules[path], module)
    }


def _changed(before: Module, after: Module) -> Iterator[Read]:
    old, new, path = before.names, after.names, after.path
    listing = list(old) != list(new)
    for name in _renewed(old, new):
        one, other = _declaration(old, name), _declaration(new, name)
        yield path, name, "all"
        for part in _PARTS:
            if _part(one, part) != _part(other, part):
                yield path, name, part
                listing = listing or part == "kind"
    if listing:
        yield path, "", "names"


def _part(declaration: Declaration | None, part: Part) -> object:
    """Rows, which may be many, are not compared: who reads them has read the declaration."""
    if part == "value" and isinstance(declaration, DatasetDeclaration):
        return declaration
    return getattr(declaration, part, None)


_PARTS: tuple[Part, ...] = ("kind", "name", "parameters", "returns", "value")


def _renewed(old: Mapping[str, Item], new: Mapping[str, Item]) -> list[str]:
    """The names that stand for another declaration now, or for none."""
    kept = [name for name, item in new.items() if name not in old or old[name].declaration is not item.declaration]
    return kept + list(old.keys() - new.keys())


def _declaration(names: Mapping[str, Item], name: str) -> Declaration | None:
    return names[name].declaration if name in names else None
