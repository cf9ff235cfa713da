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
from adalang.optimizer.task import Example, Task


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate that passed the static gates. `uses` are the train rows that stand in it, and so cannot test it."""

    candidate: Candidate
    hypothesis: Hypothesis
    edits: tuple[Edit, ...] = ()
    uses: frozenset[str] = frozenset()


@dataclass(slots=True)
class Search:
    """What a search knows so far; operators read it and note what they tried. `idle`: rounds since the last gain."""

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
    seen: dict[str, RowResult] = field(default_factory=dict)
    train: Sequence[Example] = ()

    def was_tried(self, param: str) -> Sequence[Value]:
        return self.tried.get(param, ())

    def note_tried(self, param: str, value: Value) -> None:
        self.tried.setdefault(param, []).append(value)


class Operator(Protocol):
    """`name` stands in events and evidence."""

    name: str

    def available(self, search: Search) -> bool: ...

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        """Candidates that changed one param of the parent, given the parent's results on a batch of train rows."""
        ...
