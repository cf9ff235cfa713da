"""Which files a corpus has, which of them changed, and what they say."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adalang.language.files import CORPUS, UTF_8, matching, no_corpus
from adalang.runtime.failures import BugFailure
from adalang.runtime.retrieval.chunks import chunks
from adalang.runtime.retrieval.documents import sections
from adalang.runtime.retrieval.tables import Chunk, Stamp

_SETTLED_NS = 2_000_000_000
"""A file that was changed so shortly before it was read may have been changed again within the clock's step."""

_NAMED = 10
"""How many files a message names."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The files that ``patterns`` mean, seen from ``folder``, cut into passages of at most ``chunk`` tokens. Their text is
    written in ``encoding``, one that Python knows."""

    folder: Path
    patterns: tuple[str, ...]
    chunk: int
    overlap: int
    encoding: str = UTF_8

    def files(self) -> dict[str, Path]:
        """The files by the names that sources give them: relative to the folder, with ``/``; sorted in each pattern.

        Raises:
            BugFailure: a pattern means no file, or none of a type that can be read.
        """
        found: dict[str, Path] = {}
        for pattern in self.patterns:
            for path in _readable(self.folder, pattern):
                found.setdefault(os.path.relpath(path, self.folder).replace(os.sep, "/"), path)
        return found


def _readable(folder: Path, pattern: str) -> list[Path]:
    problem = no_corpus(pattern)
    path = folder / pattern
    if path.is_dir():
        raise BugFailure(f'the corpus `{pattern}` is a folder; write which files of it: "{pattern.rstrip("/")}/**/*"')
    try:
        files = [one for one in matching(path) if one.is_file()]
    except (OSError, ValueError) as error:
        raise BugFailure(f"the corpus `{pattern}` is no pattern: {error}") from error
    found = [one for one in files if one.suffix.lower() in CORPUS]
    if not found:
        if problem:
            raise BugFailure(f"the corpus {problem}")
        endings = sorted({one.suffix.lower() or "no ending" for one in files})
        other = f"; {len(files)} of other types are there: {', '.join(endings)}" if files else ""
        raise BugFailure(
            f"the corpus `{pattern}` means no file that can be read ({folder}){other}; files are {' '.join(CORPUS)}"
        )
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """What an index lacks: files to read anew with their stamps, names that are gone, stamps of what only looks changed."""

    changed: Mapping[str, tuple[Path, Stamp]]
    gone: frozenset[str]
    restamped: Mapping[str, Stamp]

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone or self.restamped)


def change_since(known: Mapping[str, Stamp], files: Mapping[str, Path], check: Callable[[], None]) -> Change:
    """Compare the files on disk with those of an index; only what looks changed is read. ``check`` is called between files.

    Raises:
        BugFailure: a file cannot be read.
    """
    changed: dict[str, tuple[Path, Stamp]] = {}
    restamped: dict[str, Stamp] = {}
    for name, path in files.items():
        check()
        before = known.get(name)
        try:
            status = path.stat()
            if before is not None and (before.size, before.changed) == (status.st_size, status.st_mtime_ns):
                continue
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BugFailure(f"cannot read {name}: {error.strerror}") from error
        # A file that is being changed right now is read again next time.
        settled = time.time_ns() - status.st_mtime_ns > _SETTLED_NS
        stamp = Stamp(digest, status.st_size, status.st_mtime_ns if settled else 0)
        if before is None or before.digest != digest:
            changed[name] = path, stamp
        elif before != stamp:
            restamped[name] = stamp
    return Change(changed, frozenset(known.keys() - files.keys()), restamped)


def passages_of(
    corpus: Corpus, files: Mapping[str, tuple[Path, Stamp]], check: Callable[[], None]
) -> Iterator[tuple[str, Chunk]]:
    """The passages of the files, each with its file's name.

    Raises:
        BugFailure: files cannot be read. The message says why the first cannot, and names the others.
    """
    broken: dict[str, BugFailure] = {}
    for name, (path, _) in files.items():
        try:
            for section in sections(path, name, corpus.encoding):
                check()
                for text in chunks(section.text, corpus.chunk, corpus.overlap) if not broken else ():
                    yield name, Chunk(f"{name}{section.place}", section.title, text)
        except BugFailure as failure:
            broken[name] = failure
    if broken:
        first, *others = broken
        named = ", ".join(others[:_NAMED]) + (", …" if len(others) > _NAMED else "")
        also = f". {len(others)} more cannot be read: {named}" if others else ""
        raise BugFailure(f"{broken[first]}{also}")
