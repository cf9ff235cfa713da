"""Code actions: the quick fixes of the diagnostics at a range, and all safe fixes of a file at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adalang.language.diagnostics import Diagnostic
from adalang.language.text import Edit, Span


@dataclass(frozen=True, slots=True)
class Action:
    """Edits that mend ``diagnostic``. The preferred one is what "fix this" without a choice means."""

    title: str
    edits: tuple[Edit, ...]
    diagnostic: Diagnostic
    preferred: bool


def quick_fixes(diagnostics: Sequence[Diagnostic], span: Span) -> list[Action]:
    """The fixes of the diagnostics that touch ``span``, in the order of the text."""
    touched = [one for one in diagnostics if one.span.start <= span.end and span.start <= one.span.end]
    return [
        Action(fix.title, fix.edits, one, preferred=index == 0)
        for one in touched
        for index, fix in enumerate(one.fixes)
    ]


def fix_all(diagnostics: Sequence[Diagnostic]) -> tuple[Edit, ...]:
    """The edits of all safe fixes that do not get into each other's way; run again for the rest."""
    taken: list[Edit] = []
    for one in diagnostics:
        fix = next((fix for fix in one.fixes if fix.safe), None)
        if fix is not None and not any(_clash(new, old) for new in fix.edits for old in taken):
            taken += fix.edits
    return tuple(sorted(taken, key=lambda edit: edit.span))


def _clash(one: Edit, other: Edit) -> bool:
    """Whether two edits touch: also two insertions at one place, whose order nobody knows."""
    return one.span.start <= other.span.end and other.span.start <= one.span.end
