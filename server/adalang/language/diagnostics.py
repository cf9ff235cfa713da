"""What is wrong with a file, where, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from adalang.language.declarations import Problem
from adalang.language.lower import Item
from adalang.language.program import Module
from adalang.language.rules import RULES, Severity
from adalang.language.text import Edit, Span


@dataclass(frozen=True, slots=True)
class Fix:
    """A quick fix inside the diagnostic's own file. ``safe`` ones never change what the file means otherwise."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    path: Path
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """``span`` counts bytes from the start of the file."""

    code: str
    span: Span
    message: str
    fixes: tuple[Fix, ...] = ()
    related: tuple[Related, ...] = ()

    @property
    def severity(self) -> Severity:
        return RULES[self.code].severity

    @property
    def name(self) -> str:
        return RULES[self.code].name


class Report:
    """Collects a module's diagnostics. Spans are given relative to ``item`` when there is one."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.found: list[Diagnostic] = []

    def add(
        self,
        code: str,
        item: Item | None,
        span: Span,
        message: str,
        *,
        fixes: Iterable[Fix] = (),
        related: Iterable[Related] = (),
    ) -> None:
        start = item.start if item else 0
        self.found.append(Diagnostic(code, span.shifted(start), message, tuple(fixes), tuple(related)))

    def problem(self, problem: Problem, start: int) -> None:
        fixes = tuple(
            Fix(title, tuple(Edit(span.shifted(start), text) for span, text in edits), safe)
            for title, edits, safe in problem.fixes
        )
        self.found.append(Diagnostic(problem.code, problem.span.shifted(start), problem.message, fixes))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    candidates = sorted(set(known) - {word})
    folded = next((one for one in candidates if one.casefold() == word.casefold()), None)
    if folded:
        return folded
    return next(iter(difflib.get_close_matches(word, candidates, n=1, cutoff=0.66)), None)


def replace(item: Item | None, span: Span, text: str, *, safe: bool = False, title: str = "") -> Fix:
    """The quick fix that puts ``text`` in the place of ``span``."""
    return Fix(title or f"Change to `{text}`", (Edit(span.shifted(item.start if item else 0), text),), safe)


def suggestion(item: Item | None, span: Span, word: str, known: Iterable[str]) -> tuple[str, tuple[Fix, ...]]:
    """A sentence ``Did you mean `x`?`` with its quick fix; empty when nothing is close."""
    meant = did_you_mean(word, known)
    return (f" Did you mean `{meant}`?", (replace(item, span, meant),)) if meant else ("", ())
