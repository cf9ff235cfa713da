"""Stores outside that keep and search vectors: LanceDB, Qdrant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adalang.runtime.failures import BugFailure

if TYPE_CHECKING:
    from adalang.runtime.retrieval.index import Outside


def opened(written: str, folder: Path) -> Outside:
    """The store that `lancedb:FOLDER#TABLE` or `qdrant:URL#COLLECTION` means; paths start at ``folder``. Nothing is called yet.

    Raises:
        BugFailure: it is written otherwise.
    """
    kind, _, rest = written.partition(":")
    place, _, name = rest.rpartition("#")
    if kind not in ("lancedb", "qdrant") or not place or not name:
        raise BugFailure(
            f'store = "{written}": write "faiss", "lancedb:FOLDER#TABLE" or "qdrant:URL#COLLECTION" (or a folder)'
        )
    where = place if "://" in place else str(folder / place)
    if kind == "lancedb":
        from adalang.runtime.retrieval.stores.lance import Lance

        return Lance(where, name)
    from adalang.runtime.retrieval.stores.qdrant import Qdrant

    return Qdrant(where, name)
