"""The sessions that a workspace keeps: which there are, whether one is at work, and to forget one."""

from __future__ import annotations

import hashlib
import json

from adalang.engine.locks import alone, at_work
from adalang.store import Store
from adalang.store.records import SessionRecord
from adalang.store.redaction import HIDDEN


def session_key(file: str, component: str, name: str) -> str:
    """What a session is locked by; ``file`` as the store names it."""
    return hashlib.sha256("\n".join((file, component, name)).encode()).hexdigest()


def session_state(store: Store, record: SessionRecord) -> str:
    """ "at work" (in some process, now), "open" (stopped; it can be resumed) or "finished"."""
    return "at work" if at_work(store.root, _key(record)) else record.status


def in_doubt(store: Store, record: SessionRecord) -> list[str]:
    """The tools of which nobody knows whether they took effect; a session's run with one cannot be gone on with."""
    steps = store.session_steps(record.id).values()
    return [step["tool"] for step in steps if step.get("state") == "started" and step.get("again") is False]


def lacks_secret(record: SessionRecord) -> bool:
    """Whether the inputs, as they are kept, lack a secret that the run began with: it cannot go on with what is left."""
    return HIDDEN in json.dumps(record.inputs)


async def delete_session(store: Store, record: SessionRecord) -> None:
    """Forget a session, with what was said and done in it.

    Raises:
        BugFailure: it is at work.
    """
    async with alone(
        store.root,
        _key(record),
        f"the session `{record.name}` of `{record.component}` is at work; wait for it or stop it",
    ):
        store.delete_session(record.id)


def _key(record: SessionRecord) -> str:
    return session_key(record.file, record.component, record.name)
