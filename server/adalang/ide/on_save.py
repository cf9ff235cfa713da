"""The evals of a file that ask to be run whenever it is saved, and whether one of them has been run as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from adalang.ide.meaning import target_of
from adalang.language.declarations import Constant, EvalDeclaration, setting
from adalang.language.diagnostics import Diagnostic
from adalang.language.fingerprint import FileHash, fingerprint
from adalang.language.program import Entity, Program


@dataclass(frozen=True, slots=True)
class OnSave:
    """An eval with ``on_save``: how many examples of it run at a save, and the component that it judges."""

    eval: Entity
    limit: int
    target: Entity


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """All that decides the score of an eval, and that of its target alone."""

    eval: str
    target: str


def is_concerned(program: Program, saved: Path) -> bool:
    """Whether the saved file is the program's root or one that it imports."""
    return saved in program.modules


def would_run(diagnostics: Iterable[Diagnostic]) -> bool:
    """A file with errors would not; its diagnostics say so already."""
    return all(one.severity != "error" for one in diagnostics)


def fingerprints(program: Program, asked: OnSave, file_hash: FileHash) -> Fingerprints:
    """As they are now. ``file_hash`` may read files: for threads then."""
    name = asked.eval.name.text
    return Fingerprints(fingerprint(program, name, file_hash), fingerprint(program, asked.target.id, file_hash))


def is_evaluated(now: Fingerprints, in_session: str | None, stored: str | None) -> bool:
    """Whether the eval has been run as it is.

    Args:
        in_session: the fingerprint of the eval when a save in this session had it run last.
        stored: that of the target of the last score in the store, which counts before the first save in the session.
    """
    return in_session == now.eval if in_session else stored == now.target


def on_save(program: Program) -> Iterator[OnSave]:
    """What a save of the program's root asks for; not the evals whose limit or target is none."""
    for item in program.root.items:
        declaration, entity = item.declaration, program.entity(program.root, item)
        if not isinstance(declaration, EvalDeclaration):
            continue
        found = setting(declaration.settings, "on_save")
        limit = found.value.value if found is not None and isinstance(found.value, Constant) else None
        target = target_of(program, entity)
        if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 and target is not None:
            yield OnSave(entity, limit, target)
