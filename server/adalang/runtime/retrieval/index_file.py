"""The file of an index: where it may stand, who may change it, and when it is of no use any more."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from adalang.runtime.failures import BugFailure
from adalang.store import connection

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Damaged(BugFailure):
    """What is in the index's file cannot be read."""


def make_folder(folder: Path) -> None:
    """Make it, where git does not look. Raises BugFailure."""
    try:
        connection.make_folder(folder, "the folder of indexes")
    except connection.StoreError as error:
        raise BugFailure(str(error)) from error


def put_away(file: Path) -> None:
    """Delete a damaged index, but not one that another process has made again already: all of that can be read."""
    if not _is_whole(file):
        sides = (file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))
        for one in (file, *sides, *file.parent.glob(f"{file.stem}-*.faiss")):
            one.unlink(missing_ok=True)


def _is_whole(file: Path) -> bool:
    try:
        opened = sqlite3.connect(file)
        try:
            return bool(opened.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
        finally:
            opened.close()
    except sqlite3.DatabaseError:
        return False


def lock_of(file: Path) -> BaseFileLock:
    """Who changes the index holds it."""
    from filelock import FileLock

    return FileLock(file.with_suffix(".lock"), thread_local=False)
