"""What an evaluation says: of each row, and in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

from adalang.evaluation.cuts import Cuts
from adalang.evaluation.statistics import Interval
from adalang.figures import percent
from adalang.runtime.models.types import Usage
from adalang.runtime.trace import Trace

Status = Literal["ok", "unreadable", "refused", "failed", "transport"]

_SHOWN_IN_NOTEBOOKS = 10

VOID_SHARE = 0.2
"""With more than this share of runs unanswered, a score would say more about the network than about the prompt."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row, run once. ``score`` is ``None`` only for transport failures, which say nothing about the prompt; among them are calls
    of tools that were not made. "failed" is a tool that was called and gave nothing usable.

    ``usage`` was paid now; ``answer_usage`` is what the answers cost when they were bought, cached or not. ``judged`` is the run
    of a metric that is a component; ``run`` is the id under which the store has both, "" if it has not.
    """

    row_id: str
    sample: int
    status: Status
    score: float | None
    reason: str = ""
    output: Any = None
    expected: Any = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    answer_usage: Usage = field(default_factory=Usage)
    trace: Trace | None = None
    judged: Trace | None = None
    error: str = ""
    run: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON without the trace."""
        return {
            "id": self.row_id,
            "sample": self.sample,
            "status": self.status,
            "score": self.score,
            "reason": self.reason,
            "inputs": dict(self.inputs),
            "output": self.output,
            "expected": self.expected,
            "error": self.error,
            "run": self.run,
            "cached": self.usage.calls == 0 and self.usage.cached_calls > 0,
        }


def is_void(results: Sequence[RowResult]) -> bool:
    """Whether too many of the runs got no answer."""
    return sum(result.score is None for result in results) > VOID_SHARE * len(results)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An eval's runs over one split. ``void`` when so many runs got no answer that the score means nothing.

    ``columns`` are the values of each row by its id; ``examples`` as :func:`adalang.evaluation.copies.examples` finds them.
    """

    eval: str
    split: str
    rows: Sequence[RowResult]
    interval: Interval
    usage: Usage
    repeats: int
    goal: float | None
    void: bool
    fingerprint: str = ""
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    examples: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def score(self) -> float | None:
        return None if self.void or self.interval.n == 0 else self.interval.mean

    def to_json(self) -> dict[str, Any]:
        """The figures as plain JSON, without the rows and what they cost. A score that is not known has no interval."""
        known = self.score is not None
        return {
            "eval": self.eval,
            "split": self.split,
            "score": self.score,
            "low": self.interval.low if known else None,
            "high": self.interval.high if known else None,
            "n": self.interval.n,
            "copies": self.copies,
            "repeats": self.repeats,
            "void": self.void,
            "goal": self.goal,
            "goal_missed": self.goal_missed,
            "cuts": self.cuts,
        }

    @property
    def copies(self) -> int:
        """Rows that ask and expect what an earlier one does, and count with it as one."""
        return sum(row != first for row, first in self.examples.items())

    @property
    def on_rows(self) -> str:
        """What the score is of: ``18 rows``, ``18 rows (copies counted once: 4)``."""
        return f"{self.interval.n} rows" + (f" (copies counted once: {self.copies})" if self.copies else "")

    def example(self, row_id: str) -> str:
        """The id of the first row that says the same."""
        return self.examples.get(row_id, row_id)

    @property
    def cuts(self) -> list[str]:
        """What was left out to fit models' windows, and answers that were cut off: a sentence for each, over all rows."""
        found = Cuts()
        for row in self.rows:
            found.add(row.row_id, row.trace)
            found.add(row.row_id, row.judged)
        return found.lines

    @property
    def first_error(self) -> str:
        """What the first run that got no answer says; "" when all got one."""
        return next((row.error for row in self.rows if row.status == "transport"), "")

    @property
    def transport_failures(self) -> int:
        return sum(row.status == "transport" for row in self.rows)

    @property
    def failing(self) -> list[RowResult]:
        """The rows that did not score full marks, worst first."""
        wrong = [row for row in self.rows if row.score is None or row.score < 1]
        return sorted(wrong, key=lambda row: -1.0 if row.score is None else row.score)

    def __repr__(self) -> str:
        if self.score is None:
            return f"<{self.eval} ({self.split}): void>"
        low, high = percent(self.interval.low, 1), percent(self.interval.high, 1)
        return f"<{self.eval} ({self.split}): {percent(self.score, 1)} [{low}, {high}] on {self.on_rows}>"

    def _repr_html_(self) -> str:
        """For notebooks: the score, and the worst rows."""
        told = (
            [row.row_id, row.score, row.inputs, row.expected, row.error or row.output]
            for row in self.failing[:_SHOWN_IN_NOTEBOOKS]
        )
        rows = ("".join(f"<td>{escape(str(value))}</td>" for value in values) for values in told)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        head = "<tr><th>row<th>score<th>inputs<th>expected<th>output</tr>"
        return f"{escape(repr(self)[1:-1])}<table>{head}{body}</table>"

    @property
    def goal_missed(self) -> bool:
        return self.goal is not None and (self.score is None or self.score < self.goal - 1e-9)
