"""`builtin/lexical` as an embedding: words and their letters hashed into a vector, weighed by how rare the words are.

It needs no network and no model, and knows no meaning: texts are near each other that share words, or words that are written
alike (endings, compounds, typing errors).
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from adalang.runtime.retrieval.scoring import Lengths, rarity
from adalang.runtime.retrieval.words import asked

if TYPE_CHECKING:
    from adalang.runtime.retrieval.scoring import Vector

DIMENSIONS = 1024
_LETTERS = (3, 4, 5)
_LETTERS_WEIGHT = 1.0
"""What all runs of letters of a word count together, where the word itself counts 1."""


def corpus_vectors(
    lengths: Lengths, postings: Iterable[tuple[str, array[int], array[int]]]
) -> Iterator[tuple[int, bytes]]:
    """The vector (float32, length 1) of each passage; takes 4 x DIMENSIONS bytes for each while it works."""
    import numpy as np

    matrix = np.zeros((len(lengths), DIMENSIONS), dtype=np.float32)
    for term, found, counts in postings:
        rows, kept = lengths.alive(found)
        if not len(rows):
            continue
        weights = (1 + np.log(np.frombuffer(counts, dtype=np.uint16)[kept])) * rarity(len(rows), len(lengths))
        columns, values = _features(term)
        matrix[rows[:, None], np.frombuffer(columns, dtype=np.int32)] += np.outer(
            weights, np.frombuffer(values, dtype=np.float32)
        ).astype(np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))  # without a second matrix
    matrix /= np.where(norms > 0, norms, 1)[:, None]
    return ((int(one), row.tobytes()) for one, row in zip(lengths.ids, matrix, strict=True))


def query_vector(text: str, passages: int, standing_in: Callable[[str], int]) -> Vector:
    """The vector of a query; ``standing_in`` tells how many of the ``passages`` a term stands in."""
    import numpy as np

    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    for term, count in Counter(asked(text)).items():
        columns, values = _features(term)
        weight = (1 + math.log(count)) * rarity(standing_in(term), passages)
        vector[np.frombuffer(columns, dtype=np.int32)] += weight * np.frombuffer(values, dtype=np.float32)
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm else vector


@lru_cache(maxsize=1 << 15)
def _features(term: str) -> tuple[array[int], array[float]]:
    """The columns that a term falls into, each once, and what it adds there."""
    found: dict[int, float] = {}

    def add(feature: str, weight: float) -> None:
        number = crc32(feature.encode("utf-8", "surrogatepass"))
        column = (number >> 1) % DIMENSIONS
        found[column] = found.get(column, 0.0) + (weight if number & 1 else -weight)

    add(f"={term}", 1.0)
    framed = f"<{term}>"
    runs = [framed[at : at + size] for size in _LETTERS for at in range(len(framed) - size + 1)]
    for run in runs:
        add(run, math.sqrt(_LETTERS_WEIGHT / len(runs)))
    return array("i", found), array("f", found.values())
