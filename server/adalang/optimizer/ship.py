"""The one test that lets a proposal out: best against incumbent, on rows that the search has never looked at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.evaluation.statistics import Comparison, compare, ship_alpha
from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.claim import claim
from adalang.optimizer.events import EventLog
from adalang.optimizer.guards import refusals
from adalang.optimizer.objective import mean_price
from adalang.optimizer.runs import Runs, TooManyFailures, concurrently, mean_scores
from adalang.optimizer.savings import WORTH, Ratio, cost_ratio, no_worse
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Example, Task
from adalang.runtime.failures import BudgetExceeded
from adalang.store.records import Evidence, HoldoutLook, JsonObject

_SHOWN_MENDED, _SHOWN_BROKEN = 2, 2
_LEAST_ANSWERED = 0.8


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ok`: the proposal may be called better, or as good for less; `better`: it did at least so, proven or not.

    `reason` says what was shown, or why it is not enough.
    """

    ok: bool
    better: bool
    reason: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class _Thrift:
    """As good for less? `p` is of "no worse by more than the margin", `ratio` of what a run costs."""

    p: float
    margin: float
    ratio: Ratio

    @property
    def cheaper(self) -> bool:
        return self.ratio.value <= WORTH and self.ratio.high < 1

    def shown(self, alpha: float) -> bool:
        return self.p <= alpha and self.cheaper

    def to_json(self) -> dict[str, Any]:
        ratio = self.ratio
        return {"margin": self.margin, "unit": ratio.unit, "ratio": ratio.value, "low": ratio.low, "high": ratio.high}


def looks_before(task: Task) -> int:
    """How many tests other runs have made on this hold-out."""
    return sum(look.run_id != task.info.run_id for look in task.looks())


def why_no_more_looks(task: Task, most: int) -> str:
    """Why this hold-out may not be tested again, and what to do; "" while it may."""
    if looks_before(task) < most:
        return ""
    return (
        f"these {len(task.rows('test'))} hold-out rows have been used for {most} tests and prove nothing more; add fresh rows, or "
        "name a file of fresh ones as `test` in the data set"
    )


async def ship_test(
    task: Task,
    runs: Runs,
    log: EventLog,
    incumbent: Entry,
    best: Entry,
    settings: Settings,
    anchors: Sequence[Example] = (),
) -> Verdict:
    """Runs both on all hold-out rows and decides. The look is counted before its result is used.

    A look belongs to a run and its candidate: the same test repeated by a resumed run is no new one, another candidate is. Nor is one
    of another run that has the same candidate, rows and p: it can be passed only if that one was, so it adds no chance of error.
    The k-th test on a hold-out has the level alpha_k, and its interval the confidence 1 - alpha_k, so that over all tests
    on the same rows both errors together stay below 5 %; that of a test that is passed holds among such tests too (`claim`).
    One look answers two questions, "better?" and "no worse by more than the margin?"; since the first implies the second,
    each may be asked at the full level.

    `anchors` are train rows that always worked (`guards`).
    """
    rows = task.rows("test")
    before, after = await _both(runs, incumbent.candidate, best.candidate, rows)
    old, new = mean_scores(before), mean_scores(after)
    differences = [new[row] - old[row] for row in old if row in new]
    tests = compare(old, new, seed=settings.seed).p, no_worse(differences, settings.margin)
    known = _made_before(task, best.candidate, tests)
    alpha = known.alpha if known else ship_alpha(len(task.looks()) + 1)
    comparison = claim(compare(old, new, confidence=1 - alpha, seed=settings.seed), alpha)
    if comparison.n < _LEAST_ANSWERED * len(rows):
        raise TooManyFailures(len(rows) - comparison.n, len(rows), "in the final test")
    thrift = _thrift(before, after, differences, settings.margin, alpha)
    same = comparison.p > alpha and thrift is not None and thrift.shown(alpha) and comparison.low > -settings.margin
    p = thrift.p if same and thrift else comparison.p
    if known is None:
        info = task.info
        task.record_look(HoldoutLook(info.holdout, info.eval, info.run_id, best.candidate.key, p, alpha))
    log.add("ship_test", n=comparison.n, before=comparison.before, after=comparison.after, p=p, alpha=alpha)
    kept = await _anchor_scores(runs, incumbent.candidate, best.candidate, anchors)
    refused = refusals(before, after, settings.prefer, kept)
    if refused:
        log.add("guarded", reasons=refused)
    shown = comparison.p <= alpha or same
    better = comparison.difference > 0 or same
    found = _saved(comparison, thrift) if same and thrift else _points(comparison)
    reason = f"{found} on {comparison.n} held-out examples"
    if not shown:
        reason += f", which luck alone can give (p = {comparison.p:.3f}, needed {alpha:.3f})"
    elif refused:
        reason += f", but {'; '.join(refused)}"
    evidence = evidence_of(
        comparison,
        before,
        after,
        verified=shown and not refused,
        alpha=alpha,
        hypothesis=best.why(incumbent.candidate),
        notes=tuple(refused),
        thrift=thrift if same else None,
    )
    return Verdict(shown and not refused, better, reason, evidence)


def _made_before(task: Task, candidate: Candidate, tests: Collection[float]) -> HoldoutLook | None:
    """The look that this test was counted as before: this run's own, or one on the same rows whose p is among `tests`."""
    info = task.info
    looks = [look for look in task.looks() if look.candidate == candidate.key]
    own = (look for look in looks if look.run_id == info.run_id)
    same = (look for look in looks if look.holdout_hash == info.holdout and look.p in tests)
    return next(own, None) or next(same, None)


async def _both(
    runs: Runs, incumbent: Candidate, best: Candidate, rows: Sequence[Example]
) -> tuple[list[list[RowResult]], list[list[RowResult]]]:
    """The results of both. They are asked row by row in turn: a server that is slow for a while is slow for both."""
    await concurrently(runs.counted_row(candidate, row) for row in rows for candidate in (incumbent, best))
    return await runs.rows(incumbent, rows), await runs.rows(best, rows)


def _thrift(
    before: Sequence[Sequence[RowResult]],
    after: Sequence[Sequence[RowResult]],
    differences: Sequence[float],
    margin: float,
    alpha: float,
) -> _Thrift | None:
    ratio = cost_ratio(before, after, 1 - alpha)
    return _Thrift(no_worse(differences, margin), margin, ratio) if ratio is not None else None


async def _anchor_scores(
    runs: Runs, incumbent: Candidate, best: Candidate, anchors: Sequence[Example]
) -> dict[str, tuple[float, float]]:
    """None where the budget ends here: the test is made, and what it has shown is not thrown away."""
    try:
        before, after = await runs.scores(incumbent, anchors), await runs.scores(best, anchors)
    except BudgetExceeded:
        return {}
    return {row: (before[row], after[row]) for row in before if row in after}


def evidence_of(
    comparison: Comparison,
    before: Sequence[Sequence[RowResult]],
    after: Sequence[Sequence[RowResult]],
    *,
    verified: bool,
    alpha: float | None,
    hypothesis: str,
    notes: tuple[str, ...] = (),
    thrift: _Thrift | None = None,
) -> Evidence:
    """The comparison as a proposal keeps it; what the search cost is filled in by the loop.

    With `thrift` the claim is "the same for less": its figures stand in `extra["cheaper"]`, and `p` is the one of that claim.
    """
    results = {side[0].row_id: (first, side) for first, side in zip(before, after, strict=True) if side}
    price_before, price_after = mean_price(before), mean_price(after)
    extra: dict[str, Any] = {"method": comparison.method, "confidence": 1 - alpha if alpha is not None else 0.95}
    if thrift is not None:
        extra |= {"method": "no worse by the margin", "cheaper": thrift.to_json()}
    return Evidence(
        verified=verified,
        holdout_n=comparison.n,
        before=comparison.before,
        after=comparison.after,
        low=comparison.low,
        high=comparison.high,
        p=thrift.p if thrift is not None else comparison.p,
        alpha=alpha,
        mended=len(comparison.mended),
        broken=len(comparison.broken),
        mended_examples=tuple(_example(*results[row]) for row in comparison.mended[:_SHOWN_MENDED] if row in results),
        broken_examples=tuple(_example(*results[row]) for row in comparison.broken[:_SHOWN_BROKEN] if row in results),
        tokens_before=price_before.tokens,
        tokens_after=price_after.tokens,
        usd_before=price_before.usd,
        usd_after=price_after.usd,
        hypothesis=hypothesis,
        notes=notes,
        extra=extra,
    )


def _example(before: Sequence[RowResult], after: Sequence[RowResult]) -> JsonObject:
    old, new = before[0], after[0]
    return {
        "row": new.row_id,
        "inputs": dict(new.inputs),
        "expected": new.expected,
        "before": old.output,
        "after": new.output,
    }


def _points(comparison: Comparison) -> str:
    shift, low, high = (round(100 * value) for value in (comparison.difference, comparison.low, comparison.high))
    return f"{round(100 * comparison.before)} % -> {round(100 * comparison.after)} % ({shift:+d} points [{low:+d}, {high:+d}])"


def _saved(comparison: Comparison, thrift: _Thrift) -> str:
    shift, low, high = (round(100 * value) for value in (comparison.difference, comparison.low, comparison.high))
    percent, unit = round(100 * (1 - thrift.ratio.value)), thrift.ratio.unit
    less = f"{percent} % fewer tokens" if unit == "tokens" else f"{percent} % less money"
    return f"same score ({shift:+d} [{low:+d}, {high:+d}]), {less}"
