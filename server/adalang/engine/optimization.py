"""One optimization of a file: its log, its account, what it learns from earlier ones, and the proposal that it keeps."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from adalang.engine.earlier import earlier_runs, keep_ground
from adalang.engine.file_task import FileTask
from adalang.engine.forecast import Cost, check_money, cost_lines, cost_of, held_line
from adalang.engine.locks import alone
from adalang.engine.logs import kept_events
from adalang.engine.plan import OptimizePlan
from adalang.engine.proposals import rests_on
from adalang.evaluation.plan import eval_plan
from adalang.language.fingerprint import disk_hash, ground
from adalang.language.program import Program
from adalang.optimizer.estimate import Estimate, estimate
from adalang.optimizer.events import RunEvent
from adalang.optimizer.loop import optimise
from adalang.optimizer.outcome import Outcome
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.types import Usage
from adalang.store.records import Evidence, Proposal

if TYPE_CHECKING:
    from adalang.engine.session import Session

_RUNS_ALREADY = "this optimization is running already, in another process; wait for it or stop it"

OnEvent = Callable[[RunEvent, Usage], None]
OnBegin = Callable[[str, Budget], None]


@dataclass(frozen=True, slots=True)
class OptimizeResult:
    """``proposal`` is in the store already; a hint is one whose evidence is not verified. ``run_id`` names the log. ``cuts`` tell
    what was left out to fit models' windows, as :class:`adalang.evaluation.cuts.Cuts` does; a proposal's notes have them too.
    """

    outcome: Outcome
    proposal: Proposal | None
    run_id: str
    resumed: bool
    usage: Usage
    seconds: float
    cuts: Sequence[str] = ()


@dataclass(frozen=True)
class Optimization:
    """What a plan asks for, with a session's store and models. Its rows are read, and its options checked, once."""

    session: Session
    program: Program
    plan: OptimizePlan

    @cached_property
    def estimate(self) -> Estimate:
        """The calls that it should take, part by part."""
        return estimate(self._task, self.plan.search)

    @property
    def most_usd(self) -> float | None:
        """The money that it should take at the most; ``None`` without a known price."""
        return self._cost.usd[1] if self._cost.usd is not None else None

    async def forecast(self) -> list[str]:
        """What it should take, of what, for how much, and what is paid for already: in sentences, without a call."""
        held = await held_line(self._task)
        return [*self.estimate.lines(), *cost_lines(self._cost, self.plan, self.estimate), *([held] if held else [])]

    def check_money(self) -> None:
        """Refuse a bound in money alone that cannot be held; makes no call.

        Raises:
            BugFailure: a model's price is not known.
        """
        check_money(self._cost, self.plan)

    async def run(
        self,
        *,
        on_event: OnEvent = lambda event, usage: None,
        on_begin: OnBegin = lambda run_id, budget: None,
        fresh: bool = False,
    ) -> OptimizeResult:
        """Search, test, and keep what was found as a proposal. A run that was cut off goes on where it stopped.

        Args:
            on_event: called with each event once it is kept, and with what has been spent.
            on_begin: called once before the first event, with the run's id and its budget, to look at while it runs.
            fresh: learn nothing from earlier runs of this eval; else what they have found is tried first.

        Raises:
            BugFailure: the file, its data or a key is wrong, or the budget is in money alone and a price is not known.
        """
        self.check_money()
        key = self._plan_key()
        # Two on the same search would pay for it twice and mix their logs.
        async with alone(self.session.store.root, key, _RUNS_ALREADY):
            return await self._run(key, on_event, on_begin, fresh)

    @cached_property
    def _task(self) -> FileTask:
        return self.session.task(self.program, self.plan, Budget())

    @cached_property
    def _cost(self) -> Cost:
        return cost_of(self._task, self.estimate)

    async def _run(self, key: str, on_event: OnEvent, on_begin: OnBegin, fresh: bool) -> OptimizeResult:
        started = time.monotonic()
        store, plan, prepared = self.session.store, self.plan, self._task
        running = store.find_run(key)
        record = running or store.start_optimization(store.relative(self.program.path), plan.eval, key)
        before = kept_events(store, record.run_id)
        budget = self._account(record.run_id, before[-1].spent if before else Usage())
        task = prepared.with_budget(budget, record.run_id)
        own_ground = self._ground()
        keep_ground(store, record, own_ground, task)
        on_begin(record.run_id, budget)

        def keep(event: RunEvent) -> None:
            if not event.replayed:
                if event.seq <= len(before):  # it differs from the one in the log, which then says nothing any more
                    store.cut_events(record.run_id, after=event.seq - 1)
                store.append_event(record.run_id, event.kind, event.payload, asdict(event.spent), event.time)
            on_event(event, budget.spent)

        try:
            earlier = () if fresh else earlier_runs(store, record, own_ground, task, before)
            outcome = await optimise(task, plan.search, keep, before, earlier)
        except BugFailure:
            store.end_optimization(record.run_id, "failed")
            raise
        finally:
            task.scorer.python.give_back()
        cuts = tuple(task.cuts.lines)
        proposal = self._keep_proposal(outcome, record.run_id, budget.spent, cuts)
        store.end_optimization(record.run_id, "finished")
        return OptimizeResult(
            outcome, proposal, record.run_id, running is not None, budget.spent, time.monotonic() - started, cuts
        )

    def _account(self, run_id: str, logged: Usage) -> Budget:
        """The run's budget, of which is gone what the processes before this one have paid and the time that they took.

        The account in the store is exact to the call; the log, which is written between calls, knows only of the cached ones.
        """
        store, plan = self.session.store, self.plan
        seconds = plan.minutes * 60 if plan.minutes is not None else None
        elapsed = store.elapsed(run_id)
        budget = Budget(plan.calls, plan.tokens, plan.usd, seconds, elapsed=elapsed, account=run_id)
        paid = store.paid(run_id)
        budget.record(
            Usage(
                paid.calls,
                logged.cached_calls,
                paid.input_tokens,
                paid.output_tokens,
                paid.usd,
                logged.seconds,
                paid.priced,
            )
        )
        store.begin_stint(run_id)
        return budget

    def _plan_key(self) -> str:
        """Names what a search does; an equal one that was cut off is the same search."""
        session, program, plan = self.session, self.program, self.plan
        told = {
            "file": session.store.relative(program.path),
            "plan": plan.to_json(),
            "eval": session.fingerprint(program, plan.eval),
            "teacher": self._teacher(),
            "model": session.settings.model,
            "chosen": session.chosen,
        }
        return _digest(told)

    def _teacher(self) -> str:
        """A declared teacher's fingerprint; "" for one that is named by its model, and for none."""
        declared = self.plan.teacher and self.program.resolve(self.plan.teacher) is not None
        return self.session.fingerprint(self.program, self.plan.teacher) if declared else ""

    def _ground(self) -> str:
        """Names what the experience of a search rests on, but for the values of its params and its rows."""
        session, program, plan = self.session, self.program, self.plan
        return _digest(
            {
                "eval": ground(program, plan.eval, disk_hash, plan.params),
                "params": sorted(plan.params),
                "teacher": self._teacher() or plan.teacher,
                "model": session.settings.model,
                "chosen": session.chosen,
            }
        )

    def _keep_proposal(self, outcome: Outcome, run_id: str, usage: Usage, cuts: Sequence[str]) -> Proposal | None:
        if outcome.kind not in ("proposal", "hint") or not outcome.changes:
            return None
        session, program = self.session, self.program
        evaluated = eval_plan(program, self.plan.eval)
        evidence = outcome.evidence or Evidence()
        rests = dict(rests_on(program, evaluated.name, disk_hash, session.settings.model))
        if chosen := session.models_instead(program, evaluated):
            rests["chosen"] = ", ".join(chosen)
        notes = (*evidence.notes, *(f"cut: {line}" for line in cuts))
        evidence = replace(evidence, notes=notes, extra={**evidence.extra, "rests_on": rests})
        proposal = Proposal.new(
            run_id=run_id,
            file=session.store.relative(program.path),
            eval=evaluated.name,
            fingerprint=session.fingerprint(program, evaluated.target.id),
            changes=outcome.changes,
            evidence=replace(evidence, calls_spent=usage.calls, usd_spent=usage.usd),
        )
        session.store.put_proposal(proposal)
        return proposal


def _digest(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
