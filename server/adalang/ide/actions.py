"""Code actions: the quick fixes of the diagnostics at a range, all of one kind, and all safe fixes of a file at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from adalang.ide.changes import Change, in_file
from adalang.ide.fixes import Broken, mends
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
    touched = [one for one in diagnostics if one.span.start <= span.end and span.start <= one.span.end]
    return [action for one in touched for action in _of(program, one, facts, known)]


def _of(program: Program, one: Diagnostic, facts: Facts, known: tuple[Program, ...]) -> Iterator[Action]:
    """The check's own fixes first; what is only worked out on request is never done without a choice."""
    titles = set()
    for index, fix in enumerate(one.fixes):
        titles.add(fix.title)
        yield Action(fix.title, in_file(program.path, *fix.edits), one, preferred=index == 0)
    for mend in mends(Broken(program, one, facts, known)):
        if mend.title not in titles:
            titles.add(mend.title)
            yield Action(mend.title, mend.change, one, preferred=False)


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
        if edits and not any(_clash(new, old) for new in edits for old in taken):
            taken += edits
            count += 1
    return tuple(sorted(taken, key=lambda edit: edit.span)), count


def _clash(one: Edit, other: Edit) -> bool:
    """Whether two edits touch: also two insertions at one place, whose order nobody knows."""
    return one.span.start <= other.span.end and other.span.start <= one.span.end
