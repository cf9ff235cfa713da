"""`builtin/lexical` as an embedding: words and their letters hashed into a vector; rare words count more where a query is asked.

It needs no network and no model, and knows no meaning: texts are near each other that share words, or words that are written
alike (endings, compounds, typing errors). A passage's vector hangs on its own text alone, so that a changed file costs that
file; how rare a word is weighs in the query's vector.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from adalang.runtime.retrieval.scoring import rarity
from adalang.runtime.retrieval.words import asked

if TYPE_CHECKING:
    from adalang.runtime.retrieval.scoring import Vector

DIMENSIONS = 1024
_LETTERS = (3, 4, 5)
_LETTERS_WEIGHT = 1.0
"""What all runs of letters of a word count together, where the word itself counts 1."""
_SHORT = 4.0
"""Words of about so many letters count less in a passage: in most languages they are those that stand everywhere."""


def passage_vector(counts: Mapping[str, int]) -> bytes:
    """The vector (little-endian float32, length 1; all 0 without terms) of a passage with these terms."""
    weights = ((term, (1 + math.log(count)) * (1 - math.exp(-len(term) / _SHORT))) for term, count in counts.items())
    return _vector(weights).tobytes()


def query_vector(text: str, passages: int, standing_in: Callable[[str], int]) -> Vector:
    """The vector of a query; ``standing_in`` tells how many of the ``passages`` a term stands in."""
    return _vector((term, rarity(standing_in(term), passages)) for term in asked(text))


def _vector(weighed: Iterable[tuple[str, float]]) -> Vector:
    import numpy as np

    columns, values, sizes, weights = array("i"), array("f"), array("i"), array("d")
    for term, weight in weighed:
        at, added = _features(term)
        columns.extend(at)
        values.extend(added)
        sizes.append(len(at))
        weights.append(weight)
    if not columns:
        return np.zeros(DIMENSIONS, dtype=np.float32)
    scaled = np.frombuffer(values, dtype=np.float32) * np.repeat(np.frombuffer(weights), np.frombuffer(sizes, np.int32))
    vector = np.bincount(np.frombuffer(columns, dtype=np.int32), scaled, DIMENSIONS)
    norm = float(np.linalg.norm(vector))
    return (vector / norm if norm else vector).astype(np.float32)


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
