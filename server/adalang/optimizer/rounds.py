"""The search: a champion, and rounds that try to beat it on as few runs as its evidence needs.

A round looks at train rows that the champion fails, asks an operator for changes, screens each change on the rows that it
speaks of, joins what passed, and lets the result duel with the champion on selection rows. Nothing is run that no decision waits
for: failing rows of earlier rounds are known already, and a duel ends as soon as its outcome is plain. All this is loose on purpose:
whether what comes out is better than the file's text is for the ship test alone to say.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Archive, Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.duel import duel, first_look
from adalang.optimizer.events import EventLog
from adalang.optimizer.gates import copied_from, outside_training
from adalang.optimizer.join import joined, on_top
from adalang.optimizer.ledger import Ledger
from adalang.optimizer.operators import all_operators
from adalang.optimizer.operators.bandit import Bandit
from adalang.optimizer.operators.base import Draft, Operator, Search
from adalang.optimizer.race import Screen, screen
from adalang.optimizer.runs import PASS, Runs, concurrently, mean_score
from adalang.optimizer.sampler import Sampler
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import CountingTask, Example
from adalang.runtime.failures import BudgetExceeded, BugFailure, Failure

Affords = Callable[[int], bool]
"""Whether so many more runs can be made with the final test still paid for."""

_DRAWN_AT_ONCE = 4
_FAILS_LEAST, _FAILS_MOST, _FAILS_SHARE = 3, 8, 16
_SCREEN_NAMED, _SCREEN_JOINED, _SCREEN_FAILS, _SCREEN_PASSES = 3, 4, 4, 4
_TECHNICAL_FAILURES = 5
_STALLED = 4
_LITTLE = 1e-9


class Rounds:
    """One search from the incumbent over train and selection rows. `done` counts its rounds."""

    def __init__(
        self,
        task: CountingTask,
        settings: Settings,
        runs: Runs,
        log: EventLog,
        incumbent: Candidate,
        train: Sequence[Example],
        val: Sequence[Example],
        affords: Affords,
    ) -> None:
        self.task, self.settings, self.runs, self.log, self.affords = task, settings, runs, log, affords
        self.incumbent = incumbent
        self.rng = random.Random(f"adalang:{settings.seed}")
        # One order for all: what is known of the champion is known of the rows on which its rivals meet it.
        self.val = self.rng.sample(list(val), len(val))
        self.champion = Entry(incumbent, {})
        self.search = Search(
            task=task,
            settings=settings,
            archive=Archive([self.champion]),
            ledger=Ledger(),
            log=log,
            rng=self.rng,
            data=copied_from([*train, *val]),
            kept_out=outside_training(train, [*val, *task.rows("test")]),
            tried={param: [value] for param, value in incumbent.values.items()},
            train=train,
        )
        self.sampler = Sampler(train, self.rng)
        self.bandit = Bandit(all_operators())
        self._broken = 0
        self._beaten: set[str] = set()
        self._weak: set[str] = set()

    @property
    def done(self) -> int:
        return self.search.round

    async def run(self) -> Archive:
        """Rounds until a stop rule holds. A budget that ends the search is no error; what was found stays."""
        try:
            while (stop := await self._stop()) is None:
                self.search.round += 1
                parent = self._parent()
                self.search.batch = await self._batch(parent)
                operator = self.bandit.pick(self.search)
                assert operator is not None  # `_stop` has seen to it
                begun, asked = self.runs.begun, self.task.asked
                gain = await self._guarded(operator, parent, self.search.batch)
                taught = (self.task.asked - asked) * self.task.info.teacher_price
                cost = self.runs.price(self.runs.begun - begun).calls + taught
                self.bandit.reward(operator.name, gain, cost)
                self.log.add("rewarded", operator=operator.name, gain=gain, cost=cost)
                self.search.idle = 0 if gain > _LITTLE else self.search.idle + 1
        except BudgetExceeded as exceeded:
            stop = f"the budget is used up ({exceeded.limit})"
        best = self.champion.mean
        self.log.add("search_ended", reason=stop, rounds=self.done, best=best, runs=self.runs.begun)
        return self.search.archive

    async def _guarded(self, operator: Operator, parent: Entry, results: Sequence[RowResult]) -> float:
        """A round's gain in rows; 0 where the teacher failed."""
        try:
            gain = await self._round(operator, parent, results)
        except BugFailure:
            raise
        except Failure as failure:
            self._broken += 1
            self.log.add("teacher_failed", error=str(failure))
            return 0.0
        self._broken = 0
        return gain

    async def _stop(self) -> str | None:
        search, settings = self.search, self.settings
        usable = [operator for operator in self.bandit.operators if operator.available(search)]
        if not usable or not search.train:
            return "there is nothing to learn from or nothing to change"
        if not self._failing(self.champion) and await self._reached():
            return "the goal is reached on the selection rows"
        if search.round >= settings.rounds:
            return f"{settings.rounds} rounds are done"
        if search.idle >= settings.patience and all(self.bandit.turns[operator.name] for operator in usable):
            return f"{search.idle} rounds brought no gain"
        if self._broken >= _TECHNICAL_FAILURES:
            return f"the teacher failed {self._broken} times in a row"
        screens = settings.hypotheses * (_SCREEN_FAILS + _SCREEN_PASSES)
        if not self.affords((settings.batch + screens) * self.runs.samples):
            return "what is left of the budget is kept for the final test"
        return None

    async def _reached(self) -> bool:
        """Whether the champion's mean over all selection rows is the goal; ends at the first row that rules it out."""
        goal = 1.0 if self.settings.goal is None else self.settings.goal
        at = 0
        while at < len(self.val):
            part = self.val[at : at + first_look(len(self.val))]
            await self._look(self.champion, part)
            at += len(part)
            lost = sum(1.0 - score for score in self.champion.scores.values())
            if lost > (1.0 - goal) * len(self.val) + _LITTLE:
                return False
        if not self.done:
            self.log.add("baseline", rows=len(self.champion.scores), mean=self.champion.mean)
        return True

    async def _look(self, entry: Entry, rows: Sequence[Example]) -> None:
        entry.scores.update(await self.runs.scores(entry.candidate, rows))

    # -- a round -------------------------------------------------------------------------------------------------

    async def _round(self, operator: Operator, parent: Entry, results: Sequence[RowResult]) -> float:
        self.log.add(
            "round",
            nth=self.done,
            operator=operator.name,
            parent=parent.candidate.key,
            batch=[result.row_id for result in results],
        )
        drafts = await operator.propose(self.search, parent, results)
        for draft in drafts:
            hypothesis = draft.hypothesis
            self.log.add("draft", candidate=draft.candidate.key, param=hypothesis.param, change=hypothesis.change)
        together = self._joined(parent, drafts)
        if together is not None:
            [(_, screened)] = await self._screens(parent, [together], results)
            if screened.strong and (gain := await self._duel(parent, together, screened, operator.name)) > 0:
                return gain
        # A change that did nothing alone may ride along again, since causes can hide each other; alone it needs new rows.
        alone = [draft for draft in drafts if self._is_new(draft, results)]
        screens = await self._screens(parent, alone, results)
        return await self._apart(parent, [one for one in screens if one[1].passed], operator.name)

    def _parent(self) -> Entry:
        """The champion; when the search stalls by turns the start again, with all that was learned, and any entry."""
        if self.search.idle < _STALLED:
            return self.champion
        if self.search.idle % 3 == 2:
            return self.search.archive.incumbent
        return self.search.archive.pick_parent(self.rng) if self.search.idle % 3 == 0 else self.champion

    async def _batch(self, parent: Entry) -> list[RowResult]:
        """What is known of the parent's train rows, with some new ones, until enough of them fail to learn from."""
        key = parent.candidate.key
        # Who brings more rows can pay for more of them.
        wanted = max(_FAILS_LEAST, min(_FAILS_MOST, len(self.val) // _FAILS_SHARE))
        drawn = 0
        while drawn < self.settings.batch:
            failing = self._failing(parent)
            if failing >= wanted and drawn >= (_DRAWN_AT_ONCE if self.search.idle else 0):
                break
            if failing >= wanted - 1 and drawn >= 2 * wanted:
                break
            rows = self.sampler.draw(key, _DRAWN_AT_ONCE)
            if not rows:
                break
            samples = await self.runs.rows(parent.candidate, rows)
            self._saw(key, rows, samples)
            drawn += len(rows)
        return self.sampler.known(key)

    def _failing(self, entry: Entry) -> int:
        """How many train rows the entry is known to fail."""
        known = self.sampler.known(entry.candidate.key)
        return sum(result.score is not None and result.score < PASS for result in known)

    def _saw(self, key: str, rows: Sequence[Example], samples: Sequence[Sequence[RowResult]]) -> None:
        for row, each in zip(rows, samples, strict=True):
            if mean_score(each) is not None:
                worst = min(each, key=lambda result: 2.0 if result.score is None else result.score)
                self.sampler.saw(key, worst)
                self.search.seen.pop(row.id, None)
                self.search.seen[row.id] = worst

    async def _screens(
        self, parent: Entry, drafts: Sequence[Draft], results: Sequence[RowResult]
    ) -> list[tuple[Draft, Screen]]:
        """Each draft on the few failing rows that it speaks of; where it names none, on some that pass too."""
        before = {result.row_id: result.score for result in results if result.score is not None}
        anchors = self.sampler.anchors()
        rows = [self._screen_rows(draft, before, anchors) for draft in drafts]
        screens = await concurrently(
            screen(self.runs, draft.candidate, own, before, anchors) for draft, own in zip(drafts, rows, strict=True)
        )
        found = []
        for draft, own, result in zip(drafts, rows, screens, strict=True):
            result = result if own else Screen(1.0, (), 1.0)
            self._saw(draft.candidate.key, own, await self.runs.rows(draft.candidate, own))
            self.log.add(
                "screened", candidate=draft.candidate.key, delta=result.delta, broke=result.broke, passed=result.passed
            )
            found.append((draft, result))
            if not result.passed and _single(draft):
                self._weak.add(draft.candidate.key)
                self.search.ledger.add(draft.hypothesis, "screen", result.delta)
        return sorted(found, key=lambda one: -one[1].delta)

    def _is_new(self, draft: Draft, results: Sequence[RowResult]) -> bool:
        """Whether a change was not screened alone before, or speaks of failing rows that it was not run on."""
        known = {result.row_id for result in self.sampler.known(draft.candidate.key)}
        failing = {result.row_id for result in results if result.score is not None and result.score < PASS}
        return draft.candidate.key not in self._weak or not failing & set(draft.hypothesis.rows) <= known

    def _screen_rows(self, draft: Draft, before: dict[str, float], anchors: frozenset[str]) -> list[Example]:
        usable = [row for row in self.sampler.rows if row.id in before and row.id not in draft.uses]
        named = [row for row in usable if row.id in draft.hypothesis.rows and before[row.id] < PASS]
        if named:
            known = {result.row_id for result in self.sampler.known(draft.candidate.key)}
            named.sort(key=lambda row: row.id in known)
            return named[: _SCREEN_NAMED if _single(draft) else _SCREEN_JOINED]
        fails = [row for row in usable if before[row.id] < PASS]
        passes = sorted((row for row in usable if before[row.id] >= PASS), key=lambda row: row.id not in anchors)
        return fails[:_SCREEN_FAILS] + passes[:_SCREEN_PASSES]

    # -- trials --------------------------------------------------------------------------------------------------

    def _joined(self, parent: Entry, drafts: Sequence[Draft]) -> Draft | None:
        together = joined(parent.candidate, drafts)
        if together is not None:
            self.log.add("joined", candidate=together.candidate.key, drafts=[draft.candidate.key for draft in drafts])
        return together

    async def _apart(self, parent: Entry, screens: Sequence[tuple[Draft, Screen]], operator: str) -> float:
        """Those that did well alone, together; if that fails, one on top of the other, as long as each is a gain."""
        best = [(draft, screened) for draft, screened in screens if screened.strong] or screens[:1]
        together = self._joined(parent, [draft for draft, _ in best])
        if together is not None and (gain := await self._duel(parent, together, best[0][1], operator)) > 0:
            return gain
        total, base = 0.0, parent
        for draft, screened in best:
            on_base = draft if base is parent else on_top(base.candidate, draft)
            if on_base is not None and (gain := await self._duel(base, on_base, screened, operator)) > 0:
                total, base = total + gain, self.champion
        return total

    async def _duel(self, parent: Entry, draft: Draft, screened: Screen, operator: str) -> float:
        """The draft against its parent, and against the champion if that is another. The gain in rows, 0 if it lost.

        What the draft has mended among the train rows counts in its favour, but cannot win alone.
        """
        if draft.candidate.key in self._beaten:
            return 0.0
        rivals = [parent] if parent.candidate == self.champion.candidate else [parent, self.champion]
        child = Entry(draft.candidate, {}, draft.hypothesis.change, operator)
        gain = 0.0
        for rival in rivals:
            if not self.affords(2 * len(self.val) * self.runs.samples):
                return 0.0
            result = await duel(self.runs, child, rival, self.val, screened.changes if screened.strong else ())
            self.log.add(
                "raced",
                candidate=child.candidate.key,
                against=rival.candidate.key,
                delta=result.delta,
                rows=result.rows,
                accepted=result.won,
            )
            if not result.won:
                self._beaten.add(draft.candidate.key)
                if _single(draft):
                    self.search.ledger.add(draft.hypothesis, "val", result.delta)
                return 0.0
            gain = result.delta or screened.delta
            if result.broken:
                # Answers that vary have favoured the winner on these rows: its next rivals meet it on others.
                self.val.sort(key=lambda row: row.id in child.scores)
        self._crown(child)
        return gain

    def _crown(self, child: Entry) -> None:
        self.search.archive.add(child)
        self.champion = child
        values = {param: child.candidate.values[param] for param in child.candidate.changed(self.incumbent)}
        self.log.add("best", candidate=child.candidate.key, mean=child.mean, rows=len(child.scores), values=values)


def _single(draft: Draft) -> bool:
    """Whether it is one change: that several together fail says nothing about any of them."""
    return bool(draft.edits or draft.uses)
