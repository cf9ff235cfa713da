"""All that can be told about a program without running it.

``check`` needs no disk: what depends on files (does it exist, which columns has it) is asked of a :class:`Facts`, which an
editor fills in the background and the command line fills at once.
"""

from __future__ import annotations

from adalang.language.checks import components, data, evaluations, names, pipelines
from adalang.language.checks.facts import NO_FACTS, DiskFacts, Facts
from adalang.language.checks.scope import Scope
from adalang.language.diagnostics import Diagnostic, Report
from adalang.language.program import Module, Program

__all__ = ["NO_FACTS", "Diagnostic", "DiskFacts", "Facts", "check", "check_all"]


def check(program: Program, module: Module | None = None, facts: Facts = NO_FACTS) -> list[Diagnostic]:
    """The diagnostics of one module (default: the root), in the order of their places."""
    module = module or program.root
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
    return sorted(dict.fromkeys(report.found), key=lambda one: (one.span.start, one.span.end, one.code))


def check_all(program: Program, facts: Facts = NO_FACTS) -> dict[Module, list[Diagnostic]]:
    """The diagnostics of the root and of everything that it imports."""
    return {module: check(program, module, facts) for module in program.modules.values()}
