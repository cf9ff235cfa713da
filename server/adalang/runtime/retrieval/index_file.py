"""The file of an index: where it may stand, who may change it, and when it is of no use any more."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from adalang.runtime.failures import BugFailure

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Damaged(BugFailure):
    """What is in the index's file cannot be read."""


def make_folder(folder: Path) -> None:
    """Make it, where git does not look. Raises BugFailure."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise BugFailure(f"cannot make the folder of indexes {folder}: {error.strerror}") from error


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file's content is wrong."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def put_away(file: Path) -> None:
    """Delete a damaged index, but not one that another process has made again already: all of that can be read."""
    if not _is_whole(file):
        sides = (file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))
        for one in (file, *sides, *file.parent.glob(f"{file.stem}-*.faiss")):
            one.unlink(missing_ok=True)


def _is_whole(file: Path) -> bool:
    try:
        connection = sqlite3.connect(file)
        try:
            return bool(connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
        finally:
            connection.close()
    except sqlite3.DatabaseError:
        return False


def lock_of(file: Path) -> BaseFileLock:
    """Who changes the index holds it."""
    from filelock import FileLock

    return FileLock(file.with_suffix(".lock"), thread_local=False)
