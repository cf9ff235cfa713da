from __future__ import annotations

import difflib
import re

from tests.ide.fixtures import Case, cases
from tests.ide.test_references import users

from adalang.ide.rename import prepare_rename, rename
from adalang.ide.rename_rows import Refused
from adalang.language.checks import DiskFacts, check
from adalang.language.program import Module, link


@cases("rename")
def test_rename(case: Case, update: bool) -> None:
    """The changed lines of all files, or why there are none; what is given leaves no file worse than it was."""
    name = re.match(rb"# to: (.*)\n", case.text)
    assert name is not None
    programs, facts = users("rename"), DiskFacts()
    prepared = prepare_rename(case.program, case.offset)
    found = rename(case.program, case.offset, name.group(1).decode(), programs, facts)
    if isinstance(found, Refused):
        when = "not at all" if isinstance(prepared, Refused) else "not so"
        return case.check([f"{when}: {found.reason}"], update)
    assert not isinstance(prepared, Refused)
    modules = {path: module for one in (case.program, *programs) for path, module in one.modules.items()}
    lines = [*case.excerpt(prepared.span), f"named {prepared.placeholder}"]
    for path, edits in found.edits.items():
        before = modules[path]
        after = Module.parse(path, before.source.apply(edits), before)
        changed = difflib.ndiff(str(before.source).splitlines(), str(after.source).splitlines())
        lines += [f"{path.name} {line}" for line in changed if line.startswith(("+ ", "- "))]
        modules[path] = after
    for path in found.edits:
        assert len(check(link(modules[path], modules.get), facts=facts)) <= len(check(case.program, facts=facts))
    return case.check(lines, update)
