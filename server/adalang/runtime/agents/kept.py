"""A journal in the workspace's store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adalang.runtime.trace import Place
from adalang.store import Store


class Kept:
    """What was done in one session's run; each thing is committed before the next one happens."""

    def __init__(self, store: Store, session_id: str) -> None:
        self._store, self._session = store, session_id
        self._known = dict(store.session_steps(session_id))

    def read(self, place: Place) -> Mapping[str, Any] | None:
        return self._known.get(_key(place))

    def write(self, place: Place, content: Mapping[str, Any]) -> None:
        self._store.put_session_step(self._session, _key(place), content)
        self._known[_key(place)] = content


def _key(place: Place) -> str:
    return ".".join(map(str, place))
