"""A file that may run: loaded with what it imports, without errors; and the one component of it that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adalang.language.checks import Diagnostic, DiskFacts, check_all
from adalang.language.program import Entity, Module, Program, load, reader_with
from adalang.runtime.failures import BugFailure


class CheckFailed(Exception):
    """A file with errors does not run. ``found``: the errors with their modules."""

    def __init__(self, found: Sequence[tuple[Module, Diagnostic]]) -> None:
        module, first = found[0]
        position = module.source.position(first.span.start)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        place = f"{module.path.name}:{position.line + 1}:{position.column + 1}"
        super().__init__(f"{place}: {first.code} {first.message}{more}")
        self.found = found

    def __reduce__(self) -> tuple[Any, ...]:  # so that it can leave a worker process
        return CheckFailed, (self.found,)


def load_checked(file: Path, texts: Mapping[str, str] = MappingProxyType({})) -> Program:
    """Load a file with its imports and refuse it when there are errors.

    Args:
        texts: the unsaved contents of files, by path; the others are read.

    Raises:
        BugFailure: the file cannot be read.
        CheckFailed: it has errors.
    """
    file = file.absolute()
    program = load(file, reader_with(texts))
    if program is None:
        raise BugFailure(f"{file.name} cannot be read: there is no such file, or it is not readable")
    errors = [
        (module, one)
        for module, found in check_all(program, DiskFacts()).items()
        for one in found
        if one.severity == "error"
    ]
    if errors:
        raise CheckFailed(errors)
    return program


def find_component(program: Program, name: str) -> Entity:
    """The component called ``name``; with "" the file's only one, or its only pipeline.

    Raises:
        BugFailure: there is none, or it is not clear which.
    """
    components = [one for one in program.components() if one.module is program.root]
    if name:
        entity = program.resolve(name)
        if entity is None or entity not in list(program.components()):
            known = ", ".join(one.id for one in program.components())
            raise BugFailure(f"no component is called `{name}`; there {f'are: {known}' if known else 'is none'}")
        return entity
    pipelines = [one for one in components if one.kind == "pipeline"]
    for group in (components, pipelines):
        if len(group) == 1:
            return group[0]
    if not components:
        raise BugFailure(
            f"{program.path.name} declares nothing that runs: no prompt, pipeline, agent, retriever or tool"
        )
    raise BugFailure(f"which component? Write FILE:NAME with one of: {', '.join(one.id for one in components)}")
