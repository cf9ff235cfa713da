"""What a round of a search consists of: blame, the changes that were thought of, and their trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from adalang.runtime.models.types import Usage


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate against its parent (`screen`: on a few train rows, `duel`: on selection rows). `delta`: sum of the score
    differences over `rows`, which are 0 where the first look was broken off; `broke` are ids of rows that must not break; `against` is the rival's key;
    `value`, with `prefer`, the sum by which it was decided."""

    kind: Literal["screen", "duel"]
    delta: float
    passed: bool
    rows: int = 0
    broke: Sequence[str] = ()
    against: str = ""
    value: float | None = None


@dataclass(slots=True)
class Attempt:
    """One change that was thought of. `refused`: why no call was made for it; `candidate` is empty until it is worth a trial."""

    number: int
    param: str
    change: str
    cause: str = ""
    candidate: str = ""
    refused: str = ""
    trials: list[Trial] = field(default_factory=list)


@dataclass(slots=True)
class Together:
    """Several changes as one candidate. `parts` are the numbers of its attempts."""

    candidate: str
    parts: Sequence[int]
    trials: list[Trial] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Blamed:
    """What one failing row says about one param; `blame` from 0 to 1, `call` is the place in the run, `when` names it among several."""

    param: str
    row: str
    text: str
    blame: float
    call: int = 0
    when: str = ""


@dataclass(frozen=True, slots=True)
class Best:
    """A candidate that beat the best one so far, with its mean on the `rows` selection rows that it was run on."""

    candidate: str
    mean: float
    rows: int
    values: Mapping[str, Any]
    round: int
    spent: Usage


@dataclass(slots=True)
class Round:
    """One round. `number` counts through the whole run, `nth` in its search; both are 0 for what is tried before the first round.
    `began` and `ended`: what had been spent by then. `failing` may be empty where there is blame: earlier versions did not keep it."""

    number: int
    nth: int
    operator: str
    parent: str
    batch: Sequence[str]
    began: Usage
    ended: Usage
    failing: Sequence[str]
    blame: dict[str, float] = field(default_factory=dict)
    targets: Sequence[str] = ()
    notes: list[Blamed] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    together: list[Together] = field(default_factory=list)
    won: list[Best] = field(default_factory=list)
    broken: str = ""
    """Why the teacher gave no usable answer."""

    @property
    def calls(self) -> int:
        """Model calls of the round, answers from the cache included."""
        return work(self.ended) - work(self.began)

    def share(self, param: str) -> float:
        """A param's share of the round's blame, 0 to 1."""
        total = sum(self.blame.values())
        return self.blame.get(param, 0.0) / total if total else 0.0


def work(spent: Usage) -> int:
    """Calls that were answered, from the provider or from the cache: how far the work has come, whoever paid for it."""
    return spent.calls + spent.cached_calls
