"""The files of the workspace folders that are not open, checked for ``workspace/diagnostic``; in a thread, with a memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adalang.language.checks import Diagnostic, check
from adalang.language.program import Module, Program, link
from adalang.lsp.disk import Disk, read, reread
from adalang.lsp.state import Snapshot

_SKIPPED = frozenset({"node_modules", "__pycache__", "venv", "site-packages", "dist", "build"})
_FILES_LIMIT = 5000


@dataclass(frozen=True)
class Checked:
    """A file's diagnostics, with the modules that they rest on."""

    module: Module
    modules: tuple[Module, ...]
    diagnostics: tuple[Diagnostic, ...]


class Listing:
    """Finds and checks the ``.adal`` files under ``folders``. What has not changed on the disk is not checked again."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders
        self._lock = threading.Lock()
        self._disk = Disk()
        self._known: dict[Path, Checked] = {}

    def check(self, snapshot: Snapshot) -> list[tuple[Path, Checked]]:
        """Every file that is not open in the editor. Files that are open count as they are there, where imported."""
        with self._lock:
            changed = reread(self._disk)
            if changed:
                self._disk = self._disk.with_entries(changed)
            if any(kind != "module" for kind, _ in changed):
                self._known.clear()
            found = []
            for path in list(_files(self.folders))[:_FILES_LIMIT]:
                checked = self._check(path, snapshot) if snapshot.document_at(path) is None else None
                if checked is not None:
                    found.append((path, checked))
            return found

    def _check(self, path: Path, snapshot: Snapshot) -> Checked | None:
        """Check a file as often as its checks ask for more of the disk."""
        while True:
            program = self._program(path, snapshot)
            if program is not None and not self._disk.wishes:
                known = self._known.get(path)
                modules = tuple(program.modules.values())
                if known is None or not _same(known.modules, modules):
                    known = Checked(program.root, modules, tuple(check(program, facts=self._disk)))
                if not self._disk.wishes:
                    self._known[path] = known
                    return known
            if not self._disk.wishes:
                return None
            self._disk = self._disk.with_entries(read(tuple(self._disk.wishes)))

    def _program(self, path: Path, snapshot: Snapshot) -> Program | None:
        def module(wanted: Path) -> Module | None:
            document = snapshot.document_at(wanted)
            return document.module if document is not None else self._disk.module(wanted)

        root = module(path)
        return link(root, module) if root is not None else None


def _same(one: tuple[Module, ...], other: tuple[Module, ...]) -> bool:
    return len(one) == len(other) and all(mine is yours for mine, yours in zip(one, other, strict=True))


def _files(folders: tuple[Path, ...]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in folders:
        for place, names, files in os.walk(folder):
            names[:] = sorted(name for name in names if not name.startswith(".") and name not in _SKIPPED)
            for name in sorted(files):
                path = Path(place, name)
                if name.endswith(".adal") and path not in seen:
                    seen.add(path)
                    yield path
