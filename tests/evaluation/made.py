"""Evaluations made of scores, without any run."""

from adalang.evaluation.results import Evaluation, RowResult, is_void
from adalang.evaluation.statistics import score_interval
from adalang.runtime.models.types import Usage


def evaluation(scores, columns=None, *, goal=None, **about):
    """Scores by row id, several for repeats; None is a run without an answer; `about` has fields of its results by row."""
    rows = [
        RowResult(row, nth, "transport" if score is None else "ok", score, **about.get(row, {}))
        for row, samples in scores.items()
        for nth, score in enumerate(samples)
    ]
    known = [(row.score, row.row_id) for row in rows if row.score is not None]
    repeats = max(map(len, scores.values()), default=1)
    interval = score_interval([score for score, _ in known], [row for _, row in known])
    return Evaluation("e", "val", rows, interval, Usage(), repeats, goal, is_void(rows), columns=columns or {})
