"""Vectors searched by faiss, for corpora too large for memory: about a fifth of it, and a part of the vectors looked at.

The candidates come from vectors of 8 bits a dimension, on disk and mapped; the order of the best is by the exact vectors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adalang.runtime.failures import BugFailure
from adalang.runtime.retrieval.scoring import Ranked, best
from adalang.runtime.retrieval.tables import Tables

if TYPE_CHECKING:
    from adalang.runtime.retrieval.scoring import Vector

_FEW = 10_000
"""Up to so many passages all vectors are compared."""
_LOOKED_AT, _LEAST_LISTS = 1 / 16, 16
_SPARE = 4
_BATCH = 10_000
_MOST_GONE = 0.2
"""The share of an index that may be vectors of passages that are gone, before it is made anew."""
_TRAINING = 40
"""Vectors for each list that the lists are learnt from."""


class Faiss:
    """``exactly`` gives the vectors of passages."""

    def __init__(self, index: Any, exactly: Callable[[Sequence[int]], Mapping[int, bytes]]) -> None:
        self._index = index
        self._exactly = exactly

    @classmethod
    def of(cls, tables: Tables, generation: int, file: Path | None) -> Faiss:
        """From the disk where it was made before for this ``generation`` of the index ``file``, else made now, as when it is damaged.

        Raises:
            BugFailure: faiss is not installed, or it cannot write.
        """
        try:
            import faiss
        except ImportError as error:
            raise BugFailure("store = \"faiss\" needs the extra: pip install 'adalang[faiss]'") from error
        if file is None:
            return cls(_made(faiss, tables), tables.some_vectors)
        newest = tables.newest_vector()
        kept = file.with_name(f"{file.stem}-{generation}-{newest}.faiss")
        index = _read(faiss, kept) or _written(faiss, tables, file, kept)
        for old in file.parent.glob(f"{file.stem}-*.faiss"):
            if _generation(old) < generation:  # a newer one is another process's
                old.unlink(missing_ok=True)
        return cls(index, tables.some_vectors)

    def search(self, vector: Vector, most: int) -> Ranked:
        import numpy as np

        if not self._index.ntotal:
            return []
        _, found = self._index.search(vector[None, :], min(self._index.ntotal, _SPARE * most))
        exact = self._exactly([int(one) for one in found[0] if one >= 0])
        ids = np.array(sorted(exact), dtype=np.uint32)
        if not len(ids):
            return []
        matrix = np.frombuffer(b"".join(exact[int(one)] for one in ids), dtype=np.float32).reshape(len(ids), -1)
        return best(ids, matrix @ vector, most)


def _generation(file: Path) -> int:
    return int(file.stem.split("-")[-2])


def _read(faiss: Any, file: Path, *, whole: bool = False) -> Any:
    """What is in the file, or None where it is not there or damaged. Unless ``whole``, it is mapped and can only be searched."""
    if not file.exists():
        return None
    try:
        return faiss.read_index(str(file), 0 if whole else faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
    except RuntimeError:  # or another process took it away just now
        return None


def _written(faiss: Any, tables: Tables, file: Path, kept: Path) -> Any:
    unfinished = kept.with_suffix(f".{os.getpid()}.part")
    try:
        index = _grown(faiss, tables, file) or _made(faiss, tables)
        faiss.write_index(index, str(unfinished))
        unfinished.replace(kept)
    except (RuntimeError, OSError) as error:
        unfinished.unlink(missing_ok=True)
        raise BugFailure(f"cannot write {kept}: {error}") from error
    del index  # all of it is in memory
    return _read(faiss, kept) or _made(faiss, tables)


def _grown(faiss: Any, tables: Tables, file: Path) -> Any:
    """The former index with the vectors that came since; None where there is none, or too much of it would be gone.

    What is gone stays in it: the exact vectors that the order is made of no longer have it. A file's name says with which passage it
    ends; their numbers rise and are never used twice.
    """
    count, _ = tables.vector_shape()
    for old in file.parent.glob(f"{file.stem}-*.faiss"):
        index = _read(faiss, old, whole=True)
        if index is None:
            continue
        _add(index, tables.vectors(after=int(old.stem.rpartition("-")[2])))
        same_kind = (index.ntotal > _FEW) == (count > _FEW)
        if same_kind and index.ntotal * (1 - _MOST_GONE) <= count:
            return index
    return None


def _made(faiss: Any, tables: Tables) -> Any:
    import numpy as np

    count, width = tables.vector_shape()
    lists = max(_LEAST_LISTS, int(2 * count**0.5))
    kind = "IDMap,Flat" if count <= _FEW else f"IVF{lists},SQ8"
    index = faiss.index_factory(max(1, width), kind, faiss.METRIC_INNER_PRODUCT)
    if count > _FEW:
        stride = max(1, count // (lists * _TRAINING))
        sample = b"".join(vector for nth, (_, vector) in enumerate(tables.vectors()) if nth % stride == 0)
        index.train(np.frombuffer(sample, dtype=np.float32).reshape(-1, width))
        index.nprobe = max(_LEAST_LISTS, int(lists * _LOOKED_AT))
    _add(index, tables.vectors())
    return index


def _add(index: Any, vectors: Iterable[tuple[int, bytes]]) -> None:
    import numpy as np

    for some in _batched(vectors, _BATCH):
        matrix = np.frombuffer(b"".join(vector for _, vector in some), dtype=np.float32).reshape(len(some), -1)
        index.add_with_ids(matrix, np.array([one for one, _ in some], dtype=np.int64))


def _batched(given: Iterable[tuple[int, bytes]], size: int) -> Iterator[list[tuple[int, bytes]]]:
    left = iter(given)
    while some := list(islice(left, size)):
        yield some
