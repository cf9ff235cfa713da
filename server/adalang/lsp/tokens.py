"""The semantic tokens that clients were last sent, so that they can be told what has changed."""

from __future__ import annotations

from array import array
from itertools import count


class KeptTokens:
    """The newest answer for each document, by its result id. Belongs to the event loop."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._kept: dict[str, tuple[str, array[int]]] = {}

    def keep(self, uri: str, data: array[int]) -> str:
        """Remember an answer; gives its result id."""
        result_id = str(next(self._ids))
        self._kept[uri] = result_id, data
        return result_id

    def known(self, uri: str, result_id: str) -> array[int] | None:
        """An answer that is still the newest; ``None`` for any other."""
        kept = self._kept.get(uri)
        return kept[1] if kept is not None and kept[0] == result_id else None

    def forget(self, uri: str) -> None:
        self._kept.pop(uri, None)
