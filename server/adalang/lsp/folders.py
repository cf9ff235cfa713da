"""The files of the workspace folders that are not open, read and checked in a thread, with a memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from adalang.language.checks import Diagnostic, check
from adalang.language.files import source_files
from adalang.language.program import Module, Program, link
from adalang.lsp.disk import Disk, read, reread
from adalang.lsp.state import Snapshot

_FILES_LIMIT = 5000
_FRESH_SECONDS = 0.5
"""How long the disk is not looked at again for the same question: an editor asks for the lenses of a screen all at once."""


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
        self._programs: list[Program] = []
        self._loaded_for: Snapshot | None = None
        self._loaded_at = 0.0
        self.is_current = False
        """Whether somebody has looked, or is looking, since something may have changed on the disk."""

    def modules(self) -> list[Module]:
        """The files as they were read last. Reads nothing, and waits for nobody."""
        entries = self._disk.entries.items()
        return [entry.value for (kind, _), entry in entries if kind == "module" and entry.value is not None]

    def check(self, snapshot: Snapshot) -> list[tuple[Path, Checked]]:
        """Every file that is not open in the editor. Files that are open count as they are there, where imported."""
        with self._lock:
            checked = ((path, self._check(path, snapshot)) for path in self._closed(snapshot))
            return [(path, one) for path, one in checked if one is not None]

    def programs(self, snapshot: Snapshot) -> list[Program]:
        """The program of every file that is not open, unchecked; what it imports counts as in :meth:`check`."""
        with self._lock:
            if self._loaded_for is not snapshot or time.monotonic() > self._loaded_at + _FRESH_SECONDS:
                loaded = [self._load(path, snapshot) for path in self._closed(snapshot)]
                self._programs = [one for one in loaded if one is not None]
                self._loaded_for, self._loaded_at = snapshot, time.monotonic()
            return self._programs

    def _closed(self, snapshot: Snapshot) -> list[Path]:
        """The files to look at, after a look at what has changed on the disk."""
        changed = reread(self._disk)
        if changed:
            self._disk = self._disk.with_entries(changed)
        if any(kind != "module" for kind, _ in changed):
            self._known.clear()
        files = islice(source_files(*self.folders), _FILES_LIMIT)
        return [path for path in files if snapshot.document_at(path) is None]

    def _load(self, path: Path, snapshot: Snapshot) -> Program | None:
        """A file with its imports, read as far as that is needed."""
        while True:
            program = self._program(path, snapshot)
            if not self._read_wishes():
                return program

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
            if not self._read_wishes():
                return None

    def _read_wishes(self) -> bool:
        """Read what was asked for; whether there was anything."""
        wishes = self._disk.wishes.take()
        self._disk = self._disk.with_entries(read(wishes))
        return bool(wishes)

    def _program(self, path: Path, snapshot: Snapshot) -> Program | None:
        def module(wanted: Path) -> Module | None:
            document = snapshot.document_at(wanted)
            return document.module if document is not None else self._disk.module(wanted)

        root = module(path)
        return link(root, module) if root is not None else None


def _same(one: tuple[Module, ...], other: tuple[Module, ...]) -> bool:
    return len(one) == len(other) and all(mine is yours for mine, yours in zip(one, other, strict=True))
