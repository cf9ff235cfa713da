from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.signature_help import signature_help
from adalang.language.checks import DiskFacts


@cases("signature_help")
def test_signature_help(case: Case, update: bool) -> None:
    found = signature_help(case.program, case.offset, DiskFacts())
    lines = []
    if found is not None:
        active = found.parameters[found.active] if found.active is not None else None
        lines = [found.label]
        lines += [" " * active.start + "^" * (active.end - active.start), active.doc] if active else ["none is active"]
        lines += [f"doc: {found.doc}"] if found.doc else []
    case.check(lines, update)
