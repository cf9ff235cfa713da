"""An optimization from its first check to its verdict: a search, the choice of what it found, one test on untouched rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adalang.optimizer.candidate import Candidate
from adalang.optimizer.cheaper import cheapen
from adalang.optimizer.choice import choose
from adalang.optimizer.earlier import Earlier
from adalang.optimizer.estimate import Estimate, estimate
from adalang.optimizer.events import Emit, EventLog, RunEvent
from adalang.optimizer.few import crossfit, hints
from adalang.optimizer.guards import anchors_of
from adalang.optimizer.headroom import little_to_gain
from adalang.optimizer.objective import measure
from adalang.optimizer.outcome import Finding, Outcome, changes_of
from adalang.optimizer.purse import Purse
from adalang.optimizer.runs import Runs, TooManyFailures
from adalang.optimizer.search import run_search
from adalang.optimizer.settings import Settings
from adalang.optimizer.ship import ship_test, why_no_more_looks
from adalang.optimizer.state import Search
from adalang.optimizer.task import CountingTask, Example, Task
from adalang.optimizer.warm import warm_start
from adalang.runtime.failures import BudgetExceeded


async def optimise(
    task: Task,
    settings: Settings | None = None,
    on_event: Emit = lambda event: None,
    before: Sequence[RunEvent] = (),
    earlier: Sequence[Earlier] = (),
) -> Outcome:
    """Searches for better values of the task's params. `before` are the events of the run that is resumed, `earlier` what other
    runs have learned on the same eval, the newest first; none of them may have used a row that is held out now.

    `on_event` is called with each event before it is acted on and must have kept it when it returns. Raises BugFailure for
    what no row and no retry would cure; a budget that is used up is no error, the search then ends with what it has.
    """
    optimisation = _Optimisation(task, settings or Settings(), EventLog(on_event, task.spent, before), earlier)
    outcome = optimisation.told(await optimisation.finding())
    optimisation.log.add("finished", kind=outcome.kind, reason=outcome.reason)
    return outcome


class _Optimisation:
    def __init__(self, task: Task, settings: Settings, log: EventLog, earlier: Sequence[Earlier]) -> None:
        self.task, self.settings, self.log, self.earlier = CountingTask(task), settings, log, earlier
        self.runs = Runs(task, 1 if task.info.deterministic else settings.repeats)
        self.purse = Purse(self.task, self.runs, log)
        self.incumbent = Candidate({param.id: param.value for param in task.info.params})
        self.searches: list[Search] = []

    async def finding(self) -> Finding:
        if not self.task.info.params:
            return Finding("nothing", "there is no param and no demos that may be changed")
        plan = estimate(self.task, self.settings)
        self.log.add(
            "started",
            mode=plan.mode,
            seed=self.settings.seed,
            incumbent=self.incumbent.key,
            values=self.incumbent.values,
            estimate=plan.lines(),
            expected=plan.numbers(),
        )
        try:
            match plan.mode:
                case "full":
                    return await self._full(plan)
                case "crossfit":
                    return await crossfit(self.task, self._begin)
                case "hints":
                    return await hints(self.task, self._begin)
        except TooManyFailures as failures:
            return Finding("void", f"the run is void: {failures}")
        except BudgetExceeded as exceeded:
            calls = self.purse.spent_before.calls
            earlier = f"; {calls} calls were spent before it was cut off" if calls else ""
            return Finding("nothing", f"the budget ran out before anything could be tested ({exceeded}{earlier})")

    async def _full(self, plan: Estimate) -> Finding:
        """With rows enough: a search on train and selection rows, and one test on rows that it never looked at."""
        if refused := self._no_test_possible(plan):
            return Finding("nothing", refused)
        search = self._begin(self.task.rows("train"), self.task.rows("val"))
        await measure(self.runs, self.incumbent, search.val, self.settings.prefer)
        await warm_start(search, self.earlier)
        # What an earlier run has found and holds today is a gain: there is no need to ask whether there could be one.
        little = "" if search.chosen_before is not None else await little_to_gain(search)
        if not little:
            await run_search(search)
        best, incumbent = await cheapen(search, await choose(search, search.val)), search.archive.incumbent
        if best.candidate == self.incumbent:
            return Finding("nothing", little, little_to_gain=True) if little else Finding.nothing_better(search)
        self.log.add(
            "chosen",
            candidate=best.candidate.key,
            mean=search.score(best),
            incumbent=search.score(incumbent),
            values=best.candidate.changes(self.incumbent),
            hypothesis=best.why(self.incumbent),
        )
        verdict = await ship_test(self.task, self.runs, self.log, incumbent, best, self.settings, anchors_of(search))
        if not verdict.better:
            return Finding("nothing", f"what looked better in the search did not hold: {verdict.reason}")
        return Finding("proposal" if verdict.ok else "hint", verdict.reason, best.candidate, verdict.evidence)

    def _no_test_possible(self, plan: Estimate) -> str:
        """Why no final test can be made, or "" with the runs for it set aside."""
        if refused := why_no_more_looks(self.task, self.settings.holdout_looks):
            return refused
        self.purse.reserve = plan.holdout * 2 * self.runs.samples
        baseline = plan.val * self.runs.samples
        if self.purse.affords(baseline):
            return ""
        seconds = self.task.remaining().seconds
        if seconds is not None and seconds <= 0:
            return "the time is used up before the first call; raise the budget's minutes"
        return (
            f"the budget is too small: the baseline on {plan.val} rows and the final test on {plan.holdout} rows need "
            f"{self.runs.price(self.purse.reserve + baseline).calls} calls"
        )

    def _begin(self, train: Sequence[Example], val: Sequence[Example]) -> Search:
        search = Search.begin(self.task, self.settings, self.log, self.runs, self.purse, self.incumbent, train, val)
        self.searches.append(search)
        return search

    def told(self, finding: Finding) -> Outcome:
        """The finding as a change of the file, with what it took."""
        usage, candidate, evidence = self.task.spent(), finding.candidate, finding.evidence
        if evidence is not None:
            evidence = replace(evidence, calls_spent=usage.calls, usd_spent=usage.usd)
        changes = changes_of(candidate, self.incumbent, self.task.info.params) if candidate is not None else ()
        rounds = sum(search.round for search in self.searches)
        made, little = self.runs.made, finding.little_to_gain
        return Outcome(finding.kind, finding.reason, changes, evidence, candidate, rounds, made, usage, little)
