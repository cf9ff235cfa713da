"""What a quick fix is worked out from: a diagnostic in its program, and the parts of the declaration at its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from adalang.ide.changes import Change, in_file
from adalang.ide.occurrences import Site, occurrences
from adalang.ide.slots import Local, PartName, Value
from adalang.language.checks import Facts
from adalang.language.checks.scope import Scope
from adalang.language.checks.values import infer
from adalang.language.declarations import Expression
from adalang.language.diagnostics import Diagnostic, Report
from adalang.language.lower import Item
from adalang.language.program import Module, Program
from adalang.language.text import Edit, SourceText, Span
from adalang.language.types import Type


@dataclass(frozen=True, slots=True)
class Mend:
    """A way to mend a diagnostic. ``preferred``: what is meant, as it seems, and nothing elsewhere has to change with it."""

    title: str
    change: Change
    preferred: bool = False


@dataclass(frozen=True)
class Broken:
    """A diagnostic of the program's root file. ``known`` are other files, each as the root of its program."""

    program: Program
    diagnostic: Diagnostic
    facts: Facts = field(repr=False)
    known: tuple[Program, ...] = field(default=(), repr=False)

    @property
    def module(self) -> Module:
        return self.program.root

    @property
    def source(self) -> SourceText:
        return self.module.source

    @property
    def span(self) -> Span:
        return self.diagnostic.span

    @property
    def word(self) -> str:
        return self.source.slice(self.span)

    @cached_property
    def item(self) -> Item | None:
        return self.module.item_at(self.span.start)

    @property
    def local(self) -> Span:
        """The place of the diagnostic, counted from its declaration's start."""
        return self.span.shifted(-self.item.start) if self.item is not None else self.span

    @cached_property
    def trails(self) -> list[tuple[Any, ...]]:
        """Every part of the declaration whose place, or whose name's place, is the diagnostic's: with what it stands in,
        the declaration first and the part last."""
        if self.item is None:
            return []
        return [
            trail
            for trail in _parts(self.item.declaration, ())
            if self.local in (_span(trail[-1]), _name_span(trail[-1]))
        ]

    def part(self, *kinds: type[Any]) -> Any:
        """The outermost part of the given kinds at the place of the diagnostic, or ``None``."""
        return next((trail[-1] for trail in self.trails if isinstance(trail[-1], kinds)), None)

    def holder(self, *kinds: type[Any]) -> Any:
        """The innermost part of the given kinds that what stands at the place is in, or ``None``."""
        found = [one for trail in self.trails for one in trail[:-1] if isinstance(one, kinds)]
        return found[-1] if found else None

    def mend(self, title: str, *edits: Edit) -> Mend:
        """A fix inside this file."""
        return Mend(title, in_file(self.module.path, *edits))

    def replaced(self, text: str, span: Span | None = None) -> Mend:
        """``text`` in the place of the diagnostic, or of a part of its declaration."""
        place = span.shifted(self.start) if span is not None else self.span
        return self.mend(f"Change to `{text}`", Edit(place, text))

    @property
    def start(self) -> int:
        """Where the declaration starts."""
        return self.item.start if self.item is not None else 0

    @property
    def scope(self) -> Scope:
        return Scope(self.program, self.module, Report(self.module), self.facts)

    def names_at(self, span: Span) -> Mapping[str, Local]:
        """The local names that an expression in the declaration can see."""
        if self.item is None:
            return {}
        for one in occurrences(Site(self.program, self.module, self.item, self.facts)):
            if isinstance(one.slot, Value) and span.start <= one.span.start and one.span.end <= span.end:
                return one.slot.names
        return {}

    def type_of(self, expression: Expression) -> Type:
        """The type of an expression of the declaration."""
        assert self.item is not None
        names = {name: local.type for name, local in self.names_at(expression.span).items()}
        return infer(self.scope, self.item, expression, names)

    def locals(self) -> Iterator[tuple[str, Local]]:
        """The names that the declaration gives, in the order of the walk."""
        if self.item is not None:
            for one in occurrences(Site(self.program, self.module, self.item, self.facts)):
                if isinstance(one.slot, PartName):
                    yield one.text, one.slot.local


def _parts(value: Any, trail: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, tuple):
        for one in value:
            yield from _parts(one, trail)
    elif dataclasses.is_dataclass(value) and not isinstance(value, Span):
        here = (*trail, value)
        if _span(value) is not None:
            yield here
        for one in dataclasses.fields(value):
            if one.name not in ("problems", "decoded"):
                yield from _parts(getattr(value, one.name), here)


def _span(part: Any) -> Span | None:
    found = getattr(part, "span", None)
    return found if isinstance(found, Span) else None


def _name_span(part: Any) -> Span | None:
    return _span(getattr(part, "name", None))
