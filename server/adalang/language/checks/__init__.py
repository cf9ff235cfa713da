"""All that can be told about a program without running it.

``check`` needs no disk: what depends on files (does it exist, which columns has it) is asked of a :class:`Facts`, which an
editor fills in the background and the command line fills at once.
"""

from __future__ import annotations

from adalang.language.checks.analysis import Checked, checked
from adalang.language.checks.facts import NO_FACTS, DiskFacts, Facts
from adalang.language.diagnostics import Diagnostic
from adalang.language.program import Module, Program

__all__ = ["NO_FACTS", "Checked", "Diagnostic", "DiskFacts", "Facts", "check", "check_all", "checked"]


def check(program: Program, module: Module | None = None, facts: Facts = NO_FACTS) -> list[Diagnostic]:
    """The diagnostics of one module (default: the root), in the order of their places."""
    return list(checked(program, module, facts).diagnostics)


def check_all(program: Program, facts: Facts = NO_FACTS) -> dict[Module, list[Diagnostic]]:
    """The diagnostics of the root and of everything that it imports."""
    return {module: check(program, module, facts) for module in program.modules.values()}
