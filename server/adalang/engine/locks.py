"""Work that one process does alone. The lock is the operating system's: a process that is killed has let go of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from adalang.runtime.failures import BugFailure

_SECONDS = 0.5


def _lock_of(root: Path, key: str) -> FileLock:
    """What is held by whoever does the work that ``key`` names, and for a moment by whoever asks whether somebody does."""
    folder = root / ".adalang" / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / key[:16])


def at_work(root: Path | None, key: str) -> bool:
    """Whether somebody does the work that ``key`` names, in this process or another; without a ``root`` nobody can."""
    if root is None:
        return False
    lock = _lock_of(root, key)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    return False


@contextmanager
def alone(root: Path | None, key: str, otherwise: str) -> Iterator[None]:
    """Nobody else, in this process or another, is inside with the same ``key``; without a ``root`` nobody else can be.

    Raises:
        BugFailure: somebody is; it says ``otherwise``.
    """
    if root is None:
        yield
        return
    lock = _lock_of(root, key)
    try:
        lock.acquire(timeout=_SECONDS)
    except Timeout as error:
        raise BugFailure(otherwise) from error
    try:
        yield
    finally:
        lock.release()
