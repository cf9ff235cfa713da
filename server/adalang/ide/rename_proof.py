"""The proof of a rename: the text after it means what the text before it meant."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from adalang.ide.references import searched
from adalang.ide.targets import Names, Place, Target
from adalang.language.checks import Checked, Diagnostic, Facts, checked
from adalang.language.program import Module, Program, link
from adalang.language.text import Edit, EditConflict, Span

_Meaning = tuple[Path, Span, str, str, Place]
"""A word, where it stands, and what it names: kind, name, place."""


def objection(
    target: Target,
    name: str,
    program: Program,
    users: Iterable[Program],
    changes: Mapping[Path, Iterable[Edit]],
    inserted: Mapping[Path, Iterable[Edit]],
    facts: Facts,
    known: Mapping[Path, Checked],
) -> str:
    """What stands against ``changes``, which call ``target`` by ``name``; empty when nothing does.

    ``inserted`` are those of the changes that add words, ``known`` checks of any version of the files to begin with.
    """
    modules = [(names.program, module) for names, module in searched(target, program, users)]
    old = {path: module for one, _ in modules for path, module in one.modules.items()}
    try:
        new = {
            path: Module.parse(path, module.source.apply(tuple(changes[path])), module) if path in changes else module
            for path, module in old.items()
        }
    except EditConflict:
        return "Two words that would change stand in one another."
    shifts = {path: _Shift(edits) for path, edits in changes.items()}
    for one, module in modules:
        if module.path not in changes:
            continue
        was = one if one.root is module else link(module, old.get)
        before_it = checked(was, facts=facts, previous=known.get(module.path))
        after_it = checked(link(new[module.path], new.get), facts=facts, previous=before_it)
        worse = _worse(before_it.diagnostics, after_it.diagnostics)
        if worse is not None:
            return f"`{name}` does not fit: {worse.message}"
    for one, module in modules:
        after = link(new[module.path], new.get)
        spellings = {target.name, name}
        before = {_moved(shifts, found, target, name) for found in _words(Names(one), module, spellings)}
        added = [shifts[module.path].span(edit.span) for edit in inserted.get(module.path, ())]
        words = _words(Names(after), after.root, spellings)
        now = {one for one in words if not any(span.start <= one[1].start < span.end for span in added)}
        different = sorted(before ^ now, key=lambda one: one[1])
        if different:
            line = after.root.source.line_of(different[0][1].start) + 1
            return f"`{name}` would mean something else in {module.path.name}, line {line}."
    return ""


def _worse(before: Collection[Diagnostic], after: Collection[Diagnostic]) -> Diagnostic | None:
    """The first diagnostic of a kind of which there are more than before. What is unused is told by spelling, roughly:
    whether it still is what it was is for the words to say."""
    more = _codes(after) - _codes(before)
    known = {one.message for one in before}
    candidates = [one for one in after if one.code in more]
    return next((one for one in candidates if one.message not in known), next(iter(candidates), None))


def _codes(found: Iterable[Diagnostic]) -> Counter[str]:
    return Counter(one.code for one in found if not one.name.startswith("unused"))


def _words(names: Names, module: Module, spellings: set[str]) -> Iterator[_Meaning]:
    for item in module.items:
        text = module.source.data[item.start : item.span.end]
        if any(one.encode() in text for one in spellings):
            for word in names.words_of(module, item, spellings):
                yield module.path, word.span, word.target.kind, word.target.name, word.target.place


def _moved(shifts: Mapping[Path, _Shift], found: _Meaning, target: Target, name: str) -> _Meaning:
    """What a word of the old text is to mean in the new one."""
    path, span, kind, called, place = found
    is_target = (kind, called, place) == (target.kind, target.name, target.place)
    moved = Place(place.path, _shifted(shifts, place.path, place.span))
    return path, _shifted(shifts, path, span), kind, name if is_target else called, moved


def _shifted(shifts: Mapping[Path, _Shift], path: Path, span: Span) -> Span:
    return shifts[path].span(span) if path in shifts else span


class _Shift:
    """Where the bytes of a text are after edits."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._edits = sorted(edits, key=lambda edit: edit.span)
        self._starts = [edit.span.start for edit in self._edits]
        self._sums = [0]
        for edit in self._edits:
            growth = len(edit.text.encode()) - (edit.span.end - edit.span.start)
            self._sums.append(self._sums[-1] + growth)

    def span(self, span: Span) -> Span:
        """The range after the edits; of a range that an edit replaces, what it puts there."""
        before = bisect_right(self._starts, span.start - 1)
        start = span.start + self._sums[before]
        for index in range(before, len(self._edits)):
            edit = self._edits[index]
            if edit.span == span:
                return Span(start, start + len(edit.text.encode()))
            if edit.span.start > span.start or edit.span.end > edit.span.start:
                break
            start += len(edit.text.encode())  # inserted right before the range
        return Span(start, start + span.end - span.start)
