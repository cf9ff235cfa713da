"""Work that one process does alone. The lock is the operating system's: a process that is killed has let go of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from adalang.runtime.failures import BugFailure

if TYPE_CHECKING:
    from filelock import FileLock

_TRIES, _PAUSE_SECONDS = 10, 0.05


def lock_of(root: Path, key: str) -> FileLock:
    """What is held by whoever does the work that ``key`` names, and for a moment by whoever asks whether somebody does."""
    from filelock import FileLock

    folder = root / ".adalang" / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / key[:16])


def at_work(root: Path | None, key: str) -> bool:
    """Whether somebody does the work that ``key`` names, in this process or another; without a ``root`` nobody can."""
    if root is None:
        return False
    lock = lock_of(root, key)
    taken = _take(lock)
    lock.release()
    return not taken


@asynccontextmanager
async def alone(root: Path | None, key: str, otherwise: str) -> AsyncIterator[None]:
    """Nobody else, in this process or another, is inside with the same ``key``; without a ``root`` nobody else can be.

    Raises:
        BugFailure: somebody is; it says ``otherwise``.
    """
    if root is None:
        yield
        return
    lock, tries = lock_of(root, key), 1
    while not _take(lock):  # perhaps by somebody who only asks
        if tries == _TRIES:
            raise BugFailure(otherwise)
        tries += 1
        await asyncio.sleep(_PAUSE_SECONDS)
    try:
        yield
    finally:
        lock.release()


def _take(lock: FileLock) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
