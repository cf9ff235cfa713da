"""A journal in the workspace's store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adalang.runtime.failures import BugFailure
from adalang.runtime.trace import Place
from adalang.store import Store
from adalang.store.records import new_id


class Kept:
    """What was done in one session's run; each thing is committed before the next one happens."""

    def __init__(self, store: Store, session_id: str) -> None:
        self._store, self._session, self._run = store, session_id, new_id()
        self._known = dict(store.session_steps(session_id))

    def read(self, place: Place) -> Mapping[str, Any] | None:
        return self._known.get(_key(place))

    def write(self, place: Place, content: Mapping[str, Any]) -> None:
        self._store.put_session_step(self._session, _key(place), self._repeatable(content))
        self._known[_key(place)] = content

    def claim(self, place: Place, content: Mapping[str, Any]) -> None:
        key, content = _key(place), {**content, "by": self._run}
        if not self._store.claim_session_step(self._session, key, content, self._known.get(key)):
            raise BugFailure("the session was deleted, or gone on with, by somebody else while this run was at work")
        self._known[key] = content

    def _repeatable(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """What ended with a secret is written down as begun: gone on with, it would have to come back as it was."""
        if content.get("state") not in ("done", "failed") or not self._store.holds_secret(content):
            return content
        return {"state": "started", **{name: content[name] for name in ("tool", "of", "again")}}


def _key(place: Place) -> str:
    return ".".join(map(str, place))
