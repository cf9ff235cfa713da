"""Who calls whom: components call components, evals call their target and metric, optimize blocks their eval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from adalang.ide.references import searched
from adalang.ide.targets import Names, Target, Word
from adalang.language.declarations import COMPONENT_KINDS, OptimizeDeclaration
from adalang.language.lower import Item
from adalang.language.program import Module, Program
from adalang.language.text import Span

CALLABLE = COMPONENT_KINDS | {"eval"}


@dataclass(frozen=True, slots=True)
class Caller:
    """A declaration that calls or is called. ``name_span`` is where to ask about it again."""

    name: str
    kind: str
    path: Path
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """``other`` calls or is called at ``spans``, which stand in the caller's file."""

    other: Caller
    spans: tuple[Span, ...]


def prepare_calls(program: Program, offset: int) -> Caller | None:
    """The component, eval or optimize block that is named at byte ``offset`` of the root file."""
    item = program.root.item_at(offset)
    if item is not None and isinstance(item.declaration, OptimizeDeclaration):
        return _caller(program.root, item)
    target = _callable_at(program, offset)
    entity = target.entity if target is not None else None
    return _caller(entity.module, entity.item) if entity is not None else None


def outgoing_calls(program: Program, offset: int) -> list[Call]:
    """What the declaration that :func:`prepare_calls` gives calls, in the order of first mention."""
    item = program.root.item_at(offset)
    if item is None:
        return []
    names = Names(program)
    found: dict[Target, list[Span]] = {}
    for word in _calls(names, program.root, item):
        found.setdefault(word.target, []).append(word.span)
    return [
        Call(_caller(target.entity.module, target.entity.item), tuple(sorted(spans)))
        for target, spans in found.items()
        if target.entity is not None
    ]


def incoming_calls(program: Program, offset: int, users: Iterable[Program] = ()) -> list[Call]:
    """Who calls the component or eval that is named at byte ``offset``, also in the files of ``users``."""
    target = _callable_at(program, offset)
    if target is None:
        return []
    found: list[Call] = []
    for names, module in searched(target, program, users):
        for item in names.items_for(module, target):
            spans = [word.span for word in _calls(names, module, item, target) if word.target == target]
            if spans:
                found.append(Call(_caller(module, item), tuple(sorted(spans))))
    return found


def _callable_at(program: Program, offset: int) -> Target | None:
    item = program.root.item_at(offset)
    if item is None or isinstance(item.declaration, OptimizeDeclaration):
        return None
    word = Names(program).at(offset)
    return word.target if word is not None and word.target.kind in CALLABLE else None


def _calls(names: Names, module: Module, item: Item, wanted: Target | None = None) -> Iterator[Word]:
    """The words of a declaration that call something (default: anything)."""
    declaration = item.declaration
    target = declaration.target.span.shifted(item.start) if isinstance(declaration, OptimizeDeclaration) else None
    for word in names.words_of(module, item, {wanted.name} if wanted is not None else None):
        called = word.target.kind in CALLABLE and word.access == "read"
        if called and (target is None or target.start <= word.span.start < target.end):
            yield word


def _caller(module: Module, item: Item) -> Caller:
    declaration = item.declaration
    name_span = declaration.name.span.shifted(item.start)
    return Caller(declaration.name.text, declaration.kind, module.path, item.span, name_span)
