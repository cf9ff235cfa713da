"""The rows of an evaluation, each with all its samples: what a table and a test report show of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from adalang.evaluation.results import Evaluation, RowResult
from adalang.runtime.models.types import Usage

Kind = Literal["failed", "passed", "unanswered"]


@dataclass(frozen=True)
class ReportRow:
    """One row. ``score`` is the mean of its samples that were scored, ``None`` where none was."""

    id: str
    samples: Sequence[RowResult]
    score: float | None

    @property
    def kind(self) -> Kind:
        """``failed``: it does not have full marks in every sample."""
        if self.score is None:
            return "unanswered"
        return "passed" if self.score >= 1 and not self.unanswered else "failed"

    @property
    def unanswered(self) -> int:
        return sum(sample.score is None for sample in self.samples)

    @property
    def shown(self) -> RowResult:
        """The sample that tells most: the worst that was scored, else the first."""
        scored = [sample for sample in self.samples if sample.score is not None]
        return min(scored, key=lambda sample: sample.score or 0.0, default=self.samples[0])

    @property
    def usage(self) -> Usage:
        """What its answers cost when they were bought."""
        return sum((sample.answer_usage for sample in self.samples), Usage())


def report_rows(found: Evaluation) -> list[ReportRow]:
    """Those that got no answer first, then from the lowest score up; among equals in the order of the data."""
    samples: dict[str, list[RowResult]] = {}
    for result in found.rows:
        samples.setdefault(result.row_id, []).append(result)
    rows = []
    for row_id, results in samples.items():
        scores = [result.score for result in results if result.score is not None]
        rows.append(ReportRow(row_id, results, fmean(scores) if scores else None))
    return sorted(rows, key=lambda row: -1.0 if row.score is None else row.score)
