"""An optimization from its first check to its verdict: a search, the choice of what it found, one test on untouched rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from adalang.evaluation.results import RowResult
from adalang.evaluation.statistics import compare
from adalang.optimizer.archive import Archive, Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.edits import hunks
from adalang.optimizer.estimate import Estimate, estimate
from adalang.optimizer.events import Emit, EventLog, RunEvent
from adalang.optimizer.minimise import minimise
from adalang.optimizer.rounds import Rounds
from adalang.optimizer.runs import Runs, TooManyFailures, mean_score
from adalang.optimizer.settings import Settings
from adalang.optimizer.ship import evidence_of, looks_before, ship_test
from adalang.optimizer.task import CountingTask, Example, Param, Task
from adalang.runtime.failures import BudgetExceeded
from adalang.runtime.models.types import Usage
from adalang.store.records import Change, Evidence

Kind = Literal["proposal", "hint", "nothing", "void"]
Mode = Literal["hints", "crossfit", "full"]

LEAST_FOR_HINT_WITH_INTERVAL, LEAST_FOR_PROPOSAL = 20, 60
_FINALISTS = 2
_LITTLE = 1e-9


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an optimization ended.

    `proposal`: confirmed on untouched rows. `hint`: something better in the search, not confirmed; never to be applied by
    itself or called an improvement. `nothing`: no change is offered. `void`: too many runs got no answer, so that no
    figure can be trusted. `reason` is one sentence for a person.
    """

    kind: Kind
    reason: str
    changes: tuple[Change, ...] = ()
    evidence: Evidence | None = None
    candidate: Candidate | None = None
    rounds: int = 0
    runs: int = 0
    usage: Usage = field(default_factory=Usage)


async def optimise(
    task: Task,
    settings: Settings | None = None,
    on_event: Emit = lambda event: None,
    before: Sequence[RunEvent] = (),
) -> Outcome:
    """Searches for better values of the task's params. `before` are the events of the run that is resumed.

    `on_event` is called with each event before it is acted on and must have kept it when it returns. Raises BugFailure for
    what no row and no retry would cure; a budget that is used up is no error, the search then ends with what it has.
    """
    optimisation = _Optimisation(task, settings or Settings(), EventLog(on_event, task.spent, before))
    outcome = await optimisation.result()
    optimisation.log.add("finished", kind=outcome.kind, reason=outcome.reason)
    return outcome


class _Optimisation:
    def __init__(self, task: Task, settings: Settings, log: EventLog) -> None:
        self.task = CountingTask(task)
        self.settings = settings
        self.log = log
        self.runs = Runs(task, 1 if task.info.deterministic else settings.repeats)
        self.incumbent = Candidate({param.id: param.value for param in task.info.params})
        self._rounds: list[Rounds] = []
        self._reserve = 0
        self._left_at_start = task.remaining()
        self._spent_before = task.spent()

    async def result(self) -> Outcome:
        if not self.task.info.params:
            return self._nothing("there is no param and no demos that may be changed")
        plan = estimate(self.task, self.settings)
        mode = _mode(plan)
        self.log.add("started", mode=mode, seed=self.settings.seed, incumbent=self.incumbent.key, estimate=plan.lines())
        try:
            if mode == "full":
                return await self._full(plan)
            return await (self._crossfit() if mode == "crossfit" else self._hints())
        except TooManyFailures as failures:
            return self._ended("void", f"the run is void: {failures}")
        except BudgetExceeded as exceeded:
            before = self._spent_before.calls
            earlier = f"; {before} calls were spent before it was cut off" if before else ""
            return self._nothing(f"the budget ran out before anything could be tested ({exceeded}{earlier})")

    # -- the three modes -----------------------------------------------------------------------------------------

    async def _full(self, plan: Estimate) -> Outcome:
        if looks_before(self.task) >= self.settings.holdout_looks:
            return self._nothing(
                f"these {plan.holdout} hold-out rows have been used for {self.settings.holdout_looks} tests and prove nothing "
                "more; add fresh rows or change the data set's seed"
            )
        self._reserve = plan.holdout * 2 * self.runs.samples
        val = self.task.rows("val")
        if not self._affords(len(val) * self.runs.samples):
            return self._nothing(
                f"the budget is too small: the baseline on {len(val)} rows and the final test on {plan.holdout} rows need "
                f"{self.runs.price(self._reserve + len(val) * self.runs.samples).calls} calls"
            )
        archive = await self._search(self.task.rows("train"), val)
        best = await self._chosen(archive, val)
        if best.candidate == self.incumbent:
            return self._nothing(self._why_nothing(archive))
        self.log.add("chosen", candidate=best.candidate.key, mean=best.mean, incumbent=archive.incumbent.mean)
        verdict = await ship_test(
            self.task, self.runs, self.log, self.incumbent, best.candidate, best.hypothesis, self.settings.seed
        )
        if not verdict.better:
            return self._nothing(f"what looked better in the search did not hold: {verdict.reason}")
        return self._ended("proposal" if verdict.ok else "hint", verdict.reason, best.candidate, verdict.evidence)

    async def _crossfit(self) -> Outcome:
        """Too few rows to keep a test set: each half selects, the other half judges, and only a hint can come of it."""
        pool = [*self.task.rows("val"), *self.task.rows("test")]
        halves = pool[0::2], pool[1::2]
        found: list[Entry] = []
        before: list[list[RowResult]] = []
        after: list[list[RowResult]] = []
        for selects, judges in (halves, halves[::-1]):
            archive = await self._search(self.task.rows("train") or selects, selects)
            best = await self._chosen(archive, selects)
            found.append(best)
            before += await self.runs.rows(self.incumbent, judges)
            after += await self.runs.rows(best.candidate, judges)
        comparison = compare(_scores(before), _scores(after), seed=self.settings.seed)
        first = len(halves[1])
        gains = [_gain(before[:first], after[:first]), _gain(before[first:], after[first:])]
        best = found[0] if gains[0] >= gains[1] else found[1]
        if best.candidate == self.incumbent or comparison.difference <= _LITTLE:
            return self._nothing("no change did better on rows that it was not chosen on")
        notes = (
            f"cross-fitted on {len(pool)} rows: the interval is of the way of searching, not of this change alone",
        )
        evidence = evidence_of(
            comparison, before, after, verified=False, alpha=None, hypothesis=best.hypothesis, notes=notes
        )
        low, high = round(100 * comparison.low), round(100 * comparison.high)
        return self._ended(
            "hint",
            f"unconfirmed: {100 * comparison.difference:+.0f} points [{low:+d}, {high:+d}] by cross-fitting; "
            f"{LEAST_FOR_PROPOSAL} rows or more could confirm it",
            best.candidate,
            evidence,
        )

    async def _hints(self) -> Outcome:
        """So few rows prove nothing: what looks better is shown as a suggestion, without a figure."""
        train = self.task.rows("train")
        rows = [*self.task.rows("val"), *self.task.rows("test")] or train
        if not rows:
            return self._nothing("there are no rows to learn from")
        archive = await self._search(train or rows, rows)
        best = archive.champion
        if best.candidate == self.incumbent:
            return self._nothing(self._why_nothing(archive))
        return self._ended(
            "hint",
            f"unverified suggestion: fewer than {LEAST_FOR_HINT_WITH_INTERVAL} rows prove nothing",
            best.candidate,
            Evidence(hypothesis=best.hypothesis, notes=("unverified",)),
        )

    async def _search(self, train: Sequence[Example], val: Sequence[Example]) -> Archive:
        rounds = Rounds(self.task, self.settings, self.runs, self.log, self.incumbent, train, val, self._affords)
        self._rounds.append(rounds)
        return await rounds.run()

    @property
    def rounds(self) -> int:
        return sum(rounds.done for rounds in self._rounds)

    # -- the end -------------------------------------------------------------------------------------------------

    async def _chosen(self, archive: Archive, val: Sequence[Example]) -> Entry:
        """The entry to test: of the last champions the safest on all selection rows, without the parts that it does not need."""
        if len(archive.entries) == 1:
            return archive.incumbent
        finalists = [archive.incumbent, *archive.entries[1:][-_FINALISTS:][::-1]]
        known: list[Entry] = []
        for entry in finalists:
            if not self._affords(2 * len(val) * self.runs.samples):
                break
            entry.scores.update(await self.runs.scores(entry.candidate, val))
            known.append(entry)
        if len(known) < 2:
            return archive.champion
        best = Archive(known).safest
        if best.candidate == self.incumbent or best.mean <= archive.incumbent.mean + _LITTLE:
            return archive.incumbent
        if self.settings.simplify:
            spare = self._spare_runs()
            try:
                best = await minimise(self.runs, self.log, best, self.incumbent, val, spare)
            except BudgetExceeded:
                self.log.add("not_simplified")
        return best

    def _spare_runs(self) -> int:
        """Runs that can be made without touching the reserve; a large number where there is no limit."""
        low, high = 0, 1_000_000
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._affords(middle) else (low, middle - 1)
        return low

    def _affords(self, runs: int) -> bool:
        """Whether so many runs can be made with the final test still paid for, out of the whole budget.

        What was used so far is reckoned by what was begun, at the price of bought answers, so that a resumed run, whose first
        part is free, decides alike. Where more than that was spent (on retries, say), what was spent counts.
        """
        left, before, spent = self._left_at_start, self._spent_before, self.log.spent
        used, needed = self.runs.price(self.runs.begun), self.runs.price(runs + self._reserve)
        calls = max(used.calls + self.task.asked, spent.calls) + needed.calls
        tokens = max(used.tokens, spent.tokens) + needed.tokens
        usd = max(used.usd, spent.usd) + needed.usd
        seconds = self.task.remaining().seconds
        return (
            (left.calls is None or calls <= left.calls + before.calls)
            and (left.tokens is None or tokens <= left.tokens + before.tokens)
            and (left.usd is None or usd <= left.usd + before.usd + _LITTLE)
            and (seconds is None or seconds > 0)
        )

    def _why_nothing(self, archive: Archive) -> str:
        mean = archive.incumbent.mean
        if mean >= 1.0 - _LITTLE:
            return "every selection row is right already: there is nothing to gain"
        return f"no candidate did better than the present {round(100 * mean)} % on the selection rows"

    def _nothing(self, reason: str) -> Outcome:
        return self._ended("nothing", reason)

    def _ended(
        self, kind: Kind, reason: str, candidate: Candidate | None = None, evidence: Evidence | None = None
    ) -> Outcome:
        usage = self.task.spent()
        if evidence is not None:
            evidence = replace(evidence, calls_spent=usage.calls, usd_spent=usage.usd)
        changes = self._changes(candidate) if candidate is not None else ()
        return Outcome(kind, reason, changes, evidence, candidate, self.rounds, self.runs.made, usage)

    def _changes(self, candidate: Candidate) -> tuple[Change, ...]:
        return tuple(
            _change(param, candidate)
            for param in self.task.info.params
            if param.id in candidate.changed(self.incumbent)
        )


def _mode(plan: Estimate) -> Mode:
    rows = plan.train + plan.val + plan.holdout
    if rows >= LEAST_FOR_PROPOSAL and plan.val and plan.holdout:
        return "full"
    return "crossfit" if rows >= LEAST_FOR_HINT_WITH_INTERVAL and plan.val + plan.holdout >= 2 else "hints"


def _change(param: Param, candidate: Candidate) -> Change:
    after = candidate.values[param.id]
    if isinstance(after, str) and isinstance(param.value, str):
        parts = tuple({"before": "\n".join(h.before), "after": "\n".join(h.after)} for h in hunks(param.value, after))
        return Change(param.id, "text", param.value, after, parts)
    return Change(param.id, "demos", list(param.value), [dict(demo) for demo in candidate.demos(param.id)])


def _scores(results: Sequence[Sequence[RowResult]]) -> dict[str, float]:
    return {each[0].row_id: score for each in results if each and (score := mean_score(each)) is not None}


def _gain(before: Sequence[Sequence[RowResult]], after: Sequence[Sequence[RowResult]]) -> float:
    old, new = _scores(before), _scores(after)
    shared = [new[row] - old[row] for row in old if row in new]
    return sum(shared) / len(shared) if shared else 0.0
