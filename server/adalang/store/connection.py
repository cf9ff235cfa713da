"""Opening the store's file: its folder, settings and version, and what to do when it is damaged or newer."""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path

from adalang.store.schema import MIGRATIONS

FOLDER = ".adalang"
FILE = "store.db"
_BUSY_SECONDS = 30.0

_log = logging.getLogger(__name__)


class StoreError(Exception):
    """The store cannot be used; the message says why and how to mend it."""


def connect(file: Path) -> tuple[sqlite3.Connection, str]:
    """Open or make the store at `file`; the text is a notice for the user, empty when all is well.

    A damaged file is renamed and a new one made. Raises StoreError for a file of a newer version, which is
    left as it is, and where the file cannot be written.
    """
    make_folder(file.parent, "the store's folder")
    try:
        return _open(str(file)), ""
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise StoreError(f"cannot open {file}: {error}") from error
        notice = set_aside(file, error)
    try:
        return _open(str(file)), notice
    except sqlite3.DatabaseError as error:
        raise StoreError(f"cannot make a new {file}: {error}") from error


def connect_in_memory() -> sqlite3.Connection:
    """A store that ends with its connection."""
    return _open(":memory:")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, as opposed to locked, read-only or on a full disk."""
    code: int = getattr(error, "sqlite_errorcode", 0)  # not every one comes from the file
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_aside(file: Path, error: sqlite3.Error) -> str:
    """Rename a damaged store and its write-ahead log, which may be of use; the text tells the user."""
    stem = f"{file.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
    target = next(
        path for number in range(1000) if not (path := file.with_name(stem + (f"-{number}" if number else ""))).exists()
    )
    try:
        file.rename(target)
        for suffix in ("-wal", "-shm"):
            log_file = file.with_name(file.name + suffix)
            if log_file.exists():
                log_file.rename(target.with_name(target.name + suffix))
    except OSError as problem:
        raise StoreError(f"{file} is damaged ({error}) and cannot be renamed: {problem}") from problem
    notice = f"{file} was damaged ({error}); it was kept as {target.name} and a new store was begun"
    _log.warning(notice)
    return notice


def make_folder(folder: Path, what: str) -> None:
    """Make it, where git does not look.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot make {what} {folder}: {error.strerror}") from error


def _open(path: str) -> sqlite3.Connection:
    # One connection serves all threads of a process; Store holds a lock around each use.
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        _refuse_newer(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        # A commit survives the death of the process; only a power cut may take back the last ones.
        connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(connection, path)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_newer(connection: sqlite3.Connection, path: str) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} was written by a newer Adalang (store version {version}, this one knows "
            f"{len(MIGRATIONS)}); update Adalang, or move the file away to begin a new store"
        )
    return version


def _migrate(connection: sqlite3.Connection, path: str) -> None:
    if _refuse_newer(connection, path) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        version = _refuse_newer(connection, path)
        for step in MIGRATIONS[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
