"""What is wrong with one file, found declaration by declaration, and found anew only where something has changed.

What the checks of a declaration say depends on the declaration, on what they looked up outside it, and on what they asked about
files: :mod:`adalang.language.checks.reads` remembers both. As long as they are what they were, so is the answer. What only the
whole file shows is put together from what is known of each declaration.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from weakref import WeakKeyDictionary

from adalang.language.checks import circles, components, data, evaluations, names, pipelines, retrievers, whole
from adalang.language.checks.facts import NO_FACTS, Facts
from adalang.language.checks.reads import Answer, Read, Reads, WatchedFacts, WatchedProgram, changed, still_true
from adalang.language.checks.references import references
from adalang.language.checks.scope import Scope
from adalang.language.declarations import Declaration, OptimizeDeclaration
from adalang.language.diagnostics import Diagnostic, Related, Report
from adalang.language.lower import Item
from adalang.language.pieces import Piece
from adalang.language.program import Module, Program
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of one declaration. Its places count from the declaration's start."""

    found: tuple[Diagnostic, ...]
    used: frozenset[str]
    """The names that it takes from outside itself."""
    calls: tuple[tuple[str, Span], ...]
    """The components or models that it leads to, by id."""
    optimizes: str
    """The id of the eval that an optimize block raises."""
    reads: frozenset[Read]
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Checked:
    """One version of a file, checked: the start for checking the next one. Immutable."""

    program: Program
    module: Module
    facts: Facts
    examined: Mapping[Declaration, Examined] = field(repr=False)
    circular_types: frozenset[tuple[Path, str]]
    circles: circles.Circles
    pieces: frozenset[Piece] = field(repr=False)
    secrets: Mapping[Piece, list[Span]]
    """Where keys stand, in the pieces that hold any."""

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """In the order of their places."""
        undecodable = _not_utf8(self.module)
        if undecodable is not None:
            return (undecodable,)
        found = [*_of_text(self.module), *self._of_items(), *self._of_whole()]
        found += self._of_secrets({one.span for one in found if one.code == "ADL403"})
        return tuple(sorted(found, key=lambda one: (one.span.start, one.span.end, one.code)))

    def _of_items(self) -> Iterator[Diagnostic]:
        declared = _declared_by_broken_text(self.module)
        for item in self.module.items:
            for one in self.examined[item.declaration].found:
                placed = one.placed(item.start, self.program)
                if not (declared and one.code in _UNKNOWN and self._is_declared(placed, item, declared)):
                    yield placed

    def _is_declared(self, found: Diagnostic, item: Item, declared: frozenset[str]) -> bool:
        """Whether text that could not be read may have declared the name, as it surely has what an `optimize` names."""
        source = self.module.source
        heads = _HEAD_WORD.fullmatch(source.data, item.start, found.span.start) is not None
        return heads or source.slice(found.span) in declared

    def _of_whole(self) -> Iterator[Diagnostic]:
        report = Report(self.module)
        used = frozenset[str]().union(*[one.used for one in self.examined.values()])
        blocks = [
            (item, self.examined[item.declaration].optimizes)
            for item in self.module.items
            if item.declaration.kind == "optimize"
        ]
        optimized = [(item, target) for item, target in blocks if target]
        whole.check(whole.Whole(self.program, self.module, used, optimized), report)
        if self.circles.members:
            self._circles(report)
        for one in report.found:
            item = self.module.item_at(one.span.start)
            if item is None or not _is_echo(one, item, self.module):
                yield one

    def _of_secrets(self, told: Collection[Span]) -> Iterator[Diagnostic]:
        message = (
            'A key has no place in a file, and this text would be sent to a model; take it out, and use env("NAME").'
        )
        for start, piece in self.module.pieces if self.secrets else ():
            for span in self.secrets.get(piece, ()):
                place = span.shifted(start)
                if not any(one.start <= place.start <= one.end for one in told):
                    yield Diagnostic("ADL403", place, message)

    def _circles(self, report: Report) -> None:
        for item in self.module.items:
            for target, span in self.examined[item.declaration].calls:
                entity = self.program.entity(self.module, item)
                message = self.circles.message(entity.id, entity.kind, target)
                if message:
                    report.add("ADL108", item, span, message, related=self._calls_on(entity.id, target))

    def _calls_on(self, start: str, target: str) -> list[Related]:
        """Where the circle goes on from ``target``, as far as that is in this file."""
        item = self.module.names.get(target)
        calls = self.examined[item.declaration].calls if item is not None and target != start else ()
        return [
            Related(self.module.path, span.shifted(item.start), f"`{target}` leads to `{after}` here")
            for after, span in calls
            if item is not None and self.circles.members.get(after) == self.circles.members[start]
        ][:1]


def checked(
    program: Program, module: Module | None = None, facts: Facts = NO_FACTS, previous: Checked | None = None
) -> Checked:
    """Check one module (default: the root).

    What ``previous``, any other version of the file, has found is taken over where nothing has changed that it depends on:
    the result is the same without it.
    """
    module = module or program.root
    if previous is not None and not _is_comparable(previous, program, module):
        previous = None
    known: Mapping[Declaration, Examined] = previous.examined if previous else {}
    differs = changed(previous.program, program) if previous else set()
    circular = _circular_types(program, previous, differs)
    other_facts = previous is None or previous.facts is not facts
    examiner = _Examiner(program, circular, module, facts)
    examined: dict[Declaration, Examined] = {}
    for item in module.items:
        found = known.get(item.declaration)
        if (
            found is None
            or not differs.isdisjoint(found.reads)
            or (other_facts and not still_true(found.answers, facts))
        ):
            found = examiner.examined(item)
        examined[item.declaration] = found
    edges = _edges(program, module, examined)
    ring = previous.circles if previous and previous.circles.edges == edges else circles.Circles.of(edges)
    pieces = frozenset([piece for _, piece in module.pieces])
    return Checked(program, module, facts, examined, circular, ring, pieces, _secrets(pieces, previous))


def _is_comparable(previous: Checked, program: Program, module: Module) -> bool:
    """Whether names lead to the same files as before."""
    before = previous.program
    return (
        previous.module.path == module.path
        and before.prefixes == program.prefixes
        and before.brought == program.brought
    )


def _circular_types(program: Program, previous: Checked | None, differs: set[Read]) -> frozenset[tuple[Path, str]]:
    """The types that contain themselves; those that do so newly, or no longer, are added to what differs."""
    if previous is None:
        return program.circular_types
    versions = (previous.program, program)
    if not any(
        name in one.modules[path].names and one.modules[path].names[name].declaration.kind == "type"
        for path, name, part in differs
        for one in versions
        if part == "all"
    ):
        return previous.circular_types
    found = program.circular_types
    differs.update((path, name, "circle") for path, name in found ^ previous.circular_types)
    return found


def _edges(program: Program, module: Module, examined: Mapping[Declaration, Examined]) -> Mapping[str, tuple[str, ...]]:
    edges = circles.calls_elsewhere(program, module)
    for item in module.items:
        calls = examined[item.declaration].calls
        if calls:
            name = program.entity(module, item).id
            edges[name] = (*edges.get(name, ()), *(target for target, _ in calls))
    return edges


def _secrets(pieces: frozenset[Piece], previous: Checked | None) -> Mapping[Piece, list[Span]]:
    known = {piece: spans for piece, spans in previous.secrets.items() if piece in pieces} if previous else {}
    found = {
        piece: components.secrets(piece.source.data) for piece in (pieces - previous.pieces if previous else pieces)
    }
    return known | {piece: spans for piece, spans in found.items() if spans}


class _Examiner:
    """Runs the checks of single declarations on a program that notes what they look up."""

    def __init__(self, program: Program, circular: frozenset[tuple[Path, str]], module: Module, facts: Facts) -> None:
        self._reads = Reads()
        self._program = WatchedProgram.of(program, self._reads, circular)
        self._module, self._facts = module, WatchedFacts(facts, self._reads)

    def examined(self, item: Item) -> Examined:
        report = Report(self._module)
        scope = Scope(self._program, self._module, report, self._facts)
        for problem in item.declaration.problems:
            report.problem(problem, item.start)
        for one in (names, components, retrievers, pipelines, evaluations, data):
            one.check(scope, item)
        found = [one.shifted(-item.start) for one in report.found if not _is_echo(one, item, self._module)]
        used = {name for name, _ in references(item.declaration)}
        calls = tuple(dict.fromkeys(circles.calls(self._program, self._program.entity(self._module, item))))
        optimizes = self._optimized(item)
        reads, answers = self._reads.take()
        return Examined(
            tuple(dict.fromkeys(found)),
            frozenset(used | {name.split(".")[0] for name in used}),
            calls,
            optimizes,
            reads,
            answers,
        )

    def _optimized(self, item: Item) -> str:
        if not isinstance(item.declaration, OptimizeDeclaration):
            return ""
        target = self._program.resolve_expression(item.declaration.target, self._module)
        return target.id if target is not None else ""


# ---- the text itself


def _of_text(module: Module) -> list[Diagnostic]:
    """The mistakes between the declarations."""
    report = Report(module)
    for problem in module.problems:
        report.problem(problem, 0)
    return list(dict.fromkeys(report.found))


def _not_utf8(module: Module) -> Diagnostic | None:
    """Places in such a file would be guesses, so nothing else is said of it."""
    wrong = module.source.first_undecodable()
    if wrong is None:
        return None
    message = f"The byte 0x{module.source.data[wrong]:02X} is not UTF-8; save the file as UTF-8."
    return Diagnostic("ADL001", Span(wrong, wrong + 1), message)


# ---- echoes: one mistake gets one message

# Said of a declaration that cannot be read whole, these may only mean that their cause was not read.
_ABSENCES = frozenset({"ADL202", "ADL205", "ADL207", "ADL209", "ADL215", "ADL302", "ADL307"})
_UNKNOWN = frozenset({"ADL101", "ADL201", "ADL206", "ADL301"})


def _is_echo(found: Diagnostic, item: Item, module: Module) -> bool:
    """Whether a finding only repeats a syntax mistake of its own declaration in other words."""
    if found.code < "ADL100" or not item.declaration.problems:
        return False
    source = module.source
    word = re.escape(source.data[found.span.start : found.span.end])
    text = source.data[item.start : item.span.end]
    if found.code in _ABSENCES or (found.code in _UNKNOWN and len(re.findall(rb"\b%s\b" % word, text)) > 1):
        return True
    line = source.line_of(found.span.start)
    return any(source.line_of(item.start + one.span.start) == line for one in item.declaration.problems)


def _declared_by_broken_text(module: Module) -> frozenset[str]:
    """The names that text which could not be read may have declared, those of imports included; none in a file that was read."""
    if not module.broken:
        return frozenset()
    imports = [word for _, written, _ in module.imports for word in _WORD.findall(written.value)]
    return frozenset(imports).union(*[_declared_in(piece) for _, piece in module.broken], {""})


def _declared_in(piece: Piece) -> frozenset[str]:
    found = _DECLARED.get(piece)
    if found is None:
        words: list[str] = []
        for first, second, rest in _HEAD.findall(str(piece.source).removeprefix("\ufeff")):
            words += [second, *(_WORD.findall(rest) if first == "import" else ())]
        found = _DECLARED[piece] = frozenset(words)
    return found


_DECLARED: WeakKeyDictionary[Piece, frozenset[str]] = WeakKeyDictionary()
_HEAD = re.compile(r"^(\w+)(?:[ \t]+(\w+))?(.*)", re.MULTILINE)
_HEAD_WORD = re.compile(rb"\w+[ \t]+")
_WORD = re.compile(r"\w+")
