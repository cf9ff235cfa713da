"""What all stores outside share: names of rows that are the same whenever and wherever they are written."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adalang.runtime.retrieval.index import Row

_NAMESPACE = uuid.UUID("5a6e0f0e-6f0b-5c53-9d8b-3c1f0d0a7e11")


def passage_ids(rows: Sequence[Row]) -> list[str]:
    """A UUID for each row, by its file, source, text, and how often the same came before."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for file, chunk, _ in rows:
        key = file, chunk.source, chunk.text
        name = "\x00".join((*key, str(seen[key])))
        seen[key] += 1
        found.append(str(uuid.uuid5(_NAMESPACE, name.encode("utf-8", "replace").decode())))
    return found


def rebuild() -> str:
    """The mend for a store that lost what an index had put there."""
    return "fill it, or make the index again: adalang store prune --kind indexes"
