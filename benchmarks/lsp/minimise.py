"""Make a failure small: leave out edits, then lines of the text, as long as it still fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from editing import Change

Edits = list[list[Change] | None]
Fails = Callable[[str, Edits], bool]

_SECONDS = 60.0


@dataclass(frozen=True)
class _Case:
    lines: tuple[str, ...]
    edits: tuple[list[Change] | None, ...]


def minimised(start: str, edits: Edits, fails: Fails) -> tuple[str, Edits]:
    """A text and edits that fail as well, of which nothing can be left out alone (or so far as the time went)."""
    deadline = time.monotonic() + _SECONDS

    def tried(case: _Case) -> bool:
        return time.monotonic() < deadline and fails("".join(case.lines), list(case.edits))

    case = _Case(_lines(start), tuple(edits))
    done = _already_done(case)
    case = done if tried(done) else _shrunk(case, lambda one: len(one.edits), _without_edits, tried)
    parts = [part for one in case.edits for part in ([None] if one is None else [[change] for change in one])]
    single = replace(case, edits=tuple(parts))
    if len(single.edits) > len(case.edits) and tried(single):
        case = _shrunk(single, lambda one: len(one.edits), _without_edits, tried)
    case = _shrunk(case, lambda one: len(one.lines), _without_lines, tried)
    return "".join(case.lines), list(case.edits)


def _shrunk(
    case: _Case,
    length: Callable[[_Case], int],
    without: Callable[[_Case, int, int], _Case],
    fails: Callable[[_Case], bool],
) -> _Case:
    """Leave out halves, quarters, … single ones."""
    size = max(1, length(case) // 2)
    while True:
        at = 0
        while at < length(case):
            shorter = without(case, at, at + size)
            if fails(shorter):
                case = shorter
            else:
                at += size
        if size == 1:
            return case
        size //= 2


def _already_done(case: _Case) -> _Case:
    """All edits but the last, which marks places, done to the text: many failures need no edit."""
    text = "".join(case.lines)
    for one in case.edits[:-1]:
        for change in one or ():
            text = change.fitted(text).applied(text)
    return _Case(_lines(text), case.edits[-1:])


def _without_edits(case: _Case, start: int, end: int) -> _Case:
    """What comes later moves to where it would have been."""
    later = case.edits[end:]
    gone = [change for one in case.edits[start:end] for change in one or ()]
    for change in reversed(gone):
        later = _moved(later, change.start or 0, len(change.text) - (change.end - (change.start or 0)))
    return replace(case, edits=case.edits[:start] + later)


def _without_lines(case: _Case, start: int, end: int) -> _Case:
    edits = _moved(case.edits, sum(map(len, case.lines[:start])), sum(map(len, case.lines[start:end])))
    return _Case(case.lines[:start] + case.lines[end:], edits)


def _moved(edits: tuple[list[Change] | None, ...], first: int, gone: int) -> tuple[list[Change] | None, ...]:
    """With ``gone`` characters less behind ``first``."""

    def moved(index: int) -> int:
        return max(first, index - gone) if index > first else index

    def change(one: Change) -> Change:
        return one if one.start is None else replace(one, start=moved(one.start), end=moved(one.end))

    return tuple(one and [change(part) for part in one] for one in edits)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines(keepends=True))
