"""What an operator is: a way to come from a candidate to others worth a trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.edits import Edit
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.state import Search
from adalang.optimizer.why import Step


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate that passed the static gates. `uses` are the train rows that stand in it, and so cannot test it; `parts` are
    the keys of the candidates that were put together in it, if it was made so, and `joined` the steps to each of them."""

    candidate: Candidate
    hypothesis: Hypothesis
    edits: tuple[Edit, ...] = ()
    uses: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()
    joined: tuple[Step, ...] = ()

    def steps(self, parent: Candidate) -> tuple[Step, ...]:
        """The changes that it makes of its parent."""
        return self.joined or (Step(self.hypothesis.change, parent, self.candidate),)


class Operator(Protocol):
    """`name` stands in events and evidence."""

    name: str

    def available(self, search: Search) -> bool: ...

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        """Candidates that changed one param of the parent, given the parent's results on a batch of train rows."""
        ...
