"""Work that one process does alone. The lock is the operating system's: a process that is killed has let go of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from adalang.runtime.failures import BugFailure

if TYPE_CHECKING:
    from filelock import FileLock

_SECONDS = 0.5


def lock_of(root: Path, key: str) -> FileLock:
    """What is held by whoever does the work that ``key`` names, and for a moment by whoever asks whether somebody does."""
    from filelock import FileLock

    folder = root / ".adalang" / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / key[:16])


@contextmanager
def alone(root: Path | None, key: str, otherwise: str) -> Iterator[None]:
    """Nobody else, in this process or another, is inside with the same ``key``; without a ``root`` nobody else can be.

    Raises:
        BugFailure: somebody is; it says ``otherwise``.
    """
    if root is None:
        yield
        return
    from filelock import Timeout

    lock = lock_of(root, key)
    try:
        lock.acquire(timeout=_SECONDS)
    except Timeout as error:
        raise BugFailure(otherwise) from error
    try:
        yield
    finally:
        lock.release()
