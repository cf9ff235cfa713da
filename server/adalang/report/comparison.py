"""The report of a comparison: both scores, the difference and what it proves, and the rows that were mended and broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from adalang.evaluation.compared import Compared, Price
from adalang.evaluation.results import Evaluation, RowResult
from adalang.figures import points
from adalang.report.charts import Bar, bars, duration, percent
from adalang.report.diff import as_text, inputs_text, word_diff
from adalang.report.page import page


@dataclass(frozen=True)
class ChangedRow:
    """A row that one side does better than the other."""

    kind: str
    before: RowResult
    after: RowResult


@dataclass(frozen=True)
class Section:
    """One compared eval on the page."""

    found: Compared

    @property
    def sides(self) -> list[tuple[str, Evaluation, Price]]:
        both = zip(self.found.names, (self.found.before, self.found.after), strict=True)
        return [(name, side, Price.of(side.rows)) for name, side in both]

    @property
    def chart(self) -> Markup:
        return bars(
            [Bar(name, side.interval.mean, side.interval.low, side.interval.high) for name, side, _ in self.sides],
            title=f"{self.found.after.eval}: both sides",
        )

    @property
    def changed(self) -> Iterator[ChangedRow]:
        """The broken ones first."""
        for kind, rows in (("broken", self.found.comparison.broken), ("mended", self.found.comparison.mended)):
            for before, after in self.found.changed(rows):
                yield ChangedRow(kind, before, after)


def comparison_page(results: Sequence[Compared], *, by: str = "", made: str = "") -> str:
    """The page for the evals of two sides."""
    names = results[0].names if results else ("", "")
    return page(
        "comparison.html.j2",
        f"{names[0]} against {names[1]}",
        made=made,
        sections=[Section(found) for found in results],
        by=by,
        percent=percent,
        points=points,
        duration=duration,
        as_text=as_text,
        inputs_text=inputs_text,
        word_diff=word_diff,
    )
