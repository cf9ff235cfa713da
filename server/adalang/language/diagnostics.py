"""What is wrong with a file, where, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from adalang.language.declarations import Problem
from adalang.language.lower import Item
from adalang.language.program import Module, Program
from adalang.language.rules import RULES, Severity, Tag
from adalang.language.text import Edit, Span


@dataclass(frozen=True, slots=True)
class Fix:
    """A quick fix inside the diagnostic's own file. ``safe`` ones never change what the file means otherwise."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False

    def shifted(self, by: int) -> Fix:
        return Fix(self.title, tuple([Edit(one.span.shifted(by), one.text) for one in self.edits]), self.safe)


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a diagnostic speaks of.

    ``span`` counts from the start of the file ``path``; until :meth:`Diagnostic.placed`, it counts from the start of the
    declaration that ``within`` names, or from where the diagnostic's own does if that is empty.
    """

    path: Path
    span: Span
    message: str
    within: str | None = None

    def shifted(self, by: int) -> Related:
        return Related(self.path, self.span.shifted(by), self.message, "") if self.within == "" else self

    def placed(self, start: int, program: Program) -> Related:
        if self.within is None:
            return self
        if self.within:
            start = program.modules[self.path].names[self.within].start
        return Related(self.path, self.span.shifted(start), self.message)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """``span`` counts bytes from the start of the file."""

    code: str
    span: Span
    message: str
    fixes: tuple[Fix, ...] = ()
    related: tuple[Related, ...] = ()

    def shifted(self, by: int) -> Diagnostic:
        """The same further down in its file."""
        fixes = tuple([one.shifted(by) for one in self.fixes])
        related = tuple([one.shifted(by) for one in self.related])
        return Diagnostic(self.code, self.span.shifted(by), self.message, fixes, related)

    def placed(self, start: int, program: Program) -> Diagnostic:
        """A finding that counts from its declaration's start, and from the starts of those that it speaks of, in the file."""
        fixes = tuple([one.shifted(start) for one in self.fixes])
        related = tuple([one.placed(start, program) for one in self.related])
        return Diagnostic(self.code, self.span.shifted(start), self.message, fixes, related)

    @property
    def severity(self) -> Severity:
        return RULES[self.code].severity

    @property
    def name(self) -> str:
        return RULES[self.code].name

    @property
    def tag(self) -> Tag | None:
        """How an editor may show it beside the message: `unnecessary` text is greyed out, `deprecated` text struck out."""
        return RULES[self.code].tag


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
        see: Iterable[tuple[Span, str]] = (),
    ) -> None:
        """``see``: places in the same declaration that have to do with it, with what is there."""
        start = item.start if item else 0
        own = (Related(self.module.path, place.shifted(start), text, "") for place, text in see)
        self.found.append(Diagnostic(code, span.shifted(start), message, tuple(fixes), (*own, *related)))

    def problem(self, problem: Problem, start: int) -> None:
        fixes = tuple(
            Fix(title, tuple(Edit(span.shifted(start), text) for span, text in edits), safe)
            for title, edits, safe in problem.fixes
        )
        self.found.append(Diagnostic(problem.code, problem.span.shifted(start), problem.message, fixes))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    candidates = sorted(set(known) - {word})
    if len(word) > _LONGEST:
        return None
    folded = next((one for one in candidates if one.casefold() == word.casefold()), None)
    if folded:
        return folded
    return _closest(word, candidates)


_LONGEST = 100
"""Longer words are no names that somebody has misspelt."""
_CLOSE = 0.66
"""How much two words have in common at least, from 0 to 1, if one was meant by the other."""


def _closest(word: str, candidates: Iterable[str]) -> str | None:
    """What ``difflib.get_close_matches`` gives first. The letters that two words share bound what they can have in common, so
    that among thousands of names only those are compared that may win."""
    shared = str.maketrans("", "", word)
    bounds = []
    for one in candidates:
        common = min(len(word), len(one) - len(one.translate(shared)))
        bound = 2 * common / (len(word) + len(one))
        if bound >= _CLOSE:
            bounds.append((bound, one))
    matcher, best = difflib.SequenceMatcher(), (_CLOSE, "")
    matcher.set_seq2(word)
    for bound, one in sorted(bounds, reverse=True):
        if bound < best[0]:
            break
        matcher.set_seq1(one)
        if matcher.quick_ratio() >= best[0]:
            best = max(best, (matcher.ratio(), one))
    return best[1] or None


def replace(item: Item | None, span: Span, text: str, *, safe: bool = False, title: str = "") -> Fix:
    """The quick fix that puts ``text`` in the place of ``span``."""
    return Fix(title or f"Change to `{text}`", (Edit(span.shifted(item.start if item else 0), text),), safe)


def suggestion(item: Item | None, span: Span, word: str, known: Iterable[str]) -> tuple[str, tuple[Fix, ...]]:
    """A sentence ``Did you mean `x`?`` with its quick fix; empty when nothing is close."""
    meant = did_you_mean(word, known)
    return (f" Did you mean `{meant}`?", (replace(item, span, meant),)) if meant else ("", ())
