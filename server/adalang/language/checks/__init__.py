"""All that can be told about a program without running it.

``check`` needs no disk: what depends on files (does it exist, which columns has it) is asked of a :class:`Facts`, which an
editor fills in the background and the command line fills at once.
"""

from __future__ import annotations

import re

from adalang.language.checks import components, data, evaluations, names, pipelines
from adalang.language.checks.facts import NO_FACTS, DiskFacts, Facts
from adalang.language.checks.scope import Scope
from adalang.language.diagnostics import Diagnostic, Report
from adalang.language.program import Module, Program
from adalang.language.text import Span

__all__ = ["NO_FACTS", "Diagnostic", "DiskFacts", "Facts", "check", "check_all"]


def check(program: Program, module: Module | None = None, facts: Facts = NO_FACTS) -> list[Diagnostic]:
    """The diagnostics of one module (default: the root), in the order of their places."""
    module = module or program.root
    undecodable = _not_utf8(module)
    if undecodable is not None:
        return [undecodable]
    scope = Scope(program, module, Report(module), facts)
    report = scope.report
    for problem in module.lowered.problems:
        report.problem(problem, 0)
    for item in module.items:
        for problem in item.declaration.problems:
            report.problem(problem, item.start)
    names.check(scope)
    for item in module.items:
        components.check(scope, item)
        pipelines.check(scope, item)
        evaluations.check(scope, item)
        data.check(scope, item)
    components.check_secrets(scope)
    found = dict.fromkeys(one for one in report.found if not _is_echo(one, module))
    return sorted(found, key=lambda one: (one.span.start, one.span.end, one.code))


def _not_utf8(module: Module) -> Diagnostic | None:
    """Places in such a file would be guesses, so nothing else is said of it."""
    wrong = module.source.first_undecodable()
    if wrong is None:
        return None
    message = f"The byte 0x{module.source.data[wrong]:02X} is not UTF-8; save the file as UTF-8."
    return Diagnostic("ADL001", Span(wrong, wrong + 1), message)


# Said of a declaration that cannot be read whole, these may only mean that their cause was not read.
_ABSENCES = frozenset({"ADL202", "ADL205", "ADL207", "ADL209", "ADL215", "ADL302", "ADL307"})
_UNKNOWN = frozenset({"ADL101", "ADL201", "ADL206", "ADL301"})


def _is_broken(module: Module) -> bool:
    return bool(module.lowered.problems) or any(item.declaration.problems for item in module.items)


def _is_echo(found: Diagnostic, module: Module) -> bool:
    """Whether a finding only repeats a syntax mistake in other words: one mistake gets one message."""
    if found.code < "ADL100":
        return False
    source = module.source
    word = re.escape(source.data[found.span.start : found.span.end])
    if _is_broken(module):
        declared = rb"^(?:\w+[ \t]+|import\b.*)%s\b" % word  # by something that could not be read
        if found.code == "ADL103" or (found.code in _UNKNOWN and re.search(declared, source.data, re.MULTILINE)):
            return True
    item = module.item_at(found.span.start)
    if item is None or not item.declaration.problems:
        return False
    text = source.data[item.start : item.span.end]
    if found.code in _ABSENCES or (found.code in _UNKNOWN and len(re.findall(rb"\b%s\b" % word, text)) > 1):
        return True
    line = source.line_of(found.span.start)
    return any(source.line_of(item.start + one.span.start) == line for one in item.declaration.problems)


def check_all(program: Program, facts: Facts = NO_FACTS) -> dict[Module, list[Diagnostic]]:
    """The diagnostics of the root and of everything that it imports."""
    return {module: check(program, module, facts) for module in program.modules.values()}
