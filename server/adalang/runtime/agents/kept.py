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
        self._store.put_session_step(self._session, _key(place), self._repeatable(content))
        self._known[_key(place)] = content

    def _repeatable(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """What ended with a secret is written down as begun: gone on with, it would have to come back as it was."""
        if content.get("state") not in ("done", "failed") or not self._store.holds_secret(content):
            return content
        return {"state": "started"}


def _key(place: Place) -> str:
    return ".".join(map(str, place))
