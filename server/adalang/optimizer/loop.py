"""The search: rounds of feedback, hypotheses, edits, gates and races, then one test on untouched rows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from adalang.evaluation.results import RowResult
from adalang.evaluation.statistics import compare
from adalang.optimizer.archive import Archive, Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.edits import Edit, EditRefused, apply_edits, hunks
from adalang.optimizer.estimate import Estimate, estimate
from adalang.optimizer.events import Emit, EventLog, RunEvent
from adalang.optimizer.gates import copied_from, outside_training
from adalang.optimizer.ledger import Hypothesis, Ledger
from adalang.optimizer.minimise import minimise
from adalang.optimizer.operators import Bandit, ChooseDemos, Draft, EditText, Operator, Search
from adalang.optimizer.race import Race, race, screen
from adalang.optimizer.runs import PASS, Runs, TooManyFailures, concurrently, mean_score
from adalang.optimizer.sampler import Sampler
from adalang.optimizer.settings import Settings
from adalang.optimizer.ship import evidence_of, looks_before, ship_test
from adalang.optimizer.task import Example, Param, Task
from adalang.runtime.failures import BudgetExceeded, BugFailure, Failure
from adalang.runtime.models.types import Usage
from adalang.store.records import Change, Evidence

Kind = Literal["proposal", "hint", "nothing", "void"]
Mode = Literal["hints", "crossfit", "full"]

LEAST_FOR_HINT_WITH_INTERVAL, LEAST_FOR_PROPOSAL = 20, 60
_SCREEN_FAILS, _SCREEN_PASSES = 4, 4
_TECHNICAL_FAILURES = 5
_STALLED = 2
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
        self.task = task
        self.settings = settings
        self.log = log
        self.runs = Runs(task, 1 if task.info.deterministic else settings.repeats)
        self.incumbent = Candidate({param.id: param.value for param in task.info.params})
        self.rounds = 0
        self._reserve = 0
        self._left_at_start = task.remaining()
        self._spent_before = task.spent()
        self._teacher_calls = 0.0

    async def result(self) -> Outcome:
        if not self.task.info.params:
            return self._nothing("there is no param and no demos that may be changed")
        plan = estimate(self.task, self.settings)
        mode = _mode(plan)
        self._teacher_calls = plan.teacher_calls / max(1, self.settings.rounds)
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
        best = archive.safest
        if best.candidate == self.incumbent:
            return self._nothing(self._why_nothing(archive))
        return self._ended(
            "hint",
            f"unverified suggestion: fewer than {LEAST_FOR_HINT_WITH_INTERVAL} rows prove nothing",
            best.candidate,
            Evidence(hypothesis=best.hypothesis, notes=("unverified",)),
        )

    # -- the search ----------------------------------------------------------------------------------------------

    async def _search(self, train: Sequence[Example], val: Sequence[Example]) -> Archive:
        """Rounds until a stop rule holds. A budget that ends the search is no error; what was found stays."""
        baseline = await self.runs.scores(self.incumbent, val)
        archive = Archive([Entry(self.incumbent, baseline)])
        self.log.add("baseline", rows=len(baseline), mean=archive.incumbent.mean)
        rng = random.Random(f"adalang:{self.settings.seed}")
        search = Search(
            task=self.task,
            settings=self.settings,
            archive=archive,
            ledger=Ledger(),
            log=self.log,
            rng=rng,
            data=copied_from([*train, *val]),
            kept_out=outside_training(train, [*val, *self.task.rows("test")]),
            tried={param: [value] for param, value in self.incumbent.values.items()},
            train=train,
        )
        sampler = Sampler(train, rng)
        bandit = Bandit([EditText(), ChooseDemos()])
        broken = 0
        try:
            while (stop := self._stop(search, bandit, broken)) is None:
                search.round += 1
                self.rounds += 1
                best = archive.best.mean
                begun = self.runs.begun
                operator = bandit.pick(search, stalled=search.idle > 0)
                assert operator is not None  # `_stop` has seen to it
                try:
                    await self._round(search, sampler, operator, val)
                    broken = 0
                except BugFailure:
                    raise
                except Failure as failure:
                    broken += 1
                    self.log.add("teacher_failed", error=str(failure))
                gain = archive.best.mean - best
                bandit.reward(operator.name, gain * len(val), self.runs.begun - begun)
                search.idle = 0 if gain > _LITTLE else search.idle + 1
        except BudgetExceeded as exceeded:
            stop = f"the budget is used up ({exceeded.limit})"
        self.log.add("search_ended", reason=stop, rounds=search.round, best=archive.best.mean, runs=self.runs.begun)
        return archive

    def _stop(self, search: Search, bandit: Bandit, broken: int) -> str | None:
        settings, best = self.settings, search.archive.best.mean
        usable = [operator for operator in bandit.operators if operator.available(search)]
        if not usable or not search.train:
            return "there is nothing to learn from or nothing to change"
        if best >= (1.0 if settings.goal is None else settings.goal) - _LITTLE:
            return "the goal is reached on the selection rows"
        if search.round >= settings.rounds:
            return f"{settings.rounds} rounds are done"
        if search.idle >= settings.patience and all(bandit.turns[operator.name] for operator in usable):
            return f"{search.idle} rounds brought no gain"
        if broken >= _TECHNICAL_FAILURES:
            return f"the teacher failed {broken} times in a row"
        if not self._affords(
            (settings.batch + settings.hypotheses * (_SCREEN_FAILS + _SCREEN_PASSES)) * self.runs.samples
        ):
            return "what is left of the budget is kept for the final test"
        return None

    async def _round(self, search: Search, sampler: Sampler, operator: Operator, val: Sequence[Example]) -> None:
        parent = self._parent(search)
        batch = sampler.batch(self.settings.batch)
        self.log.add(
            "round",
            nth=search.round,
            operator=operator.name,
            parent=parent.candidate.key,
            batch=[row.id for row in batch],
        )
        samples = await self.runs.rows(parent.candidate, batch)
        results = [each[0] for each in samples]
        scores = {
            row.id: score for row, each in zip(batch, samples, strict=True) if (score := mean_score(each)) is not None
        }
        sampler.saw(parent.candidate.key, scores)
        for result in results:
            search.seen.pop(result.row_id, None)
            search.seen[result.row_id] = result
        drafts = await operator.propose(search, parent, _worst_samples(samples))
        for draft in drafts:
            self.log.add(
                "draft", candidate=draft.candidate.key, param=draft.hypothesis.param, change=draft.hypothesis.change
            )
        screened = await self._screen_all(search, sampler, drafts, batch, scores)
        if not await self._race_joined(search, parent, screened, val):
            accepted = await self._race_all(search, operator.name, parent, screened, val)
            if len(accepted) < len(screened):
                await self._race_joined(search, parent, [draft for draft, _ in accepted], val)

    @staticmethod
    def _parent(search: Search) -> Entry:
        """One of the best; when the search stalls by turns the start again, with all that was learned, and any entry."""
        if search.idle >= _STALLED and search.idle % 2 == 0:
            return search.archive.incumbent
        return search.archive.pick_parent(search.rng, wide=search.idle >= _STALLED)

    async def _screen_all(
        self,
        search: Search,
        sampler: Sampler,
        drafts: Sequence[Draft],
        batch: Sequence[Example],
        parent: Mapping[str, float],
    ) -> list[Draft]:
        """The drafts that do better on a few rows: those that their hypothesis speaks of, and some that must stay right."""
        anchors = sampler.anchors()
        rows = [_screen_rows(draft, batch, parent, anchors) for draft in drafts]
        screens = await concurrently(
            screen(self.runs, draft.candidate, own, parent, anchors) for draft, own in zip(drafts, rows, strict=True)
        )
        left = []
        for draft, own, result in zip(drafts, rows, screens, strict=True):
            passed = result.passed or not own
            self.log.add(
                "screened", candidate=draft.candidate.key, delta=result.delta, broke=result.broke, passed=passed
            )
            if passed:
                left.append(draft)
            else:
                search.ledger.add(draft.hypothesis, "screen", result.delta)
        return left

    async def _race_all(
        self, search: Search, operator: str, parent: Entry, drafts: Sequence[Draft], val: Sequence[Example]
    ) -> list[tuple[Draft, Race]]:
        """Races side by side, each over the rows in an order of its own; the accepted ones, best first."""
        while drafts and not self._affords(len(drafts) * len(val) * self.runs.samples):
            drafts = drafts[:-1]
        orders = [search.rng.sample(list(val), len(val)) for _ in drafts]
        races = await concurrently(
            race(self.runs, draft.candidate, order, parent.scores, chunk=self.settings.chunk)
            for draft, order in zip(drafts, orders, strict=True)
        )
        accepted = []
        for draft, result in zip(drafts, races, strict=True):
            good = result.finished and (result.delta > _LITTLE or search.archive.solves_new(result.scores))
            self.log.add("raced", candidate=draft.candidate.key, delta=result.delta, rows=result.rows, accepted=good)
            if good:
                before = search.archive.safest.candidate
                search.archive.add(Entry(draft.candidate, result.scores, draft.hypothesis.change, operator))
                if (best := search.archive.safest).candidate != before:
                    self.log.add("best", candidate=best.candidate.key, mean=best.mean, values={param: best.candidate.values[param] for param in best.candidate.changed(self.incumbent)})
                if result.delta > _LITTLE:
                    accepted.append((draft, result))
            else:
                search.ledger.add(draft.hypothesis, "val", result.delta)
        return sorted(accepted, key=lambda one: -one[1].delta)

    async def _race_joined(
        self, search: Search, parent: Entry, drafts: Sequence[Draft], val: Sequence[Example]
    ) -> bool:
        """Races all drafts together, as one candidate. Whether it did better than the best of the archive.

        One race then does the work of many; what in it does not help is taken out at the end (`minimise`).
        """
        joined = _joined(parent, drafts)
        if joined is None or not self._affords(len(val) * self.runs.samples):
            return False
        param = joined.hypothesis.param
        search.note_tried(param, joined.candidate.values[param])
        best = search.archive.best.mean
        self.log.add("joined", candidate=joined.candidate.key, drafts=[draft.candidate.key for draft in drafts])
        await self._race_all(search, "join", parent, [joined], val)
        return search.archive.best.mean > best + _LITTLE

    # -- the end -------------------------------------------------------------------------------------------------

    async def _chosen(self, archive: Archive, val: Sequence[Example]) -> Entry:
        """The entry to test: the safest, run again where answers vary, and without the parts that it does not need."""
        best = archive.safest
        if best.candidate == self.incumbent or best.mean <= archive.incumbent.mean + _LITTLE:
            return archive.incumbent
        if not self.task.info.deterministic:
            best = await self._seen_again(archive, val)
        if best.candidate != self.incumbent and self.settings.simplify:
            spare = self._spare_runs()
            try:
                best = await minimise(self.runs, self.log, best, self.incumbent, val, spare)
            except BudgetExceeded:
                self.log.add("not_simplified")
        return best

    async def _seen_again(self, archive: Archive, val: Sequence[Example]) -> Entry:
        """The better of the two safest entries and the incumbent after fresh samples: the lucky one loses its luck."""
        ranked = sorted(archive.entries[1:], key=lambda entry: entry.mean - 0.5 * entry.standard_error, reverse=True)[
            :2
        ]
        fresh = [archive.incumbent]
        for entry in ranked:
            if not self._affords(len(val) * self.runs.samples):
                return archive.safest
            again = await self.runs.scores(entry.candidate, val, first=self.runs.samples)
            both = {row: (score + again.get(row, score)) / 2 for row, score in entry.scores.items()}
            fresh.append(replace(entry, scores=both))
        return max(fresh, key=lambda entry: entry.mean)

    def _spare_runs(self) -> int:
        """Runs that can be made without touching the reserve; a large number where there is no limit."""
        low, high = 0, 1_000_000
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._affords(middle) else (low, middle - 1)
        return low

    def _affords(self, runs: int) -> bool:
        """Whether so many runs can be made with the final test still paid for, out of the whole budget.

        What was used so far is reckoned by the runs begun, at the price of bought answers, so that a resumed run, whose first
        part is free, decides alike. Where more than that was spent (on retries, say), what was spent counts.
        """
        left, before, spent = self._left_at_start, self._spent_before, self.log.spent
        used, needed = self.runs.price(self.runs.begun), self.runs.price(runs + self._reserve)
        calls = max(used.calls + self.rounds * self._teacher_calls, spent.calls) + needed.calls
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


def _screen_rows(
    draft: Draft, batch: Sequence[Example], parent: Mapping[str, float], anchors: frozenset[str]
) -> list[Example]:
    usable = [row for row in batch if row.id in parent and row.id not in draft.uses]
    fails = sorted(
        (row for row in usable if parent[row.id] < PASS), key=lambda row: row.id not in draft.hypothesis.rows
    )
    passes = sorted((row for row in usable if parent[row.id] >= PASS), key=lambda row: row.id not in anchors)
    return fails[:_SCREEN_FAILS] + passes[:_SCREEN_PASSES]


def _worst_samples(samples: Sequence[Sequence[RowResult]]) -> list[RowResult]:
    """Of each row the sample with the lowest score: that is the one to learn from."""
    return [min(each, key=lambda result: 2.0 if result.score is None else result.score) for each in samples]


def _joined(parent: Entry, drafts: Sequence[Draft]) -> Draft | None:
    """All changes on top of each other, or None if there are not at least two that fit together."""
    together, used = parent.candidate, []
    for draft in drafts:
        param = draft.hypothesis.param
        if together.values[param] == parent.candidate.values[param]:
            together = together.with_value(param, draft.candidate.values[param])
            used.append(draft)
        elif draft.edits and (text := _on_top(together.text(param), draft.edits)) is not None:
            together = together.with_value(param, text)
            used.append(draft)
    if len(used) < 2:
        return None
    changes = " ".join(draft.hypothesis.change for draft in used)
    hypothesis = Hypothesis(used[0].hypothesis.param, "Several causes at once.", changes)
    return Draft(together, hypothesis, (), frozenset().union(*(draft.uses for draft in used)))


def _on_top(text: str, edits: Sequence[Edit]) -> str | None:
    """The text with the edits, or None if they do not fit it (any more) or bring nothing that it does not say already."""
    there = set(text.splitlines())
    if all(set(edit.text.splitlines()) <= there for edit in edits):
        return None
    try:
        return apply_edits(text, edits)
    except EditRefused:
        return None


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
