"""Which earlier runs of an eval a new one may learn from, and what they have to say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from adalang.language.data import canonical_json
from adalang.optimizer.earlier import Earlier, read_earlier
from adalang.optimizer.events import RunEvent
from adalang.optimizer.mode import mode_of
from adalang.optimizer.task import Example, Task
from adalang.store import Store
from adalang.store.records import OptimizationRecord

_MOST_RUNS = 3


def digests(rows: Iterable[Example]) -> frozenset[str]:
    """What names rows by their inputs alone: one with another label is still the same row."""
    texts = (canonical_json(dict(row.inputs)).encode("utf-8", "surrogatepass") for row in rows)
    return frozenset(hashlib.sha256(text).hexdigest()[:16] for text in texts)


def keep_ground(store: Store, record: OptimizationRecord, ground: str, task: Task) -> None:
    """Keeps what a later run has to know of this one: on what its experience rests, and which rows it may look at."""
    searched = [*task.rows("train"), *task.rows("val")]
    if mode_of(task) != "full":
        searched += task.rows("test")
    used = digests(searched)
    name = hashlib.sha256("\n".join(sorted(used)).encode()).hexdigest()[:32]
    store.put_row_set(name, used)
    store.put_row_set(task.info.holdout, digests(task.rows("test")))
    store.describe_optimization(record.run_id, ground, name)


def earlier_runs(
    store: Store, record: OptimizationRecord, ground: str, task: Task, before: Sequence[RunEvent]
) -> list[Earlier]:
    """What finished runs of the same file and eval have learned, the newest first.

    None of which a search looked at a row that is held out today: what was learned from a row must not be tested on it. A run
    that goes on, or repeats one that ended, learns from the same runs as that one, so that both take the same way.
    """
    named = _learned_from(before) if len(before) > 1 else _repeated(store, record)
    held_out = digests(task.rows("test"))
    found: list[Earlier] = []
    for one in store.optimizations(file=record.file, eval=record.eval):
        usable = one.run_id in named if named is not None else one.status == "finished"
        if not usable or one.created >= record.created or not one.used or held_out & store.row_set(one.used):
            continue
        events = (RunEvent(event.seq, event.kind, event.payload) for event in store.events(one.run_id))
        read = read_earlier(one.run_id, events, one.ground == ground)
        if read is not None:
            found.append(read)
        if len(found) == _MOST_RUNS:
            break
    return found


def _repeated(store: Store, record: OptimizationRecord) -> Sequence[str] | None:
    """From which runs the newest finished one of the same plan had learned; None if there is none."""
    same = store.find_run(record.plan_key, "finished")
    if same is None:
        return None
    return _learned_from([RunEvent(one.seq, one.kind, one.payload) for one in store.events(same.run_id)])


def _learned_from(events: Sequence[RunEvent]) -> Sequence[str]:
    return next((event.payload["runs"] for event in events if event.kind == "warm_start"), ())
