"""What can be said with too few rows for a proposal: hints, never called an improvement.

Under 20 rows what looks better is a suggestion without a figure. From 20 to 59 each half of the rows selects and the other half
judges, which gives an interval, but no test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adalang.evaluation.results import RowResult
from adalang.evaluation.statistics import compare
from adalang.optimizer.archive import Entry
from adalang.optimizer.choice import choose
from adalang.optimizer.gates import alike
from adalang.optimizer.mode import LEAST_FOR_INTERVAL, more_rows
from adalang.optimizer.outcome import Finding
from adalang.optimizer.runs import mean_scores
from adalang.optimizer.search import run_search
from adalang.optimizer.ship import evidence_of
from adalang.optimizer.state import Search
from adalang.optimizer.task import Example, Task
from adalang.store.records import Evidence

Begin = Callable[[Sequence[Example], Sequence[Example]], Search]
"""A new search from the incumbent, given train and selection rows."""

_LITTLE = 1e-9


async def hints(task: Task, begin: Begin) -> Finding:
    """What looks better on the few rows that there are, without a figure."""
    train = task.rows("train")
    rows = [*task.rows("val"), *task.rows("test")] or train
    if not rows:
        return Finding("nothing", "there are no rows to learn from")
    search = begin(train or rows, rows)
    await run_search(search)
    best = search.champion
    if best is search.archive.incumbent:
        return Finding.nothing_better(search)
    reason = f"unverified suggestion: fewer than {LEAST_FOR_INTERVAL} rows prove nothing; {more_rows(task)}"
    return Finding(
        "hint",
        reason,
        best.candidate,
        Evidence(hypothesis=best.why(search.archive.incumbent.candidate), notes=("unverified",)),
    )


async def crossfit(task: Task, begin: Begin) -> Finding:
    """Each half of the rows selects, the other half judges."""
    pool = [*task.rows("val"), *task.rows("test")]
    halves = halved(pool)
    found: list[Entry] = []
    before: list[list[RowResult]] = []
    after: list[list[RowResult]] = []
    for searches_left, (selects, judges) in ((1, halves), (0, halves[::-1])):
        search = begin(task.rows("train") or selects, selects)
        # What the halves are judged on is paid for before anything is searched, and the second search gets as much as the first.
        search.purse.reserve = 2 * (len(pool) - len(after)) * search.runs.samples
        if searches_left:
            search.purse.reserve += search.purse.spare() // 2
        await run_search(search)
        best = await choose(search, selects)
        found.append(best)
        before += await search.runs.rows(search.archive.incumbent.candidate, judges)
        after += await search.runs.rows(best.candidate, judges)
    comparison = compare(mean_scores(before), mean_scores(after), seed=search.settings.seed)
    first = len(halves[1])
    gains = [_gain(before[:first], after[:first]), _gain(before[first:], after[first:])]
    best = found[0] if gains[0] >= gains[1] else found[1]
    incumbent = search.archive.incumbent.candidate
    if best.candidate == incumbent or comparison.difference <= _LITTLE:
        return Finding("nothing", "no change did better on rows that it was not chosen on")
    notes = (f"cross-fitted on {len(pool)} rows: the interval is of the way of searching, not of this change alone",)
    evidence = evidence_of(
        comparison, before, after, verified=False, alpha=None, hypothesis=best.why(incumbent), notes=notes
    )
    low, high = round(100 * comparison.low), round(100 * comparison.high)
    reason = f"unconfirmed: {100 * comparison.difference:+.0f} points [{low:+d}, {high:+d}] by cross-fitting; {more_rows(task)}"
    return Finding("hint", reason, best.candidate, evidence)


def halved(pool: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Two halves, with rows that say nearly the same in one of them: what one half has chosen, the other judges as new."""
    first, second = list[Example](), list[Example]()
    for rows in alike(pool):
        (first if len(first) <= len(second) else second).extend(rows)
    return first, second


def _gain(before: Sequence[Sequence[RowResult]], after: Sequence[Sequence[RowResult]]) -> float:
    old, new = mean_scores(before), mean_scores(after)
    shared = [new[row] - old[row] for row in old if row in new]
    return sum(shared) / len(shared) if shared else 0.0
