"""The report of evaluations: scores with intervals, slices, earlier scores, and every row with what was expected and got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from adalang.evaluation.flakiness import Flakiness, flakiness
from adalang.evaluation.power import power_lines
from adalang.evaluation.results import Evaluation
from adalang.evaluation.slices import Slice, slices
from adalang.report.charts import Bar, Line, Point, bars, curve, percent
from adalang.report.diff import as_text, inputs_text, word_diff
from adalang.report.page import page
from adalang.report.rows import ReportRow, report_rows
from adalang.store.records import EvaluationRecord


@dataclass(frozen=True)
class Section:
    """One evaluation on the page; ``turnover`` is the noise that :mod:`adalang.evaluation.power` takes.

    ``history`` are the earlier and this evaluation of the same eval and split, the oldest first.
    """

    found: Evaluation
    turnover: float
    by: str = ""
    history: Sequence[EvaluationRecord] = ()

    @property
    def rows(self) -> list[ReportRow]:
        return report_rows(self.found)

    @property
    def flakiness(self) -> Flakiness | None:
        return flakiness(self.found.rows)

    @property
    def slices(self) -> list[Slice]:
        return slices(self.found, self.by) if self.by else []

    @property
    def power(self) -> list[str]:
        return power_lines(self.found.interval.n, turnover=self.turnover, repeats=self.found.repeats)

    @property
    def slice_chart(self) -> Markup:
        known = [one for one in self.slices if not one.void and one.interval.n]
        return bars(
            [
                Bar(one.value, one.interval.mean, one.interval.low, one.interval.high, f"n = {one.interval.n}")
                for one in known
            ],
            title=f"{self.found.eval} by {self.by}",
        )

    @property
    def history_chart(self) -> Markup:
        """The scores over time; runs that repeat the one before them are one point. Empty with fewer than two."""
        points: list[Point] = []
        last: tuple[object, ...] = ()
        for record in self.history:
            said = (record.fingerprint, record.n, record.score, record.repeats)
            if record.score is None or said == last:
                continue
            last = said
            when = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M")
            note = f"{when}, {record.n} rows"
            points.append(Point(len(points) + 1, record.score, record.low, record.high, note))
        if len(points) < 2:
            return Markup()
        return curve(
            [Line(self.found.eval, points)],
            title=f"{self.found.eval} over earlier evaluations",
            x_label="evaluation",
            y_label="score",
            goal=self.found.goal,
        )


def evaluation_page(file: str, sections: Sequence[Section], *, made: str = "") -> str:
    """The page for the evals of a file."""
    return page(
        "evaluation.html.j2",
        f"Evaluation of {file}",
        made=made,
        sections=sections,
        percent=percent,
        as_text=as_text,
        inputs_text=inputs_text,
        word_diff=word_diff,
    )
