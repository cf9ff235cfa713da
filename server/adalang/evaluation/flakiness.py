"""How far a row's score hangs on the luck of one sample: what repeats are for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Any

from adalang.evaluation.results import RowResult

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class FlakyRow:
    """A row whose samples score differently. `disagreement` is the chance that two of its samples do, in 0..1."""

    row_id: str
    scores: tuple[float, ...]
    disagreement: float


@dataclass(frozen=True, slots=True)
class Flakiness:
    """Of `rows` rows with two samples or more, the `flaky` ones, those that disagree most first.

    `disagreement` is the mean over all of them: what :func:`adalang.evaluation.power.sampling_turnover` takes.
    """

    rows: int
    flaky: Sequence[FlakyRow]
    disagreement: float

    @property
    def share(self) -> float:
        return len(self.flaky) / self.rows

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "share": self.share,
            "disagreement": self.disagreement,
            "flaky": [{"id": row.row_id, "scores": list(row.scores)} for row in self.flaky],
        }


def flakiness(results: Sequence[RowResult]) -> Flakiness | None:
    """How much the samples of each row agree; None where no row has two that were scored.

    For scores of 0 and 1 the disagreement is the share of pairs of samples that differ; twice the variance says the same,
    and goes for all other scores.
    """
    scores: dict[str, list[float]] = {}
    for result in results:
        if result.score is not None:
            scores.setdefault(result.row_id, []).append(result.score)
    repeated = {row: tuple(found) for row, found in scores.items() if len(found) > 1}
    if not repeated:
        return None
    disagreement = {row: 2 * variance(found) for row, found in repeated.items()}
    flaky = [FlakyRow(row, repeated[row], value) for row, value in disagreement.items() if value > _SAME]
    flaky.sort(key=lambda row: -row.disagreement)
    return Flakiness(len(repeated), tuple(flaky), fmean(disagreement.values()))
