"""The logs of optimizations: read from the store, written as JSON lines for other programs.

One line is one event: `seq`, `kind`, `time` (ISO 8601, UTC), `spent` by then (calls, cached_calls, tokens, usd, priced), and the kind's `payload`
(:mod:`adalang.optimizer.vocabulary`). What is written while a run goes on is, line for line, what is read from the store later.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Literal

from adalang.engine.locks import at_work
from adalang.optimizer.events import RunEvent
from adalang.runtime.models.types import Usage
from adalang.store import Store
from adalang.store.records import OptimizationRecord

State = Literal["running", "cut off", "finished", "failed"]


def kept_events(store: Store, run_id: str) -> list[RunEvent]:
    """The log of an optimization, in order."""
    return [
        RunEvent(event.seq, event.kind, event.payload, Usage(**event.spent), time=event.created)
        for event in store.events(run_id)
    ]


def event_line(event: RunEvent) -> str:
    """One event as JSON, without a line end."""
    spent = event.spent
    told = {
        "seq": event.seq,
        "kind": event.kind,
        "time": datetime.fromtimestamp(event.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "spent": {
            "calls": spent.calls,
            "cached_calls": spent.cached_calls,
            "tokens": spent.tokens,
            "usd": round(spent.usd, 9),
            "priced": spent.priced,
        },
        "payload": event.payload,
    }
    return json.dumps(told, ensure_ascii=False)


def state_of(store: Store, record: OptimizationRecord) -> State:
    """How an optimization stands: one that has not ended and that no process works on was cut off."""
    if record.status != "running":
        return record.status
    return "running" if at_work(store.root, record.plan_key) else "cut off"
