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
from adalang.ide.imports import import_edit, import_line
from adalang.ide.paths import paths_in
from adalang.ide.placement import declaration_behind, documented, removed_declaration
from adalang.ide.refactorings.names import file_names, fresh_name
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.ide.refactorings.uses import Use, uses, uses_in
from adalang.ide.slots import Value
from adalang.ide.targets import Names
from adalang.language.lower import Item
from adalang.language.program import Module, Program
from adalang.language.text import Edit, SourceText, Span

_LINE_END = re.compile(r"\r\n|\n|\r")
_DOTTED = re.compile(rb"[\w\x80-\xff]+(?:\s*\.\s*[\w\x80-\xff]+)*")
_DOT = re.compile(rb"\s*[.\[]")
_SET = re.compile(rb"\{%[-+]?\s*set\b[^=%]*\Z")
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
    fresh, outgoing, incoming = _fresh_file(selected, item), _outgoing(selected, item), _incoming(selected, item)
    known = list(dict.fromkeys(selected.program.imported(selected.module).values()))
    for module, path in [(None, fresh), *((one, one.path) for one in known)]:
        move = _Move(selected, item, path, module, outgoing, incoming)
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


def _outgoing(selected: Selection, item: Item) -> list[Use]:
    """What the declaration names, itself left out."""
    itself = selected.program.entity(selected.module, item).key
    found = uses_in(selected.program, selected.module, item)
    return [use for use in found if not use.part and use.entity.key != itself]


def _incoming(selected: Selection, item: Item) -> list[tuple[Program, Use]]:
    """Where it is named, here and in files that import this one, and what an optimize block of it says."""
    found, entity = [], selected.program.entity(selected.module, item)
    for program in (selected.program, *selected.importers):
        for use in uses(program, program.root, entity.name.text):
            inside = program.path == selected.module.path and item.span.contains(use.span.start)
            if not use.part and use.entity.key == entity.key and not inside:
                found.append((program, use))
    return found


def _whole_file(selected: Selection, item: Item) -> str:
    """The imported file that the declaration names without something of it; "" where it does not."""
    words = Names(selected.program).words_of(selected.module, item)
    files = (word for word in words if word.target.kind == "file" and isinstance(word.slot, Value))
    data = selected.source.data
    return next((word.target.name for word in files if not _DOT.match(data, word.span.end)), "")


@dataclass(frozen=True, slots=True)
class _Move:
    """``target`` is ``None`` when the file at ``path`` is to be made."""

    selected: Selection
    item: Item
    path: Path
    target: Module | None
    outgoing: list[Use]
    incoming: list[tuple[Program, Use]]

    @property
    def _source(self) -> SourceText:
        return self.selected.source

    @property
    def _home(self) -> Module:
        return self.selected.module

    # ---- whether it can be done

    def reason(self) -> str:
        """Why it cannot be done; "" when it can."""
        name = self.item.declaration.name.text
        if self.target is not None and name in file_names(self.selected.program, self.target):
            return f"`{name}` means something in {self.path.name} already."
        if self.target is not None and self.target.broken:
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
        hidden = {name for use in self.outgoing for name in use.hidden}
        if len(set(stems)) < len(stems) or self.path.stem in stems or hidden & set(stems):
            return "A name in it would hide a file that it needs."
        if hidden & {use.entity.name.text for use in self.outgoing if use.entity.module.path == self.path}:
            return f"A name in it would hide one of {self.path.name}."
        if any(self.path.stem in use.hidden for _, use in self.incoming):
            return f"Where it is used, `{self.path.stem}` means something else."
        own = [(self.selected.program, use) for use in self.outgoing]
        if odd := next((use for program, use in (*self.incoming, *own) if not _is_plain(program, use)), None):
            return f"A template sets `{odd.entity.name.text}`, or does not name it with dots alone."
        if whole := _whole_file(self.selected, self.item):
            return f"A template uses the file `{whole}` as a whole."
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

    def _needed(self) -> list[Path]:
        """The files, other than the new place, that declare what it names."""
        return [one for one in dict.fromkeys(use.entity.module.path for use in self.outgoing) if one != self.path]

    def _is_used_at_home(self) -> bool:
        return any(program.path == self._home.path for program, _ in self.incoming)

    # ---- the change

    def change(self) -> Change:
        parts = [(self._home.path, removed_declaration(self._source, self.item.span))]
        importing: dict[Path, Program] = {}
        name = self.item.declaration.name.text
        for program, use in self.incoming:
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
            imports = "".join(import_line(self.path, path) + self._newline for path in self._needed())
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
        for use in self.outgoing:
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


def _is_plain(program: Program, use: Use) -> bool:
    """Whether another name can be written there: not where a template sets it, nor for ``common["tone"]``."""
    data, span = program.root.source.data, use.span
    tag = data.rfind(b"{%", 0, span.start)
    is_set = tag >= 0 and _SET.match(data, tag, span.start) is not None
    return not is_set and _DOTTED.fullmatch(data, span.start, span.end) is not None
