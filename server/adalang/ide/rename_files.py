"""Files that get another name or place: the paths that are written to them, and in them, follow; imported names too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from adalang.ide.changes import Change, merged
from adalang.ide.paths import written_paths
from adalang.ide.slots import Value
from adalang.ide.targets import Names
from adalang.language.program import Program
from adalang.language.text import Edit


def renamed(moves: Mapping[Path, Path], programs: Iterable[Program]) -> Change:
    """The edits that keep every written path right when files or folders go from the one path to the other.

    Args:
        moves: old path to new path, absolute.
        programs: all known files, each as the root of its program; the edits refer to their old paths.
    """
    return merged((program.path, edit) for program in programs for edit in _in_module(moves, program))


def _in_module(moves: Mapping[Path, Path], program: Program) -> Iterator[Edit]:
    module = program.root
    home = _new_path(moves, module.path).parent
    for one in written_paths(module):
        target = _new_path(moves, one.path)
        if (target, home) != (one.path, module.path.parent):
            edit = one.moved(target, home)
            if edit is not None:
                yield edit
    yield from _names(moves, program)


def _new_path(moves: Mapping[Path, Path], path: Path) -> Path:
    """Where a file is afterwards: it, or a folder above it, may have moved."""
    for old, new in moves.items():
        if path == old or path.is_relative_to(old):
            return new / path.relative_to(old)
    return path


def _names(moves: Mapping[Path, Path], program: Program) -> Iterator[Edit]:
    """``common.tone`` follows when the imported file is called ``house.adal``: its name there is the file's."""
    stems = _stems(moves, program)
    if not stems:
        return
    module, names = program.root, Names(program)
    for item in module.items:
        if any(module.source.data.find(path.stem.encode(), item.start, item.span.end) >= 0 for path in stems):
            for word in names.words_of(module, item):
                path = word.target.place.path
                if word.target.kind == "file" and path in stems and isinstance(word.slot, Value):
                    yield Edit(word.span, stems[path])


def _stems(moves: Mapping[Path, Path], program: Program) -> dict[Path, str]:
    """The files that the root imports and whose name changes, with the new name."""
    brought = program.imports.get(program.path, {}).values()
    found = {path: _new_path(moves, path).stem for path in brought if path is not None}
    return {path: stem for path, stem in found.items() if stem != path.stem and stem.isidentifier()}
