"""What an operator is: a way to come from a candidate to others worth a trial."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Archive, Entry
from adalang.optimizer.candidate import Candidate, Value
from adalang.optimizer.edits import Edit
from adalang.optimizer.events import EventLog
from adalang.optimizer.ledger import Hypothesis, Ledger
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Example, Param, Task


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate that passed the static gates. `uses` are the train rows that stand in it, and so cannot test it."""

    candidate: Candidate
    hypothesis: Hypothesis
    edits: tuple[Edit, ...] = ()
    uses: frozenset[str] = frozenset()


@dataclass(slots=True)
class Search:
    """What a search knows so far; operators read it and note what they tried.

    `idle`: rounds since the last gain. `batch`: what is known of the round's parent on train rows, newest first. `seen`: the
    last result of each train row, whoever made it. `blame`: what the last feedback put on each text, older feedback counting
    half. `taught`: the teacher's own runs by train row.
    """

    task: Task
    settings: Settings
    archive: Archive
    ledger: Ledger
    log: EventLog
    rng: random.Random
    data: frozenset[str]
    kept_out: frozenset[str]
    round: int = 0
    idle: int = 0
    tried: dict[str, list[Value]] = field(default_factory=dict)
    visits: Counter[str] = field(default_factory=Counter)
    blame: dict[str, float] = field(default_factory=dict)
    seen: dict[str, RowResult] = field(default_factory=dict)
    taught: dict[str, RowResult] = field(default_factory=dict)
    batch: Sequence[RowResult] = ()
    train: Sequence[Example] = ()

    def was_tried(self, param: str) -> Sequence[Value]:
        return self.tried.get(param, ())

    def note_tried(self, param: str, value: Value) -> None:
        self.tried.setdefault(param, []).append(value)

    def params(self, kind: str) -> list[Param]:
        """The params of a kind, in the file's order."""
        return [param for param in self.task.info.params if param.kind == kind]


class Operator(Protocol):
    """`name` stands in events and evidence."""

    name: str

    def available(self, search: Search) -> bool: ...

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        """Candidates that changed one param of the parent, given the parent's results on a batch of train rows."""
        ...
