"""Scored runs, remembered: no candidate is run twice on the same row and sample within one optimization."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from adalang.evaluation.results import RowResult
from adalang.optimizer.busy import Busy
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Example, Task
from adalang.runtime.models.types import Usage

T = TypeVar("T")

PASS = 0.9
"""The score from which a row counts as passed."""

_VOID_SHARE, _VOID_LEAST = 0.2, 10


class TooManyFailures(Exception):
    """More than a fifth of the runs got no answer: the figures of such a run say nothing."""

    def __init__(self, failed: int, made: int, example: str) -> None:
        super().__init__(f"{failed} of {made} runs got no answer from the model ({example})")


class Runs:
    """Runs candidates on rows, `samples` times each, and keeps count of what it took."""

    def __init__(self, task: Task, samples: int = 1) -> None:
        self._task = task
        self._known: dict[tuple[str, str, int], RowResult] = {}
        self._begun: set[tuple[str, str, int]] = set()
        self.samples = samples
        self.busy = Busy(lambda: task.remaining().seconds)
        self.value: Callable[[Sequence[RowResult]], float | None] = mean_score
        """What candidates are compared by in the search: the score, unless `judge_by` has said otherwise."""
        self.most = 1.0
        self._priced: set[tuple[str, str, int]] = set()
        self._price = Usage()
        self.made = 0
        self._failed: set[tuple[str, str, int]] = set()

    async def row(self, candidate: Candidate, row: Example, first: int = 0) -> list[RowResult]:
        """The row's results, one for each sample from `first` on, in their order. Nothing is thought of those without an answer."""
        return await concurrently(self._once(candidate, row, first + nth) for nth in range(self.samples))

    async def rows(self, candidate: Candidate, rows: Sequence[Example], first: int = 0) -> list[list[RowResult]]:
        """The results of all rows, in the order of `rows`; all of them at the same time.

        Raises TooManyFailures as soon as more than a fifth of all runs begun have got no answer.
        """
        results = await concurrently(self.counted_row(candidate, row, first) for row in rows)
        for result in (result for each in results for result in each if result.score is not None):
            place = (candidate.key, result.row_id, result.sample)
            if place not in self._priced:
                self._priced.add(place)
                self._price += result.answer_usage
        return results

    async def counted_row(self, candidate: Candidate, row: Example, first: int = 0) -> list[RowResult]:
        """As `row`, for one of rows that begin together and are all waited for: a run without an answer counts as a failure.

        It counts against all runs begun, those still open too, so that it does not matter which one ends first. In a chunk of a
        race it counts only once the chunk is done: which calls of one that is given up have ended by then is a matter of luck.
        """
        results = await self.row(candidate, row, first)
        for result in results:
            place = (candidate.key, row.id, result.sample)
            if result.score is None and place not in self._failed:
                self._failed.add(place)
                if self.begun >= _VOID_LEAST and self.failed > _VOID_SHARE * self.begun:
                    raise TooManyFailures(self.failed, self.begun, result.error or "no message")
        return results

    async def scores(self, candidate: Candidate, rows: Sequence[Example], first: int = 0) -> dict[str, float]:
        """`mean_scores` of these rows."""
        return mean_scores(await self.rows(candidate, rows, first))

    def known_score(self, candidate: Candidate, rows: Collection[str]) -> float:
        """The mean score over the rows (ids) on which a candidate was run; 0 where there are none."""
        scores = [score for row in rows if (score := self._score(candidate, row)) is not None]
        return sum(scores) / len(scores) if scores else 0.0

    def known_gain(self, candidate: Candidate, rival: Candidate, rows: Collection[str]) -> float:
        """The sum of score differences over the rows (ids) on which both were run."""
        pairs = [(self._score(candidate, row), self._score(rival, row)) for row in rows]
        return sum(new - old for new, old in pairs if new is not None and old is not None)

    def _score(self, candidate: Candidate, row: str) -> float | None:
        known = [self._known.get((candidate.key, row, nth)) for nth in range(self.samples)]
        return mean_score([one for one in known if one is not None])

    def judge_by(self, value: Callable[[Sequence[RowResult]], float | None], most: float) -> None:
        """Compare candidates by another value of a row's results, which is never more than `most`."""
        self.value, self.most = value, most

    async def values(self, candidate: Candidate, rows: Sequence[Example]) -> dict[str, float]:
        """What the search compares by, by row id; rows that got no answer are left out."""
        valued = zip(rows, await self.rows(candidate, rows), strict=True)
        return {row.id: value for row, results in valued if (value := self.value(results)) is not None}

    def price(self, runs: int) -> Usage:
        """What so many runs cost when their answers are bought, by the mean so far.

        Like `begun` it hangs on no timing and on no cache: only runs that were waited for count.
        """
        known, total = len(self._priced), self._price
        if not known:
            return Usage(calls=math.ceil(runs * self._task.info.calls_per_run))
        return Usage(-(-total.calls * runs // known), 0, -(-total.tokens * runs // known), 0, total.usd * runs / known)

    @property
    def failed(self) -> int:
        """Runs without an answer, among those that were waited for."""
        return len(self._failed)

    @property
    def begun(self) -> int:
        """Runs that were begun, cancelled ones too. Unlike what was paid, it hangs on no timing and on no cache."""
        return len(self._begun)

    async def _once(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        place = (candidate.key, row.id, sample)
        self._begun.add(place)
        if place not in self._known:
            with self.busy.run():
                result = await self._task.run(candidate, row, sample)
                if result.usage.calls:
                    self.busy.buy()
            self._known[place] = result
            self.made += 1
        return self._known[place]


def failing(results: Iterable[RowResult]) -> list[RowResult]:
    """The results that got an answer which did not pass."""
    return [result for result in results if result.score is not None and result.score < PASS]


def passing(results: Iterable[RowResult]) -> list[RowResult]:
    """The results that passed."""
    return [result for result in results if result.score is not None and result.score >= PASS]


def mean_scores(results: Iterable[Sequence[RowResult]]) -> dict[str, float]:
    """Mean scores by row id. Rows that got no answer are left out, never scored."""
    return {each[0].row_id: score for each in results if each and (score := mean_score(each)) is not None}


def mean_score(results: Sequence[RowResult]) -> float | None:
    """The mean over a row's samples; None if none of them got an answer."""
    scores = [result.score for result in results if result.score is not None]
    return sum(scores) / len(scores) if scores else None


async def concurrently(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in the order given. The first failure cancels the rest, waits for them, and is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        await cancel(tasks)
        raise


async def cancel(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancels what is still running and waits until it has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
