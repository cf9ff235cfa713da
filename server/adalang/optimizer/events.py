"""The event log of a run: what happened, in an order that depends on the seed and the answers alone.

Resuming is replay. All randomness comes from the seed, no decision hangs on the clock or on which of several concurrent
calls ends first, and every answer that was paid for is in the store under its content. So the same command run again
goes through the same events, free of charge, up to where it was cut off, and then on. The log is the record of that:
each event is kept before it is acted on, and on a resume each one is compared with what is in the log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Emit = Callable[["RunEvent"], None]


@dataclass(frozen=True, slots=True)
class RunEvent:
    """`seq` counts from 1. `payload` is JSON. `replayed`: the event stood in the log already."""

    seq: int
    kind: str
    payload: Mapping[str, Any]
    replayed: bool = False


class EventLog:
    """Numbers the events of a run and hands each new one to `keep`, which must have stored it when it returns.

    `before` are the (kind, payload) of the run that is resumed. An event that differs from the one in its place (answers
    were pruned from the store, say) ends the replay: it and all further ones are new, and `diverged_at` says where.
    """

    def __init__(self, keep: Emit, before: Sequence[tuple[str, Mapping[str, Any]]] = ()) -> None:
        self._keep = keep
        self._before = before
        self._count = 0
        self.diverged_at: int | None = None

    def add(self, kind: str, /, **payload: Any) -> None:
        """Keeps an event; only then may the caller act on it."""
        payload = json.loads(json.dumps(payload, ensure_ascii=False, default=str))
        replayed = False
        if self.diverged_at is None and self._count < len(self._before):
            replayed = self._before[self._count] == (kind, payload)
            if not replayed:
                self.diverged_at = self._count + 1
        self._count += 1
        self._keep(RunEvent(self._count, kind, payload, replayed))
