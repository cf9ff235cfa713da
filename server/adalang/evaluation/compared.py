"""Two versions on the same rows: what the difference is, and what it proves."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from statistics import fmean, median
from typing import Any, Literal

from adalang.evaluation.power import detectable_in
from adalang.evaluation.results import VOID_SHARE, Evaluation, RowResult
from adalang.evaluation.slices import FEW, groups
from adalang.evaluation.statistics import Comparison, compare, mcnemar, sign_flip
from adalang.figures import points

Verdict = Literal["better", "worse", "no difference shown", "void"]

ALPHA = 0.05
"""The level of the two-sided test: so often a difference is seen where there is none."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one run of a side takes: mean tokens and USD, median seconds of waiting for answers, cached or not."""

    tokens: float
    usd: float
    seconds: float
    priced: bool

    @classmethod
    def of(cls, results: Sequence[RowResult]) -> Price:
        bought = [result.answer_usage for result in results if result.score is not None]
        if not bought:
            return cls(0.0, 0.0, 0.0, False)
        return cls(
            fmean(usage.tokens for usage in bought),
            fmean(usage.usd for usage in bought),
            median(usage.seconds for usage in bought),
            all(usage.priced for usage in bought),
        )


@dataclass(frozen=True, slots=True)
class SliceComparison:
    """The rows with one value of a column on both sides. Slices are for looking: their tests are not corrected."""

    value: str
    comparison: Comparison
    p: float

    @property
    def few(self) -> bool:
        return self.comparison.n < FEW


@dataclass(frozen=True)
class Compared:
    """One eval's target before and after, on the same rows; `names` say what the sides are.

    `notes` are what a reader must know besides, such as two sides that do not score alike.
    """

    names: tuple[str, str]
    before: Evaluation
    after: Evaluation
    comparison: Comparison
    p: float
    slices: Sequence[SliceComparison] = ()
    notes: Sequence[str] = ()

    @cached_property
    def verdict(self) -> Verdict:
        if self._is_void:
            return "void"
        if self.p > ALPHA:
            return "no difference shown"
        return "better" if self.comparison.difference > 0 else "worse"

    @property
    def _is_void(self) -> bool:
        examples = len({self.after.example(result.row_id) for result in self.after.rows})
        return self.before.void or self.after.void or self.comparison.n < (1 - VOID_SHARE) * examples

    @cached_property
    def words(self) -> str:
        """The verdict as a sentence; of a difference that is not shown also what would have been seen."""
        found = self.comparison
        moved = f"{points(found.difference, 1)} points [{points(found.low, 1)}, {points(found.high, 1)}]"
        match self.verdict:
            case "void":
                return f"void: {self._unanswered}, so the sides cannot be compared. Run it again"
            case "better":
                return f"better: {moved}, and luck alone would give that {_share(self.p)}"
            case "worse":
                return f"worse: {moved}, and luck alone would give that {_share(self.p)}"
        gain = detectable_in(self.differences, alpha=ALPHA / 2)
        seen = (
            f"with {found.n} rows a gain of {round(100 * gain)} points would be seen 1 time in 2"
            if gain is not None
            else f"{found.n} rows are too few to show any"
        )
        return f"no difference shown ({moved}); {seen}"

    @property
    def differences(self) -> list[float]:
        """The change of each row that both sides have scored; copies are one row."""
        before, after = _paired(self.before, self.after)
        return [after[row] - before[row] for row in before]

    @property
    def _unanswered(self) -> str:
        sides = zip(self.names, (self.before, self.after), strict=True)
        told = [f"{side.transport_failures} of {len(side.rows)} runs of {name} got no answer" for name, side in sides]
        return " and ".join(told)

    def changed(self, rows: Sequence[str]) -> list[tuple[RowResult, RowResult]]:
        """Both sides' first scored results of some rows."""
        sides = [
            {result.row_id: result for result in reversed(side.rows) if result.score is not None}
            for side in (self.before, self.after)
        ]
        return [(sides[0][row], sides[1][row]) for row in rows]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; what a void comparison does not know is null."""
        known = self.verdict != "void"
        found = self.comparison
        sides = zip(("before", "after"), self.names, (self.before, self.after), strict=True)
        return {
            "verdict": self.verdict,
            "words": self.words,
            "n": found.n,
            "difference": found.difference if known else None,
            "low": found.low if known else None,
            "high": found.high if known else None,
            "p": self.p if known else None,
            "method": found.method,
            "mended": list(found.mended) if known else [],
            "broken": list(found.broken) if known else [],
            "notes": list(self.notes),
            "slices": [_slice_json(one) for one in self.slices] if known else [],
        } | {
            side: {
                "name": name,
                **evaluation.to_json(),
                "per_run": asdict(Price.of(evaluation.rows)),
                "usage": asdict(evaluation.usage),
            }
            for side, name, evaluation in sides
        }


def compared(
    names: tuple[str, str], before: Evaluation, after: Evaluation, *, by: str = "", notes: Sequence[str] = ()
) -> Compared:
    """Compare two evaluations of the same rows, copies of which are one row.

    Raises:
        BugFailure: no row has the column `by`.
    """
    first, second = _paired(before, after)
    comparison = compare(first, second)
    found = Compared(names, before, after, comparison, two_sided(first, second, comparison), notes=notes)
    if not by:
        return found
    slices = []
    for value, rows in groups(after.columns, by).items():
        ours, theirs = _paired(before, after, set(rows))
        part = compare(ours, theirs)
        slices.append(SliceComparison(value, part, two_sided(ours, theirs, part)))
    return replace(found, slices=tuple(slices))


def two_sided(before: dict[str, float], after: dict[str, float], found: Comparison) -> float:
    """The p-value of "the two differ": twice the smaller of those of "better" and "worse", by the same exact test."""
    if found.method.startswith("McNemar"):
        worse = mcnemar(len(found.broken), len(found.mended))
    else:
        worse, _ = sign_flip([before[row] - after[row] for row in before if row in after])
    return min(1.0, 2 * min(found.p, worse))


def _paired(
    before: Evaluation, after: Evaluation, among: Container[str] | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """Both sides' mean of each example over its rows (``among`` some) that both have scored, by the first of these."""
    sides = _means(before), _means(after)
    rows: dict[str, list[str]] = {}
    for row in sides[0]:
        if row in sides[1] and (among is None or row in among):
            rows.setdefault(after.example(row), []).append(row)
    first, second = ({same[0]: fmean(side[row] for row in same) for same in rows.values()} for side in sides)
    return first, second


def _means(found: Evaluation) -> dict[str, float]:
    scores: dict[str, list[float]] = {}
    for result in found.rows:
        if result.score is not None:
            scores.setdefault(result.row_id, []).append(result.score)
    return {row: fmean(each) for row, each in scores.items()}


def _slice_json(one: SliceComparison) -> dict[str, Any]:
    found = one.comparison
    return {
        "value": one.value,
        "n": found.n,
        "before": found.before,
        "after": found.after,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p": one.p,
        "few": one.few,
    }


def _share(p: float) -> str:
    """`1 time in 200`: how often luck does it."""
    return f"1 time in {1 / p:,.0f}" if p >= 1e-6 else "less than 1 time in a million"
