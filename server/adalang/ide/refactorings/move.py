"""A declaration goes to another file: one that this file imports, or a new one beside it. Names and paths follow everywhere.

What it needs of the file that it leaves is then imported from there. Where that would make the files import each other in a
circle, or a name would mean something else, nothing is done.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adalang.ide.changes import Change, NewFile, merged
from adalang.ide.layout import declaration_behind, documented, removed_declaration
from adalang.ide.paths import paths_in
from adalang.ide.refactorings.names import file_names, fresh_name
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.ide.refactorings.uses import Use, is_same, uses, uses_in
from adalang.language.declarations import ImportDeclaration
from adalang.language.literal import quote
from adalang.language.lower import Item
from adalang.language.program import Entity, Module, Program
from adalang.language.text import Edit, SourceText, Span

_LINE_END = re.compile(r"\r\n|\n|\r")
_FILES = {
    "model": "models",
    "type": "types",
    "param": "params",
    "prompt": "prompts",
    "retriever": "retrievers",
    "tool": "tools",
    "agent": "agents",
    "pipeline": "pipelines",
    "dataset": "datasets",
    "eval": "evals",
}


def offers(selected: Selection) -> Iterator[Refactoring]:
    item = selected.item
    if item is None or not selected.is_on_name or not item.declaration.name.text or item.declaration.kind not in _FILES:
        return
    if selected.module.names.get(item.declaration.name.text) is not item:
        return
    folder = selected.module.path.parent
    fresh = _fresh_file(selected, item)
    known = list(dict.fromkeys(selected.program.imported(selected.module).values()))
    for module, path in [(None, fresh), *((one, one.path) for one in known)]:
        move = _Move(selected, item, path, module)
        name = Path(os.path.relpath(path, folder)).as_posix()
        title = f"Move `{item.declaration.name.text}` to {'the new file ' if module is None else ''}{name}"
        reason = move.reason()
        yield Refactoring(title, "refactor.move", None if reason else move.change, reason, creates=module is None)


def _fresh_file(selected: Selection, item: Item) -> Path:
    """A file beside this one that is not there, as far as is known, and whose name means nothing here yet."""
    module, taken = selected.module, {path.stem for path in selected.program.modules}
    while True:
        stem = fresh_name(selected.program, module, _FILES[item.declaration.kind], taken)
        path = module.path.parent / f"{stem}.adal"
        if selected.facts.exists(path) is not True:
            return path
        taken.add(stem)


@dataclass(frozen=True)
class _Move:
    """``target`` is ``None`` when the file at ``path`` is to be made."""

    selected: Selection
    item: Item
    path: Path
    target: Module | None

    @property
    def _source(self) -> SourceText:
        return self.selected.source

    @property
    def _home(self) -> Module:
        return self.selected.module

    @property
    def _entity(self) -> Entity:
        return self.selected.program.entity(self._home, self.item)

    # ---- whether it can be done

    def reason(self) -> str:
        """Why it cannot be done; "" when it can."""
        name = self.item.declaration.name.text
        if self.target is not None and name in file_names(self.selected.program, self.target):
            return f"`{name}` means something in {self.path.name} already."
        if self.target is not None and is_broken(self.target):
            return f"{self.path.name} has mistakes; mend them first."
        needed = self._needed()
        if wordless := next((path for path in (self.path, *needed) if not path.stem.isidentifier()), None):
            return f"Nothing can be named by a file called {wordless.name}."
        if self._home.path in needed and (self.target is not None or self._is_used_at_home()):
            return f"It would make {self._home.path.name} and {self.path.name} import each other."
        if self.target is not None and any(self._reaches(path, self.path) for path in needed):
            return f"What it needs imports {self.path.name} itself."
        stems = [path.stem for path in needed]
        if self.target is not None:
            there = self.selected.program.imported(self.target)
            if any(path.stem in there and there[path.stem].path != path for path in needed):
                return f"{self.path.name} imports another file of the same name."
            if any(stem in self.target.names for stem in stems):
                return f"A file that it needs has the name of something in {self.path.name}."
        hidden = {name for use in self._outgoing() for name in use.hidden}
        if len(set(stems)) < len(stems) or self.path.stem in stems or hidden & set(stems):
            return "A name in it would hide a file that it needs."
        if any(self.path.stem in use.hidden for _, use in self._incoming()):
            return f"Where it is used, `{self.path.stem}` means something else."
        if self.path.stem in self._home.names and self._home.names[self.path.stem] is not self.item:
            return f"`{self.path.stem}` means something else in {self._home.path.name}."
        return ""

    def _reaches(self, start: Path, wanted: Path) -> bool:
        """Whether a file imports another, directly or not."""
        waiting, seen = [start], set[Path]()
        while waiting:
            path = waiting.pop()
            if path == wanted:
                return True
            if path not in seen:
                seen.add(path)
                waiting += [one for one in self.selected.program.imports.get(path, {}).values() if one is not None]
        return False

    def _outgoing(self) -> list[Use]:
        """What the declaration names, itself left out."""
        found = uses_in(self.selected.program, self._home, self.item)
        return [use for use in found if not use.part and not is_same(use.entity, self._entity)]

    def _needed(self) -> list[Path]:
        """The files, other than the new place, that declare what it names."""
        return [one for one in dict.fromkeys(use.entity.module.path for use in self._outgoing()) if one != self.path]

    def _incoming(self) -> Iterator[tuple[Program, Use]]:
        """Where it is named, here and in files that import this one, and what an optimize block of it says."""
        for program in (self.selected.program, *self.selected.importers):
            for use in uses(program, program.root, self.item.declaration.name.text):
                inside = (
                    program.root.path == self._home.path and self.item.span.start <= use.span.start < self.item.span.end
                )
                if not use.part and is_same(use.entity, self._entity) and not inside:
                    yield program, use

    def _is_used_at_home(self) -> bool:
        return any(program.path == self._home.path for program, _ in self._incoming())

    # ---- the change

    def change(self) -> Change:
        parts = [(self._home.path, removed_declaration(self._source, self.item.span))]
        importing: dict[Path, Program] = {}
        name = self.item.declaration.name.text
        for program, use in self._incoming():
            path = program.root.path
            if path == self.path:
                parts.append((path, Edit(use.span, name)))
            else:
                parts.append((path, Edit(use.span, f"{self.path.stem}.{name}")))
                importing[path] = program
        for path, program in importing.items():
            if self.path not in program.imports.get(path, {}).values():
                parts.append((path, import_edit(program.root, self.path)))
        text = self._moved_text()
        if self.target is None:
            imports = "".join(_import_line(path, self.path) + self._newline for path in self._needed())
            created = NewFile(self.path, imports + (self._newline if imports else "") + text + self._newline)
            return merged(parts, (created,))
        for path in self._needed():
            if path not in self.selected.program.imports.get(self.path, {}).values():
                parts.append((self.path, import_edit(self.target, path)))
        parts.append((self.path, self._appended(self.target, text)))
        return merged(parts)

    @property
    def _newline(self) -> str:
        return (self.target or self._home).source.newline

    def _moved_text(self) -> str:
        """The declaration with its comments, its names and paths written as the new place needs them."""
        start = documented(self._source, self.item.start)
        edits = []
        for use in self._outgoing():
            path = use.entity.module.path
            name = use.entity.declaration.name.text
            edits.append(Edit(use.span, name if path == self.path else f"{path.stem}.{name}"))
        for one in paths_in(self._home, self.item.declaration, self.item.start):
            edit = one.moved(one.path, self.path.parent) if self.path.parent != self._home.path.parent else None
            edits += [edit] if edit is not None else []
        moved = [Edit(edit.span.shifted(-start), edit.text) for edit in edits]
        text = str(SourceText(self._source.data[start : self.item.span.end]).apply(moved))
        return _LINE_END.sub(self._newline, text) if self._newline != self._source.newline else text

    @staticmethod
    def _appended(target: Module, text: str) -> Edit:
        source = target.source
        if target.items:
            return declaration_behind(source, target.items[-1].span.end, text)
        end = len(source.data)
        return Edit(Span(end, end), text + source.newline)


def is_broken(module: Module) -> bool:
    """Whether something in the file could not be read."""
    return any(piece.is_broken for _, piece in module.pieces)


def import_edit(module: Module, path: Path) -> Edit:
    """The edit that makes a file import another: behind its last import, or above everything else."""
    source, line = module.source, _import_line(path, module.path)
    imports = [item for item in module.items if isinstance(item.declaration, ImportDeclaration)]
    if imports:
        at = source.line_span(source.line_of(imports[-1].span.end)).end
        return Edit(Span(at, at), source.newline + line)
    at = documented(source, module.items[0].start) if module.items else 0
    return Edit(Span(at, at), line + source.newline * 2)


def _import_line(path: Path, importer: Path) -> str:
    return f"import {quote(Path(os.path.relpath(path, importer.parent)).as_posix())}"
