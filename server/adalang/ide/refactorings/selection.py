"""What a refactoring is asked about, and what it offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from adalang.ide.changes import Change
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.declarations import AgentDeclaration, PromptDeclaration
from adalang.language.lower import Item
from adalang.language.program import Module, Program
from adalang.language.text import SourceText, Span

Kind = Literal["refactor.extract", "refactor.inline", "refactor.move", "refactor.rewrite", "source.organizeImports"]


@dataclass(frozen=True, slots=True)
class Refactoring:
    """``change`` works the edits out; it is ``None`` where ``disabled`` says why it cannot be done here.

    ``creates``: whether it makes a file, which not every editor lets a server do.
    """

    title: str
    kind: Kind
    change: Callable[[], Change] | None
    disabled: str = ""
    creates: bool = False


@dataclass(frozen=True)
class Selection:
    """Bytes of the program's root file that somebody has selected; an empty span is a cursor.

    ``importers``: the programs of other files that import this one, as far as they are known.
    """

    program: Program
    span: Span
    facts: Facts = field(default=NO_FACTS, repr=False)
    importers: tuple[Program, ...] = field(default=(), repr=False)

    @property
    def module(self) -> Module:
        return self.program.root

    @property
    def source(self) -> SourceText:
        return self.module.source

    @cached_property
    def item(self) -> Item | None:
        """The declaration that holds all of the selection, if it has no mistakes in its text."""
        found = self.module.item_at(self.span.start)
        whole = found is not None and self.span.end <= found.span.end and not found.declaration.problems
        return found if whole else None

    @property
    def local(self) -> Span:
        """The selection, counted from the declaration's start."""
        return self.span.shifted(-self.item.start) if self.item is not None else self.span

    @property
    def prompt(self) -> PromptDeclaration | AgentDeclaration | None:
        declaration = self.item.declaration if self.item is not None else None
        return declaration if isinstance(declaration, PromptDeclaration | AgentDeclaration) else None

    @property
    def is_on_name(self) -> bool:
        """Whether the selection touches the declaration's keyword or name."""
        if self.item is None:
            return False
        return self.local.end <= max(self.item.declaration.name.span.end, len(self.item.declaration.kind))
