"""The one test that lets a proposal out: best against incumbent, on rows that the search has never looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adalang.evaluation.results import RowResult
from adalang.evaluation.statistics import Comparison, compare, ship_alpha
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.events import EventLog
from adalang.optimizer.runs import Runs, TooManyFailures, mean_score
from adalang.optimizer.task import Example, Task
from adalang.runtime.models.types import Usage
from adalang.store.records import Evidence, HoldoutLook, JsonObject

_SHOWN_MENDED, _SHOWN_BROKEN = 2, 2
_MORE_UNREADABLE = 0.02
_LEAST_ANSWERED = 0.8


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ok`: the proposal may be called an improvement; `better`: it did at least better, proven or not.

    `reason` says what was shown, or why it is not enough.
    """

    ok: bool
    better: bool
    reason: str
    evidence: Evidence


def looks_before(task: Task) -> int:
    """How many tests other runs have made on this hold-out."""
    return sum(look.run_id != task.info.run_id for look in task.looks())


async def ship_test(
    task: Task, runs: Runs, log: EventLog, incumbent: Candidate, best: Candidate, hypothesis: str, seed: int
) -> Verdict:
    """Runs both on all hold-out rows and decides. The look is counted before its result is used.

    A look belongs to a run and its candidate: the same test repeated by a resumed run is no new one, another candidate is.
    The k-th test on a hold-out has the level alpha_k, and its interval the confidence 1 - alpha_k, so that over all tests
    on the same rows both errors together stay below 5 %.
    """
    rows = task.rows("test")
    looks, info = task.looks(), task.info
    own = next((look for look in looks if (look.run_id, look.candidate) == (info.run_id, best.key)), None)
    alpha = own.alpha if own else ship_alpha(len(looks) + 1)
    before, after = await runs.rows(incumbent, rows), await runs.rows(best, rows)
    comparison = compare(_means(rows, before), _means(rows, after), confidence=1 - alpha, seed=seed)
    if comparison.n < _LEAST_ANSWERED * len(rows):
        raise TooManyFailures(len(rows) - comparison.n, len(rows), "in the final test")
    if own is None:
        task.record_look(HoldoutLook(info.holdout, info.eval, info.run_id, best.key, comparison.p, alpha))
    log.add("ship_test", n=comparison.n, before=comparison.before, after=comparison.after, p=comparison.p, alpha=alpha)
    unreadable = _unreadable(after) - _unreadable(before)
    if comparison.p > alpha:
        reason = (
            f"{_points(comparison)} on {comparison.n} held-out examples, which luck alone can give "
            f"(p = {comparison.p:.3f}, needed {alpha:.3f})"
        )
    elif unreadable > _MORE_UNREADABLE:
        reason = f"{_points(comparison)}, but {round(100 * unreadable)} % more answers cannot be read"
    else:
        reason = f"{_points(comparison)} on {comparison.n} held-out examples"
    ok = comparison.p <= alpha and unreadable <= _MORE_UNREADABLE
    evidence = evidence_of(comparison, before, after, verified=ok, alpha=alpha, hypothesis=hypothesis)
    return Verdict(ok, comparison.difference > 0, reason, evidence)


def evidence_of(
    comparison: Comparison,
    before: Sequence[Sequence[RowResult]],
    after: Sequence[Sequence[RowResult]],
    *,
    verified: bool,
    alpha: float | None,
    hypothesis: str,
    notes: tuple[str, ...] = (),
) -> Evidence:
    """The comparison as a proposal keeps it; what the search cost is filled in by the loop."""
    results = {side[0].row_id: (first, side) for first, side in zip(before, after, strict=True) if side}
    tokens_before, usd_before = _price(before)
    tokens_after, usd_after = _price(after)
    return Evidence(
        verified=verified,
        holdout_n=comparison.n,
        before=comparison.before,
        after=comparison.after,
        low=comparison.low,
        high=comparison.high,
        p=comparison.p,
        alpha=alpha,
        mended=len(comparison.mended),
        broken=len(comparison.broken),
        mended_examples=tuple(_example(*results[row]) for row in comparison.mended[:_SHOWN_MENDED] if row in results),
        broken_examples=tuple(_example(*results[row]) for row in comparison.broken[:_SHOWN_BROKEN] if row in results),
        tokens_before=tokens_before,
        tokens_after=tokens_after,
        usd_before=usd_before,
        usd_after=usd_after,
        hypothesis=hypothesis,
        notes=notes,
        extra={"method": comparison.method, "confidence": 1 - alpha if alpha is not None else 0.95},
    )


def _means(rows: Sequence[Example], results: Sequence[Sequence[RowResult]]) -> dict[str, float]:
    scored = ((row.id, mean_score(each)) for row, each in zip(rows, results, strict=True))
    return {row: score for row, score in scored if score is not None}


def _unreadable(results: Sequence[Sequence[RowResult]]) -> float:
    flat = [result for each in results for result in each if result.score is not None]
    return sum(result.status == "unreadable" for result in flat) / len(flat) if flat else 0.0


def _price(results: Sequence[Sequence[RowResult]]) -> tuple[float, float]:
    """Mean (tokens, USD) of a run, as its answers cost when they were bought."""
    bought = [result.answer_usage for each in results for result in each if result.score is not None]
    total = sum(bought, Usage())
    return (total.tokens / len(bought), total.usd / len(bought)) if bought else (0.0, 0.0)


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
