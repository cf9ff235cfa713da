"""One workspace at work: runs, evaluations and optimizations of its files, over one store and one gateway.

The command line uses it in its own process, the editor through the worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from adalang.config import Settings
from adalang.engine.checked import find_component, load_checked
from adalang.engine.conversation import run_in_session
from adalang.engine.evaluating import chosen_rows, record_of, rows_of
from adalang.engine.gateways import gateway_for, services_of
from adalang.engine.row_traces import keep_row
from adalang.evaluation.evaluate import Scorer, evaluate
from adalang.evaluation.plan import EvalPlan, components_run, eval_plan
from adalang.evaluation.results import Evaluation, RowResult
from adalang.language.data import Row
from adalang.language.fingerprint import disk_hash, fingerprint
from adalang.language.program import Entity, Program
from adalang.runtime.failures import BugFailure
from adalang.runtime.interpreter import RunFailed, Runtime
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.resolve import Models
from adalang.runtime.services import Services
from adalang.runtime.trace import STOPPED, Trace
from adalang.store import Store
from adalang.store.records import new_id
from adalang.tracing.tracer import Tracer

if TYPE_CHECKING:
    from adalang.engine.file_task import FileTask
    from adalang.engine.optimization import OnBegin, OnEvent, Optimization, OptimizeResult
    from adalang.engine.plan import OptimizePlan

_NOBODY_IS_ASKED = "evals and optimizations ask nobody"
"""The same for both: agents read it, and what they answered in an eval need not be bought again by a search."""

OnRow = Callable[[RowResult, int, int], None]
"""Called with each row's result, how many are done, and how many there are."""


class Session:
    """``close`` (or ``async with``) ends it.

    The store at the workspace's root is opened, and a gateway made, unless they are given: those stay open. ``models`` chooses
    models by component id ("*": all). Every answer is also written to the recording ``record_to``. ``services`` are what runs need
    besides models; those that are given stay open, and without any nobody is asked to approve a tool's call. A ``tracer`` that is
    given stays open too.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings,
        *,
        store: Store | None = None,
        gateway: Gateway | None = None,
        models: Mapping[str, str] | None = None,
        record_to: Path | None = None,
        services: Services | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.root = root
        self.settings = settings
        self.store = store or Store.open(root)
        self.chosen = dict(models or {})
        self.services = services or services_of(settings, self.store, root)
        self._record_to = record_to
        self._owns_store, self._owns_gateway, self._owns_services = store is None, gateway is None, services is None
        self._owns_tracer = tracer is None
        self._known_gateway = gateway
        self.tracer = tracer or Tracer(self.store, settings)

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._owns_tracer:
            await self.tracer.close()
        if self._owns_services:
            await self.services.aclose()
        if self._owns_gateway and self._known_gateway is not None:
            await self._known_gateway.aclose()
        if self._owns_store:
            self.store.close()

    def beside(self, models: Mapping[str, str], services: Services) -> Session:
        """Other choices over the same store, gateway and traces, which stay this session's: it need not be closed."""
        return Session(
            self.root,
            self.settings,
            store=self.store,
            gateway=self._gateway,
            models=models,
            services=services,
            tracer=self.tracer,
        )

    # ---- files and models

    @staticmethod
    def load(file: Path, texts: Mapping[str, str] = MappingProxyType({})) -> Program:
        """See :func:`.load_checked`."""
        return load_checked(file, texts)

    @staticmethod
    def fingerprint(program: Program, component: str) -> str:
        """The component's fingerprint with the files on disk."""
        return fingerprint(program, component, disk_hash)

    def models(self, program: Program) -> Models:
        """The models of a program, with those that were chosen in place of its own."""
        chosen = dict(self.chosen)
        every = chosen.pop("*", None)
        if every is not None:
            chosen = {one.id: every for one in program.components()} | chosen
        return Models(program, self.settings.model, self.settings.environment, chosen)

    def models_instead(self, program: Program, plan: EvalPlan) -> list[str]:
        """The ids of the models that answer because they were chosen, where the file (or its workspace) names others."""
        own, chosen = Models(program, self.settings.model, self.settings.environment), self.models(program)
        found = []
        for one in components_run(program, plan):
            for model in chosen.of_prompts([one]):
                try:
                    same = own.of_prompts([one]) == [model]
                except BugFailure:  # the file's own lacks its key, say: one more reason to choose another
                    same = False
                found += [] if same else [model.id]
        return list(dict.fromkeys(found))

    def runtime(self, program: Program, *, budget: Budget | None = None, services: Services | None = None) -> Runtime:
        self.tracer.know(program)
        return Runtime(program, self._gateway, self.models(program), budget=budget, services=services or self.services)

    @property
    def _gateway(self) -> Gateway:
        """One for all work of the session, so that limits on concurrency and equal calls are shared."""
        if self._known_gateway is None:
            self._known_gateway = gateway_for(self.settings, self.store, self.root, self._record_to)
        return self._known_gateway

    # ---- run

    async def run_component(
        self,
        file: Path,
        component: str,
        inputs: Mapping[str, Any],
        *,
        texts: Mapping[str, str] = MappingProxyType({}),
        session: str | None = None,
        resume: bool = False,
        trace: Trace | None = None,
    ) -> tuple[Any, Trace, str]:
        """Run one component; the run is kept in the store, under the id that comes third. With the name of a ``session`` it can be
        stopped and gone on with (see :func:`.run_in_session`). A ``trace`` that is given is filled while it runs.

        Raises:
            BugFailure: no such component, or wrong inputs.
            RunFailed: no answer; the trace says how far it came.
        """
        program = self.load(file, texts)
        entity = find_component(program, component)
        return await self.traced(self.runtime(program), entity, inputs, session=session, resume=resume, trace=trace)

    async def traced(
        self,
        runtime: Runtime,
        entity: Entity,
        inputs: Mapping[str, Any],
        origin: str = "run",
        *,
        session: str | None = None,
        resume: bool = False,
        trace: Trace | None = None,
    ) -> tuple[Any, Trace, str]:
        """Run a component; what happened is kept in the store, under the id that comes third, however the run ends.

        Raises:
            BugFailure: there is nothing to go on with in the ``session``, or there is and that was not asked for.
            RunFailed: no answer; the trace says how far it came.
        """
        trace, error = trace or Trace(), STOPPED
        try:
            if session is not None:
                await run_in_session(runtime, self.store, entity, session, inputs, resume=resume, trace=trace)
            else:
                await runtime.run(entity, inputs, trace=trace)
            error = ""
        except (RunFailed, BugFailure) as failed:
            error = str(failed)
            raise
        finally:
            run = self.tracer.keep([trace], file=str(runtime.program.path), origin=origin, error=error)
        return trace.calls[0].output, trace, run

    # ---- evaluate

    async def evaluation(
        self,
        program: Program,
        eval_name: str,
        *,
        split: str | None = None,
        limit: int | None = None,
        repeats: int | None = None,
        budget: Budget | None = None,
        on_row: OnRow = lambda result, done, total: None,
    ) -> Evaluation:
        """Score one eval and keep the result.

        Raises:
            BugFailure, BudgetExceeded: see :func:`adalang.evaluation.evaluate.evaluate`.
        """
        plan = eval_plan(program, eval_name)
        chosen, rows = chosen_rows(plan, self.root, split, limit)
        evaluation = new_id()
        found = await self.score(
            program, plan, chosen, rows, repeats=repeats, budget=budget, on_row=on_row, evaluation=evaluation
        )
        self.store.put_evaluation(replace(record_of(self.store.relative(program.path), found), id=evaluation))
        return found

    async def score(
        self,
        program: Program,
        plan: EvalPlan,
        split: str,
        rows: Sequence[Row],
        *,
        repeats: int | None = None,
        budget: Budget | None = None,
        on_row: OnRow = lambda result, done, total: None,
        evaluation: str = "",
    ) -> Evaluation:
        """Score an eval on rows; the answers are kept, the score is not. ``evaluation`` is the id that its traces name."""
        times = repeats or plan.repeats
        done = 0
        kept: dict[tuple[str, int], str] = {}

        def told(result: RowResult) -> None:
            nonlocal done
            done += 1
            if run := keep_row(self.tracer, program, plan.name, result, evaluation):
                kept[result.row_id, result.sample] = run
            on_row(result, done, len(rows) * times)

        scorer = self._scorer(plan)
        try:
            found = await evaluate(
                scorer,
                self.runtime(program, budget=budget, services=self.services.unattended(_NOBODY_IS_ASKED)),
                rows,
                split=split,
                repeats=times,
                on_row=told,
                concurrency=max(64, self.settings["concurrency"]),
            )
        finally:
            scorer.python.give_back()
        traced = [
            replace(row, run=kept[place]) if (place := (row.row_id, row.sample)) in kept else row for row in found.rows
        ]
        return replace(found, rows=traced, fingerprint=self.fingerprint(program, plan.target.id))

    def _scorer(self, plan: EvalPlan) -> Scorer:
        return Scorer.of(plan, self.settings["metric_seconds"])

    # ---- optimize; the search is imported by whoever wants one, and not by every run

    def optimize_plan(self, program: Program, eval_name: str, **given: Any) -> OptimizePlan:
        """What an optimization of an eval would do: params, teacher, budget (see :class:`OptimizePlan`)."""
        from adalang.engine.plan import optimize_plan

        return optimize_plan(program, eval_name, self.settings, **given)

    def task(self, program: Program, plan: OptimizePlan, budget: Budget) -> FileTask:
        from adalang.engine.file_task import FileTask

        evaluated = eval_plan(program, plan.eval)
        services = self.services if plan.allow_effects else self.services.replaying()
        services = services.unattended(_NOBODY_IS_ASKED)
        return FileTask.build(
            program=program,
            plan=plan,
            scorer=self._scorer(evaluated),
            rows=rows_of(evaluated, self.root),
            runtime_of=lambda one: self.runtime(one, budget=budget, services=services),
            budget=budget,
            store=self.store,
            tracer=self.tracer,
        )

    def prepared(self, program: Program, plan: OptimizePlan) -> Optimization:
        """An optimization to look at before it runs: what it should take, and what it would cost."""
        from adalang.engine.optimization import Optimization

        return Optimization(self, program, plan)

    async def optimization(
        self,
        program: Program,
        plan: OptimizePlan,
        *,
        on_event: OnEvent = lambda event, usage: None,
        on_begin: OnBegin = lambda run_id, budget: None,
        fresh: bool = False,
    ) -> OptimizeResult:
        """See :meth:`Optimization.run`."""
        return await self.prepared(program, plan).run(on_event=on_event, on_begin=on_begin, fresh=fresh)
