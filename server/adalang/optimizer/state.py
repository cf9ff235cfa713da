"""What a search knows so far."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Archive, Entry
from adalang.optimizer.candidate import Candidate, Value
from adalang.optimizer.ending import End
from adalang.optimizer.events import EventLog
from adalang.optimizer.gates import copied_from, outside_training
from adalang.optimizer.ledger import Ledger
from adalang.optimizer.purse import Purse
from adalang.optimizer.runs import Runs, failing, mean_score
from adalang.optimizer.sampler import Sampler
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Example, Param, Task


@dataclass(slots=True)
class Search:
    """One search from an incumbent over train and selection rows. Operators read it and note what they tried.

    `round` counts from 1, `idle` are the rounds since the last gain on selection rows, `batch` is what is known of the round's parent on train rows,
    newest first, `seen` the newest result of each train row, `taught` that of the teacher in the target's place. `blame` is what
    feedback put on each text, older feedback counting half. `data` are the runs of words that no text may copy, `kept_out` the train
    rows too much like rows that judge to become examples. `beaten` are keys of candidates that lost a duel, `weak` of those that did
    nothing alone. `settled`: where an earlier run has searched from about
    here to the end, the number of runs at which this search ends, gains or not; a few rounds without any say as much then as many
    else. `chosen_before`: what it had chosen and simplified, if that holds today. `end`: how it ended, once it has.
    """

    task: Task
    settings: Settings
    log: EventLog
    runs: Runs
    purse: Purse
    rng: random.Random
    train: Sequence[Example]
    val: list[Example]
    archive: Archive
    sampler: Sampler
    data: frozenset[str]
    kept_out: frozenset[str]
    tried: dict[str, list[Value]]
    ledger: Ledger = field(default_factory=Ledger)
    round: int = 0
    idle: int = 0
    visits: Counter[str] = field(default_factory=Counter)
    blame: dict[str, float] = field(default_factory=dict)
    batch: Sequence[RowResult] = ()
    seen: dict[str, RowResult] = field(default_factory=dict)
    taught: dict[str, RowResult] = field(default_factory=dict)
    beaten: set[str] = field(default_factory=set)
    weak: set[str] = field(default_factory=set)
    settled: int | None = None
    chosen_before: Candidate | None = None
    end: End | None = None

    @classmethod
    def begin(
        cls,
        task: Task,
        settings: Settings,
        log: EventLog,
        runs: Runs,
        purse: Purse,
        incumbent: Candidate,
        train: Sequence[Example],
        val: Sequence[Example],
    ) -> Search:
        rng = random.Random(f"adalang:{settings.seed}")
        # Of a cross-fitted run the other half is neither `val` nor the test rows.
        judging = {row.id: row for row in (*val, *task.rows("val"), *task.rows("test"))}
        return cls(
            task=task,
            settings=settings,
            log=log,
            runs=runs,
            purse=purse,
            rng=rng,
            train=train,
            # One order for all: what is known of the champion is known of the rows on which its rivals meet it.
            val=rng.sample(list(val), len(val)),
            archive=Archive([Entry(incumbent, {})]),
            sampler=Sampler(train, rng),
            data=copied_from([*train, *val]),
            kept_out=outside_training(train, list(judging.values())),
            tried={param: [value] for param, value in incumbent.values.items()},
        )

    @property
    def champion(self) -> Entry:
        return self.archive.champion

    def params(self, kind: str) -> list[Param]:
        """The params of a kind, in the file's order."""
        return [param for param in self.task.info.params if param.kind == kind]

    def was_tried(self, param: str) -> Sequence[Value]:
        return self.tried.get(param, ())

    def note_tried(self, param: str, value: Value) -> None:
        self.tried.setdefault(param, []).append(value)

    def failing(self, entry: Entry) -> int:
        """How many train rows the entry is known to fail."""
        return len(failing(self.sampler.known(entry.candidate.key)))

    def rows_to_learn_from(self) -> list[Example]:
        """All train rows for a teacher, the best last: those not run yet in an order of chance, then by age of their newest run.

        What is right for a row costs no call to know, and many rows teach more than the few that failed.
        """
        rows = {row.id: row for row in self.train}
        fresh = [row for row in self.train if row.id not in self.seen]
        return [*self.rng.sample(fresh, len(fresh)), *(rows[row] for row in self.seen if row in rows)]

    async def look(self, entry: Entry, rows: Sequence[Example]) -> None:
        """Learns what an entry is worth on selection rows."""
        entry.scores.update(await self.runs.values(entry.candidate, rows))

    def score(self, entry: Entry) -> float:
        """The entry's mean score over the selection rows that it was looked at on. Unlike its mean (`objective`) nothing is taken off
        for what `prefer` names: it is what people are told."""
        return self.runs.known_score(entry.candidate, entry.scores)

    async def try_on(self, candidate: Candidate, rows: Sequence[Example]) -> None:
        """Runs a candidate on train rows and remembers the worst sample of each."""
        for row, each in zip(rows, await self.runs.rows(candidate, rows), strict=True):
            if mean_score(each) is not None:
                worst = min(each, key=lambda result: 2.0 if result.score is None else result.score)
                self.sampler.saw(candidate.key, worst)
                self.seen.pop(row.id, None)
                self.seen[row.id] = worst
