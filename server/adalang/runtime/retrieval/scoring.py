"""What is near a query: BM25 over an index's postings, exact search over its vectors, and the two joined by their ranks."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from adalang.runtime.retrieval.tables import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

Ranked = list[tuple[int, float]]
"""Passages by their numbers with their scores, the best first."""

_K1, _B = 1.2, 0.75
_FUSION = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""


def rarity(found: int, passages: int) -> float:
    """How much a term tells that stands in ``found`` of the ``passages``: above 0, as BM25 has it."""
    return math.log(1 + (passages - found + 0.5) / (found + 0.5))


class Lengths:
    """How long each passage is, for BM25: 12 bytes for each in memory; the postings stay on disk."""

    def __init__(self, ids: array[int], lengths: array[int]) -> None:
        import numpy as np

        self.ids = np.frombuffer(ids, dtype=np.uint32) if ids else np.zeros(0, dtype=np.uint32)
        self._place = _places(ids)
        given = np.frombuffer(lengths, dtype=np.uint32) if lengths else np.zeros(0, dtype=np.uint32)
        mean = max(1.0, float(given.mean())) if len(given) else 1.0
        self._norm = (_K1 * (1 - _B + _B * given / mean)).astype(np.float32)

    def __len__(self) -> int:
        return len(self.ids)

    def alive(self, found: array[int]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """The places of those passages that are not gone, and which of ``found`` they are."""
        import numpy as np

        numbers = np.frombuffer(found, dtype=np.uint32) if found else np.zeros(0, dtype=np.uint32)
        known = numbers < len(self._place)
        at = np.where(known, self._place[np.where(known, numbers, 0)], -1)
        return at[at >= 0], at >= 0

    def bm25(self, terms: Iterable[str], postings: Callable[[str], tuple[array[int], array[int]]], most: int) -> Ranked:
        """The ``most`` best passages by BM25, with Lucene's weight of rare terms."""
        import numpy as np

        scores = np.zeros(len(self), dtype=np.float32)
        for term in terms:
            found, counts = postings(term)
            at, kept = self.alive(found)
            if len(at):
                often = np.frombuffer(counts, dtype=np.uint16)[kept].astype(np.float32)
                scores[at] += rarity(len(at), len(self)) * often * (_K1 + 1) / (often + self._norm[at])
        return best(self.ids, scores, most)


class Exact:
    """All vectors in memory: 4 bytes x dimensions for each passage. ``shape``: how many there are, and their dimensions."""

    def __init__(self, vectors: Iterable[tuple[int, bytes]], shape: tuple[int, int]) -> None:
        import numpy as np

        self.ids = np.empty(shape[0], dtype=np.uint32)
        self._matrix = np.empty(shape, dtype=np.float32)
        for row, (one, vector) in enumerate(vectors):
            self.ids[row] = one
            self._matrix[row] = np.frombuffer(vector, dtype=np.float32)

    def search(self, vector: Vector, most: int) -> Ranked:
        if not len(self.ids):
            return []
        import numpy as np

        # Not `@`: the threads of BLAS take 15 ms for what this does in 0.1 when other work has the CPUs, and win nothing on idle ones.
        return best(self.ids, np.einsum("ij,j->i", self._matrix, vector), most)


def best(ids: NDArray[np.uint32], scores: NDArray[np.float32], most: int) -> Ranked:
    """The highest scores above 0; of equal ones those that stand first in the corpus."""
    import numpy as np

    if most < len(scores):
        least = np.partition(scores, len(scores) - most)[len(scores) - most]
        candidates = np.flatnonzero(scores >= least)
    else:
        candidates = np.arange(len(scores))
    order = candidates[np.argsort(-scores[candidates], kind="stable")][:most]
    return [(int(ids[one]), float(scores[one])) for one in order if scores[one] > 0]


def fused(rankings: Sequence[Sequence[tuple[Chunk, float]]], most: int) -> list[tuple[Chunk, float]]:
    """Several rankings as one, by reciprocal ranks: no scores are compared that mean different things."""
    scores: dict[tuple[str, str], float] = {}
    chunks: dict[tuple[str, str], Chunk] = {}
    for ranking in rankings:
        for rank, (chunk, _) in enumerate(ranking, start=1):
            key = chunk.source, chunk.text
            scores[key] = scores.get(key, 0.0) + 1 / (_FUSION + rank)
            chunks.setdefault(key, chunk)
    best_first = sorted(scores.items(), key=lambda item: -item[1])[
        :most
    ]  # of equal ones the first ranking's comes first
    return [(chunks[key], score) for key, score in best_first]


def _places(ids: array[int]) -> NDArray[np.int32]:
    """Where each passage stands in ``ids``, by its number; -1 for those that are gone."""
    import numpy as np

    numbers = np.frombuffer(ids, dtype=np.uint32) if ids else np.zeros(0, dtype=np.uint32)
    place = np.full(int(numbers.max()) + 1 if len(numbers) else 1, -1, dtype=np.int32)
    place[numbers] = np.arange(len(numbers), dtype=np.int32)
    return place
