"""Code actions: quick fixes of the diagnostics at a range, all of one kind, all safe fixes of a file, and refactorings."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from adalang.ide.changes import Change, in_file
from adalang.ide.fixes import LOOKS_ELSEWHERE, Broken, mends
from adalang.ide.refactorings import KINDS, Kind, Refactoring, Selection, refactorings
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.diagnostics import Diagnostic
from adalang.language.program import Program
from adalang.language.rules import RULES
from adalang.language.text import Edit, Span


@dataclass(frozen=True, slots=True)
class Action:
    """A change that mends ``diagnostic``. The preferred one is what "fix this" without a choice means."""

    title: str
    change: Change
    diagnostic: Diagnostic
    preferred: bool


@dataclass(frozen=True)
class Offers:
    """What can be done at a range of a program's root file.

    ``diagnostics`` are the whole file's. ``others`` gives the programs of all known files, each as the root of its own;
    it is asked only where something depends on them.
    """

    program: Program
    span: Span
    diagnostics: Sequence[Diagnostic] = ()
    facts: Facts = field(default=NO_FACTS, repr=False)
    others: Callable[[], Iterable[Program]] = field(default=tuple, repr=False)

    @cached_property
    def touched(self) -> tuple[Diagnostic, ...]:
        """What is wrong at the range."""
        return tuple(_touched(self.diagnostics, self.span))

    def fixes(self) -> list[Action]:
        """The fixes of what is wrong at the range."""
        looks_elsewhere = any(one.code in LOOKS_ELSEWHERE for one in self.touched)
        known = self._others if looks_elsewhere else ()
        return quick_fixes(self.program, self.touched, self.span, self.facts, known)

    def fixes_of_kind(self) -> Iterator[tuple[str, Change]]:
        """For each kind of what is wrong at the range, where more of the kind is wrong in the file: all of them at once."""
        for code in sorted({one.code for one in self.touched}):
            found = fix_kind(self.program, self.diagnostics, code, self.facts)
            if found is not None:
                title, edits = found
                yield title, Change({self.program.path: edits})

    def fix_of_all(self) -> Change | None:
        """All safe fixes of the file, wherever the range is."""
        edits = fix_all(self.diagnostics)
        return Change({self.program.path: edits}) if edits else None

    def refactorings(self, kinds: Iterable[Kind] = KINDS, *, later: bool = False) -> Iterator[Refactoring]:
        """What may be done with the range as a selection. ``later``: the changes are not going to be asked for here."""
        importers = () if later else tuple(one for one in self._others if self.program.path in one.modules)
        return refactorings(Selection(self.program, self.span, self.facts, importers), kinds)

    def refactoring(self, kind: str, title: str) -> Refactoring | None:
        """One that was offered before; ``None`` when it no longer is."""
        offered = self.refactorings([one for one in KINDS if one == kind])
        return next((one for one in offered if one.title == title), None)

    @cached_property
    def _others(self) -> tuple[Program, ...]:
        return tuple(one for one in self.others() if one.path != self.program.path)


def quick_fixes(
    program: Program,
    diagnostics: Iterable[Diagnostic],
    span: Span,
    facts: Facts = NO_FACTS,
    known: tuple[Program, ...] = (),
) -> list[Action]:
    """The fixes of the root file's diagnostics that touch ``span``, in the order of the text.

    Args:
        known: other files, each as the root of its program; they may have what a name means.
    """
    return [action for one in _touched(diagnostics, span) for action in _of(program, one, facts, known)]


def _touched(diagnostics: Iterable[Diagnostic], span: Span) -> Iterator[Diagnostic]:
    return (one for one in diagnostics if one.span.touches(span))


def _of(program: Program, one: Diagnostic, facts: Facts, known: tuple[Program, ...]) -> Iterator[Action]:
    """The check's own fixes first, of which the first is what was meant."""
    titles = set()
    for index, fix in enumerate(one.fixes):
        titles.add(fix.title)
        yield Action(fix.title, in_file(program.path, *fix.edits), one, preferred=index == 0)
    for mend in mends(Broken(program, one, facts, known)):
        if mend.title not in titles:
            titles.add(mend.title)
            yield Action(mend.title, mend.change, one, preferred=mend.preferred and not one.fixes)


def fix_all(diagnostics: Sequence[Diagnostic]) -> tuple[Edit, ...]:
    """The edits of all safe fixes that do not get into each other's way; run again for the rest."""
    safe = (next((fix.edits for fix in one.fixes if fix.safe), ()) for one in diagnostics)
    return _apart(safe)[0]


def fix_kind(
    program: Program, diagnostics: Iterable[Diagnostic], code: str, facts: Facts = NO_FACTS
) -> tuple[str, tuple[Edit, ...]] | None:
    """The first fix of each of the file's diagnostics of one code, as a title and edits; ``None`` for fewer than two."""
    same = [one for one in diagnostics if one.code == code]
    if len(same) < 2:
        return None
    first = (next((action.change for action in _of(program, one, facts, ())), Change()) for one in same)
    edits, count = _apart(
        one.edits.get(program.path, ()) if len(one.edits) == 1 and not one.created else () for one in first
    )
    return (f"Fix all {count} of this kind: {RULES[code].name}", edits) if count > 1 else None


def _apart(fixes: Iterable[tuple[Edit, ...]]) -> tuple[tuple[Edit, ...], int]:
    """The edits of those fixes that do not get into the way of one before them, and how many these are."""
    taken: list[Edit] = []
    count = 0
    for edits in fixes:
        if edits and not any(_clashes(edit, taken) for edit in edits):
            for edit in edits:
                insort(taken, edit, key=_place)
            count += 1
    return tuple(taken), count


def _clashes(edit: Edit, taken: list[Edit]) -> bool:
    """Whether an edit touches one of others, which are in order: also an insertion at the place of another, as nobody knows
    the order of the two."""
    before = bisect_right(taken, edit.span.end, key=_start)
    return before > 0 and taken[before - 1].span.touches(edit.span)


def _place(edit: Edit) -> Span:
    return edit.span


def _start(edit: Edit) -> int:
    return edit.span.start
