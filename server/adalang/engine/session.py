"""One workspace at work: runs, evaluations and optimizations of its files, over one store and one gateway.

The command line uses it in its own process, the editor through the worker. All results are plain data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adalang.config import Settings
from adalang.engine.file_task import FileTask
from adalang.engine.forecast import cost_lines, cost_of, held_line
from adalang.engine.optimization import Optimization, OptimizeResult
from adalang.engine.plan import OptimizePlan, optimize_plan
from adalang.engine.protocol import Progress
from adalang.engine.watch import SearchWatch
from adalang.evaluation.evaluate import Scorer, evaluate
from adalang.evaluation.plan import EvalPlan, Rows, default_split, eval_plan, load_rows
from adalang.evaluation.power import STEADY_TURNOVER, power_lines, sampling_turnover
from adalang.evaluation.results import Evaluation, RowResult
from adalang.evaluation.slices import groups
from adalang.language.checks import Diagnostic, DiskFacts, check_all
from adalang.language.data import Row
from adalang.language.declarations import Member, PromptDeclaration, Reference, setting
from adalang.language.fingerprint import disk_hash, fingerprint
from adalang.language.program import Entity, Module, Program, load, reader_with
from adalang.language.reach import reached
from adalang.optimizer.estimate import Estimate, estimate
from adalang.optimizer.events import RunEvent
from adalang.runtime.failures import BugFailure
from adalang.runtime.interpreter import RunFailed, Runtime
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import Usage
from adalang.runtime.resolve import Models
from adalang.runtime.trace import Trace
from adalang.store import Store
from adalang.store.records import EvaluationRecord, RunRecord

OnProgress = Callable[[Progress], None]

_SHORT = 200
"""Characters of a value that the editor shows beside its name."""


class CheckFailed(Exception):
    """A file with errors does not run. ``found``: the errors with their modules."""

    def __init__(self, found: Sequence[tuple[Module, Diagnostic]]) -> None:
        module, first = found[0]
        position = module.source.position(first.span.start)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        place = f"{module.path.name}:{position.line + 1}:{position.column + 1}"
        super().__init__(f"{place}: {first.code} {first.message}{more}")
        self.found = found

    def __reduce__(self) -> tuple[Any, ...]:  # so that it can leave a worker process
        return CheckFailed, (self.found,)


class Session:
    """Opens the store at the workspace's root; ``close`` (or ``async with``) ends it.

    ``models`` chooses models by component id ("*": all). Every answer is also written to the recording ``record_to``.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings,
        *,
        store: Store | None = None,
        models: Mapping[str, str] | None = None,
        record_to: Path | None = None,
    ) -> None:
        self.root = root
        self._record_to = record_to
        self.settings = settings
        self.store = store or Store.open(root)
        self._owns_store = store is None
        self.chosen = dict(models or {})
        self._open_gateway: Gateway | None = None
        self._former_gateways: list[Gateway] = []

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def follow(self, settings: Settings) -> None:
        """Use changed settings for what begins from now on; what runs goes on with those it began with."""
        changed = any(settings[name] != self.settings[name] for name in ("concurrency", "rpm", "tpm", "cache"))
        self.settings = settings
        if changed and self._open_gateway is not None:
            self._former_gateways.append(self._open_gateway)
            self._open_gateway = None

    async def close(self) -> None:
        for gateway in (*self._former_gateways, self._open_gateway):
            if gateway is not None:
                await gateway.aclose()
        if self._owns_store:
            self.store.close()

    # ---- files

    def load(self, file: Path, texts: Mapping[str, str] = MappingProxyType({})) -> Program:
        """Load a file with its imports and refuse it when there are errors.

        Args:
            texts: the unsaved contents of files, by path; the others are read.

        Raises:
            BugFailure: the file cannot be read.
            CheckFailed: it has errors.
        """
        file = file.absolute()
        program = load(file, reader_with(texts))
        if program is None:
            raise BugFailure(f"{file.name} cannot be read: there is no such file, or it is not readable")
        errors = [
            (module, one)
            for module, found in check_all(program, DiskFacts()).items()
            for one in found
            if one.severity == "error"
        ]
        if errors:
            raise CheckFailed(errors)
        return program

    @staticmethod
    def fingerprint(program: Program, component: str) -> str:
        """The component's fingerprint with the files on disk."""
        return fingerprint(program, component, disk_hash)

    def _models(self, program: Program) -> Models:
        chosen = dict(self.chosen)
        every = chosen.pop("*", None)
        if every is not None:
            chosen = {one.id: every for one in program.components()} | chosen
        return Models(program, self.settings.model, self.settings.environment, chosen)

    def models_instead(self, program: Program, target: Entity) -> list[str]:
        """The ids of the models that answer because they were chosen, where the file (or its workspace) names others."""
        own, chosen = Models(program, self.settings.model, self.settings.environment), self._models(program)
        found = []
        for one in reached(program, target):
            if isinstance(one.declaration, PromptDeclaration):
                named = setting(one.declaration.settings, "model")
                model = chosen.of_setting(one, named)
                try:
                    same = own.of_setting(one, named) == model
                except BugFailure:  # the file's own lacks its key, say: one more reason to choose another
                    same = False
                found += [] if same else [model.id]
        return list(dict.fromkeys(found))

    @property
    def _gateway(self) -> Gateway:
        """One for all work of the session, so that limits on concurrency and equal calls are shared."""
        if self._open_gateway is None:
            self._open_gateway = Gateway(
                self.store,
                concurrency=self.settings["concurrency"],
                rpm=self.settings["rpm"] or None,
                tpm=self.settings["tpm"] or None,
                use_cache=self.settings["cache"],
                root=self.root,
                record_to=self._record_to,
            )
        return self._open_gateway

    def runtime(self, program: Program, *, budget: Budget | None = None) -> Runtime:
        return Runtime(program, self._gateway, self._models(program), budget=budget)

    # ---- run

    async def run_component(
        self, file: Path, component: str, inputs: Mapping[str, Any], *, texts: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[Any, Trace]:
        """Run one component; the run is kept in the store.

        Raises:
            BugFailure: no such component, or wrong inputs.
            RunFailed: no answer; the trace says how far it came.
        """
        output, trace, _ = await self._run_and_keep(file, component, inputs, texts)
        return output, trace

    async def _run_and_keep(
        self, file: Path, component: str, inputs: Mapping[str, Any], texts: Mapping[str, str]
    ) -> tuple[Any, Trace, RunRecord]:
        program = self.load(file, texts)
        entity = find_component(program, component)
        output, trace = await self.runtime(program).run(entity, inputs)
        record = RunRecord(
            file=self.store.relative(file),
            component=entity.id,
            inputs=dict(inputs),
            output=output,
            trace=trace.to_json(),
            usage=asdict(trace.usage),
        )
        self.store.put_run(record)
        return output, trace, record

    async def run(
        self, file: Path, component: str, inputs: Mapping[str, Any], *, texts: Mapping[str, str] = MappingProxyType({})
    ) -> dict[str, Any]:
        """:meth:`run_component` as plain JSON, for the editor: ``bindings`` are the names that a pipeline bound, each with its
        value as short JSON; ``run`` is the stored run's id."""
        output, trace, record = await self._run_and_keep(file, component, inputs, texts)
        return {
            "output": output,
            "calls": trace.usage.calls,
            "usd": trace.usage.usd,
            "bindings": {name: _short_json(value) for name, value in trace.steps.items()},
            "run": record.id,
        }

    # ---- evaluate

    def rows(self, plan: EvalPlan) -> Rows:
        """The eval's rows by split; two rows with the same inputs are the same example."""
        columns = sorted(_input_columns(plan))
        return load_rows(plan.dataset, self.root, columns)

    async def evaluation(
        self,
        program: Program,
        eval_name: str,
        *,
        split: str | None = None,
        limit: int | None = None,
        repeats: int | None = None,
        budget: Budget | None = None,
        on_row: Callable[[RowResult, int, int], None] = lambda result, done, total: None,
    ) -> Evaluation:
        """Score one eval and keep the result.

        Raises:
            BugFailure, BudgetExceeded: see :func:`adalang.evaluation.evaluate.evaluate`.
        """
        plan = eval_plan(program, eval_name)
        chosen, rows = self.chosen_rows(plan, split, limit)
        found = await self.score(program, plan, chosen, rows, repeats=repeats, budget=budget, on_row=on_row)
        self.store.put_evaluation(_record(self.store.relative(program.path), found))
        return found

    def chosen_rows(self, plan: EvalPlan, split: str | None = None, limit: int | None = None) -> tuple[str, list[Row]]:
        """The split that an eval scores, and its rows.

        Raises:
            BugFailure: there are none.
        """
        data = self.rows(plan)
        chosen = split or default_split(plan, data)
        rows = list(data.of(chosen))[:limit]
        if not rows:
            raise BugFailure(f"the split `{chosen}` of the eval `{plan.name}` has no rows")
        return chosen, rows

    def preview(
        self,
        program: Program,
        eval_name: str,
        *,
        split: str | None = None,
        limit: int | None = None,
        repeats: int | None = None,
        by: str = "",
    ) -> dict[str, Any]:
        """How much an evaluation would be, and what a change of its score could show, as plain JSON; makes no call.

        Raises:
            BugFailure: there are no rows, or none has the column `by`.
        """
        plan = eval_plan(program, eval_name)
        chosen, rows = self.chosen_rows(plan, split, limit)
        if by:
            groups({row.id: row.values for row in rows}, by)
        samples = repeats or plan.repeats
        lines = power_lines(len(rows), turnover=self.turnover(program, plan, samples), repeats=samples)
        return {"eval": plan.name, "split": chosen, "rows": len(rows), "runs": samples * len(rows), "lines": lines}

    def turnover(self, program: Program, plan: EvalPlan, repeats: int) -> float:
        """The noise in which an eval's gains have to be seen (see :mod:`adalang.evaluation.power`)."""
        models = self._models(program)
        prompts = [one for one in reached(program, plan.target) if isinstance(one.declaration, PromptDeclaration)]
        used = [models.of_setting(one, setting(one.declaration.settings, "model")) for one in prompts]  # type: ignore[union-attr]
        steady = all(model.provider == "builtin" for model in used)
        return STEADY_TURNOVER if steady else sampling_turnover(repeats)

    async def score(
        self,
        program: Program,
        plan: EvalPlan,
        split: str,
        rows: Sequence[Row],
        *,
        repeats: int | None = None,
        budget: Budget | None = None,
        on_row: Callable[[RowResult, int, int], None] = lambda result, done, total: None,
    ) -> Evaluation:
        """Score an eval on rows; the answers are kept, the score is not."""
        times = repeats or plan.repeats
        done = 0

        def told(result: RowResult) -> None:
            nonlocal done
            done += 1
            on_row(result, done, len(rows) * times)

        found = await evaluate(
            Scorer(plan, plan.entity.module.path.parent),
            self.runtime(program, budget=budget),
            rows,
            split=split,
            repeats=times,
            on_row=told,
            concurrency=max(64, self.settings["concurrency"]),
        )
        return replace(found, fingerprint=self.fingerprint(program, plan.target.id))

    async def evaluate(
        self,
        file: Path,
        eval_name: str,
        *,
        split: str | None = None,
        limit: int | None = None,
        repeats: int | None = None,
        texts: Mapping[str, str] = MappingProxyType({}),
        progress: OnProgress = lambda progress: None,
    ) -> dict[str, Any]:
        """:meth:`evaluation` as plain JSON, for the editor."""
        program = self.load(file, texts)
        tally = _Tally(progress, eval_name)
        found = await self.evaluation(program, eval_name, split=split, limit=limit, repeats=repeats, on_row=tally.row)
        return {
            **found.to_json(),
            "calls": found.usage.calls,
            "cached_calls": found.usage.cached_calls,
            "usd": found.usage.usd,
            "failing": [row.to_json() for row in found.failing[:50]],
        }

    # ---- optimize

    def optimize_plan(self, program: Program, eval_name: str, **given: Any) -> OptimizePlan:
        """What an optimization of an eval would do: params, teacher, budget (see :class:`OptimizePlan`)."""
        return optimize_plan(program, eval_name, self.settings, **given)

    def task(self, program: Program, plan: OptimizePlan, budget: Budget, run_id: str = "") -> FileTask:
        evaluated = eval_plan(program, plan.eval)
        return FileTask.build(
            program=program,
            plan=plan,
            evaluated=evaluated,
            rows=self.rows(evaluated),
            runtime_of=lambda one: self.runtime(one, budget=budget),
            budget=budget,
            store=self.store,
            run_id=run_id,
        )

    def estimate(self, program: Program, plan: OptimizePlan) -> tuple[Estimate, float | None]:
        """Calls and money that the search should take at the most; money is ``None`` without a known price."""
        task = self.task(program, plan, Budget())
        found = estimate(task, plan.search)
        usd = cost_of(task, found).usd
        return found, usd[1] if usd is not None else None

    async def forecast(self, program: Program, plan: OptimizePlan) -> list[str]:
        """What an optimization should take, of what, for how much, and what is paid for already: in sentences, without a call."""
        task = self.task(program, plan, Budget())
        found = estimate(task, plan.search)
        held = await held_line(task)
        return [*found.lines(), *cost_lines(cost_of(task, found), plan, found), *([held] if held else [])]

    async def optimization(
        self,
        program: Program,
        plan: OptimizePlan,
        *,
        on_event: Callable[[RunEvent, Usage], None] = lambda event, usage: None,
        on_begin: Callable[[str, Budget], None] = lambda run_id, budget: None,
        fresh: bool = False,
    ) -> OptimizeResult:
        """Search, test, and keep what was found as a proposal. A run that was cut off goes on where it stopped.

        Args:
            on_event: called with each event once it is kept, and with what has been spent.
            on_begin: called once before the first event, with the run's id and its budget, to look at while it runs.
            fresh: learn nothing from earlier runs of this eval; else what they have found is tried first.

        Raises:
            BugFailure: the file, its data or a key is wrong.
        """
        return await Optimization(self, program, plan).run(on_event, on_begin, fresh)

    async def optimize(
        self,
        file: Path,
        eval_name: str,
        *,
        budget_calls: int | None = None,
        budget_usd: float | None = None,
        seed: int | None = None,
        texts: Mapping[str, str] = MappingProxyType({}),
        progress: OnProgress = lambda progress: None,
    ) -> dict[str, Any]:
        """:meth:`optimization` as plain JSON, for the editor."""
        program = self.load(file, texts)
        plan = self.optimize_plan(program, eval_name, calls=budget_calls, usd=budget_usd, seed=seed)
        watch = SearchWatch(progress, self.estimate(program, plan)[0])
        async with watch.ticking():
            result = await self.optimization(program, plan, on_event=watch.event, on_begin=watch.begin)
        return {
            "outcome": result.outcome.kind,
            "proposal_id": result.proposal.id if result.proposal else None,
            "message": result.outcome.reason,
            "calls": result.usage.calls,
            "usd": result.usage.usd,
        }


def _short_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


class _Tally:
    """Turns row results into progress."""

    def __init__(self, progress: OnProgress, name: str) -> None:
        self._progress, self._name = progress, name
        self._scores: list[float] = []
        self._usage = Usage()

    def row(self, result: RowResult, done: int, total: int) -> None:
        self._usage += result.usage
        if result.score is not None:
            self._scores.append(result.score)
        mean = sum(self._scores) / len(self._scores) if self._scores else None
        self._progress(Progress(done, total, mean, self._usage.calls, self._usage.usd, self._name))


def find_component(program: Program, name: str) -> Entity:
    """The component called ``name``; with "" the file's only one, or its only pipeline.

    Raises:
        BugFailure: there is none, or it is not clear which.
    """
    components = [one for one in program.components() if one.module is program.root]
    if name:
        entity = program.resolve(name)
        if entity is None or entity not in list(program.components()):
            known = ", ".join(one.id for one in program.components()) or "none"
            raise BugFailure(f"no component is called `{name}`; there are: {known}")
        return entity
    pipelines = [one for one in components if one.kind == "pipeline"]
    for group in (components, pipelines):
        if len(group) == 1:
            return group[0]
    known = ", ".join(one.id for one in components) or "none"
    raise BugFailure(f"which component? Write FILE:NAME with one of: {known}")


def _input_columns(plan: EvalPlan) -> set[str]:
    columns = set()
    for parameter in plan.target.declaration.parameters:  # type: ignore[union-attr]
        name = parameter.name.text
        mapped = plan.mapping.get(name)
        if mapped is None:
            columns.add(name)
        elif isinstance(mapped, Member) and isinstance(mapped.object, Reference):
            columns.add(mapped.name.text)
    return columns


def _record(file: str, found: Evaluation) -> EvaluationRecord:
    scored = found.score is not None
    return EvaluationRecord(
        file=file,
        eval=found.eval,
        split=found.split,
        fingerprint=found.fingerprint,
        n=found.interval.n,
        score=found.score,
        low=found.interval.low if scored else None,
        high=found.interval.high if scored else None,
        usage=asdict(found.usage),
        rows=tuple(row.to_json() for row in found.rows),
        repeats=found.repeats,
    )


__all__ = ["CheckFailed", "OptimizeResult", "Progress", "RunFailed", "Session", "find_component"]
