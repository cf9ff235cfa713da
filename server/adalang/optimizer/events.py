"""The event log of a run: what happened, in an order that depends on the seed and the answers alone.

Resuming is replay. All randomness comes from the seed, no decision hangs on the clock or on which of several concurrent
calls ends first, and every answer that was paid for is in the store under its content. So the same command run again
goes through the same events, free of charge, up to where it was cut off, and then on. The log is the record of that:
each event is kept before it is acted on, and on a resume each one is compared with what is in the log. What a replay cannot
repeat is what was spent (its answers are free): that is kept beside each event, and decisions look at the kept figure.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adalang.runtime.models.types import Usage

Emit = Callable[["RunEvent"], None]


@dataclass(frozen=True, slots=True)
class RunEvent:
    """`seq` counts from 1. `payload` is JSON. `spent` is what the run had spent by then. `replayed`: it stood in the log already.
    `time` is in seconds since 1970 (UTC), for people: no decision looks at it. The kinds are told in `vocabulary.py`."""

    seq: int
    kind: str
    payload: Mapping[str, Any]
    spent: Usage = field(default_factory=Usage)
    replayed: bool = False
    time: float = 0.0


class EventLog:
    """Numbers the events of a run and hands each new one to `keep`, which must have stored it when it returns.

    `spent` tells what the run has spent, earlier processes included. `before` are the events of the run that is resumed. One
    that differs from the event in its place (answers were pruned from the store, say) ends the replay: from there on all
    events are new, and those in the log are void.
    """

    def __init__(self, keep: Emit, spent: Callable[[], Usage], before: Sequence[RunEvent] = ()) -> None:
        self._keep = keep
        self._spent_now = spent
        self._before = before
        self._count = 0
        self.spent = Usage()
        """What had been spent at the last event: the same in a replay as in the run that it repeats."""

    def add(self, kind: str, /, **payload: Any) -> None:
        """Keeps an event; only then may the caller act on it."""
        payload = json.loads(json.dumps(payload, ensure_ascii=False, default=str))
        event = RunEvent(self._count + 1, kind, payload, self._spent_now(), time=time.time())
        if self._count < len(self._before):
            old = self._before[self._count]
            if (old.kind, old.payload) == (kind, payload):
                event = replace(event, spent=old.spent, replayed=True, time=old.time)
            else:
                self._before = ()
        self._count += 1
        self.spent = event.spent
        self._keep(event)
