"""What the server knows of the disk: imported files, data files, Python files, hashes. Read in a thread, never while typing.

A check that asks for something unknown gets no answer and leaves a wish; the server reads what was wished for in the
background and checks again. What is known is looked at again when a file is opened or saved, or changed outside. What files hold
is forgotten when a document is closed, but for what the others need.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from adalang.language.checks import DiskFacts
from adalang.language.checks.facts import DataFacts
from adalang.language.fingerprint import disk_hash
from adalang.language.openapi import Description
from adalang.language.program import Module, read_from_disk
from adalang.language.python_functions import PythonFile

_log = logging.getLogger("adalang.lsp")

Kind = Literal["module", "exists", "data", "functions", "description", "hash", "folder"]
Wish = tuple[Kind, Path]
_CONTENTS = frozenset({"module", "data", "functions", "description"})
_NAMES_LIMIT = 2000
Stamp = tuple[int, int] | None
"""Time of change and size; ``None``: there is no such file."""


@dataclass(frozen=True, slots=True)
class Entry:
    stamp: Stamp
    value: Any


Entries = Mapping[Wish, Entry]


class Wishes:
    """What was asked for and not known, by readers of any state, in any thread, until it is taken."""

    def __init__(self) -> None:
        self.asked = 0
        """How often something was asked for that was not known: whoever compares it before and after a question learns
        whether the answer is all that there is."""
        self._lock = threading.Lock()
        self._waiting: set[Wish] = set()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, wish: Wish) -> None:
        with self._lock:
            self.asked += 1
            self._waiting.add(wish)

    def take(self, *kinds: Kind) -> frozenset[Wish]:
        """Those of these kinds (default: all); they wait no longer."""
        with self._lock:
            taken = frozenset(one for one in self._waiting if not kinds or one[0] in kinds)
            self._waiting -= taken
            return taken


@dataclass(frozen=True)
class Disk:
    """One state of that knowledge; all states have the same ``wishes``, which their readers fill and the server empties."""

    entries: Entries = field(default_factory=dict, repr=False)
    wishes: Wishes = field(default_factory=Wishes, repr=False, compare=False)

    def module(self, path: Path) -> Module | None:
        return self._get("module", path)  # type: ignore[no-any-return]

    def exists(self, path: Path) -> bool | None:
        return self._get("exists", path)  # type: ignore[no-any-return]

    def data(self, path: Path) -> DataFacts | None:
        return self._get("data", path)  # type: ignore[no-any-return]

    def functions(self, path: Path) -> PythonFile | None:
        return self._get("functions", path)  # type: ignore[no-any-return]

    def description(self, path: Path) -> Description | None:
        return self._get("description", path)  # type: ignore[no-any-return]

    def folder(self, path: Path) -> tuple[str, ...] | None:
        """The names in a folder but for hidden ones, sorted; those of folders end with a `/`."""
        return self._get("folder", path)  # type: ignore[no-any-return]

    def hash(self, path: Path) -> str | None:
        """What :func:`~adalang.language.fingerprint.disk_hash` gives; see :meth:`knows_hash` for what ``None`` means."""
        return self._get("hash", path)  # type: ignore[no-any-return]

    def knows_hash(self, path: Path) -> bool:
        return ("hash", path) in self.entries

    def _get(self, kind: Kind, path: Path) -> Any:
        entry = self.entries.get((kind, path))
        if entry is None:
            self.wishes.add((kind, path))
            return None
        return entry.value

    def with_entries(self, entries: Entries) -> Disk:
        return Disk({**self.entries, **entries}, self.wishes)

    def without_files_but(self, needed: Container[Wish]) -> Disk:
        """Forget what files hold, but for what is needed; whoever asks for more has it read again."""
        kept = {wish: entry for wish, entry in self.entries.items() if wish[0] not in _CONTENTS or wish in needed}
        return Disk(kept, self.wishes)


def read(wishes: Iterable[Wish]) -> dict[Wish, Entry]:
    """Read what was asked for: the only place where the server reads the user's files. For a thread, but for the imports
    of a file that is being opened."""
    facts = DiskFacts()
    return {wish: Entry(_stamp(wish[1]), _read(wish, facts)) for wish in wishes}


def reread(disk: Disk) -> dict[Wish, Entry]:
    """What has changed on the disk since it was read. For a thread."""
    facts, changed = DiskFacts(), {}
    for wish, entry in disk.entries.items():
        stamp = _stamp(wish[1])
        if stamp == entry.stamp and not _is_of_many(wish):
            continue
        value = _read(wish, facts)
        if stamp != entry.stamp or value != entry.value:
            changed[wish] = Entry(stamp, value)
    return changed


def _read(wish: Wish, facts: DiskFacts) -> Any:
    try:
        return _found(*wish, facts)
    except Exception:  # nothing is known of it; but what else was asked for is answered
        _log.exception("%s of %s could not be read", *wish)
        return None


def _found(kind: Kind, path: Path, facts: DiskFacts) -> Any:
    match kind:
        case "module":
            source = read_from_disk(path)
            return Module.parse(path, source) if source is not None else None
        case "exists":
            return facts.exists(path)
        case "data":
            return facts.data(path)
        case "functions":
            return facts.functions(path)
        case "description":
            return facts.description(path)
        case "hash":
            return disk_hash(path)
        case "folder":
            return _names(path)


def _names(folder: Path) -> tuple[str, ...]:
    try:
        with os.scandir(folder) as found:
            names = [f"{one.name}/" if one.is_dir() else one.name for one in found if not one.name.startswith(".")]
    except (OSError, ValueError):
        return ()
    return tuple(sorted(names)[:_NAMES_LIMIT])


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def _is_of_many(wish: Wish) -> bool:
    """Whether it hangs on more than the one file: a pattern, or the hash of a Python file, which imports others."""
    kind, path = wish
    return any(sign in str(path) for sign in "*?[") or (kind == "hash" and path.suffix == ".py")
