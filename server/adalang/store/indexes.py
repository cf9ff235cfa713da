"""The indexes of a workspace's corpora as files beside its store: what there is, and what may go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

KIND = "indexes"
"""What `adalang store prune --kind` calls them."""


def folder(root: Path) -> Path:
    """Where the workspace keeps them."""
    return root / ".adalang" / "indexes"


def kept(root: Path) -> tuple[int, int]:
    """How many indexes there are, and their bytes on disk."""
    sizes = [file.stat().st_size for index in _indexes(root) for file in _files(index)]
    return len(list(_indexes(root))), sum(sizes)


def prune(root: Path, before: float | None = None) -> int:
    """Delete the indexes that were last used before that time (or all); gives their number. One that is just being made stays.

    They are made again when they are asked for. Vectors bought from a model stay in the store.
    """
    from filelock import FileLock, Timeout

    count = 0
    for index in _indexes(root):
        try:
            with FileLock(index.with_suffix(".lock"), timeout=0):
                if before is None or index.stat().st_mtime < before:
                    for file in _files(index):
                        file.unlink(missing_ok=True)
                    count += 1
        except (Timeout, OSError):
            continue
    return count


def _indexes(root: Path) -> Iterator[Path]:
    return folder(root).glob("*.db")


def _files(index: Path) -> list[Path]:
    """An index with what stands beside it, but for its lock, which others may hold."""
    return [one for one in index.parent.glob(f"{index.stem}*") if one.suffix != ".lock"]
