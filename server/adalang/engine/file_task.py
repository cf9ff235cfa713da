"""A file's eval as the optimizer's task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adalang.engine.dataflow import gold, judged
from adalang.engine.described import allowed_params, task_component, task_param
from adalang.engine.plan import OptimizePlan
from adalang.engine.row_traces import keep_searched
from adalang.engine.variants import Variant, Variants
from adalang.evaluation.copies import examples as same_rows
from adalang.evaluation.cuts import Cuts
from adalang.evaluation.evaluate import Scorer
from adalang.evaluation.plan import EvalPlan, Rows, components_run
from adalang.evaluation.results import RowResult
from adalang.evaluation.splits import holdout_hash
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks.scope import result_type
from adalang.language.data import Row
from adalang.language.declarations import dotted
from adalang.language.models import price
from adalang.language.program import Program
from adalang.language.reach import reached, trainable
from adalang.language.types import misfit
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Example, Remaining, Split, TaskInfo
from adalang.runtime.agents.loop import calls_of
from adalang.runtime.answers import read_json
from adalang.runtime.failures import BugFailure, UnreadableFailure
from adalang.runtime.interpreter import Runtime
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.types import Message, ModelSpec, Request, Usage
from adalang.store import Store
from adalang.store.records import HoldoutLook
from adalang.tracing.tracer import Tracer

_TEACHER_TOKENS, _ANSWER_TOKENS = 2000, 200
"""Assumed lengths of a call where a teacher's price is compared with others'."""


@dataclass(frozen=True)
class FileTask:
    """A file's eval, as the optimizer sees it (:class:`adalang.optimizer.task.Task`)."""

    task_info: TaskInfo
    scorer: Scorer
    runtime: Runtime
    variants: Variants
    teacher: ModelSpec
    budget: Budget
    store: Store
    tracer: Tracer
    examples: Mapping[str, Sequence[Example]]
    originals: Mapping[str, Row]
    cuts: Cuts = field(default_factory=Cuts)
    """What was left out of the runs so far."""

    @classmethod
    def build(
        cls,
        *,
        program: Program,
        plan: OptimizePlan,
        scorer: Scorer,
        rows: Rows,
        runtime_of: Callable[[Program], Runtime],
        budget: Budget,
        store: Store,
        tracer: Tracer,
    ) -> FileTask:
        runtime = runtime_of(program)
        evaluated = scorer.plan
        splits = {name: _distinct(rows.splits.get(name, ()), scorer) for name in ("train", "val", "test")}
        examples = {name: [_example(scorer, row) for row in found] for name, found in splits.items()}
        components = reached(program, evaluated.target)
        models = runtime.models.of_prompts(components)
        called = runtime.models.of_prompts(components_run(program, evaluated))
        marked = [task_param(one) for one in trainable(program, evaluated.target) if one.id in plan.params]
        others = allowed_params(program, evaluated.target, plan.allow, frozenset(runtime.models.chosen))
        teacher = (
            runtime.models.named(plan.teacher, program.root)
            if plan.teacher
            else (models[0] if models else runtime.models.default_model())
        )
        info = TaskInfo(
            target=evaluated.target.id,
            params=[*marked, *others],
            components={one.id: task_component(program, one) for one in components},
            deterministic=all(model.provider == "builtin" for model in called)
            and all(one.family != "models" for one in others),
            varied=any(model.provider != "builtin" and model.options.get("temperature") != 0 for model in called),
            raw_demos=_expected_is_output(program, evaluated, examples["train"]),
            calls_per_run=float(max(1, sum(calls_of(one) for one in components_run(program, evaluated)))),
            teacher_price=_relative_price(teacher, models),
            holdout=holdout_hash(splits["test"]),
            eval=evaluated.name,
            aim=evaluated.entity.declaration.doc or evaluated.target.declaration.doc,
            judged=judged(evaluated),
        )
        originals = {row.id: row for found in splits.values() for row in found}
        variants = Variants(program, Variant(scorer, runtime), runtime_of, {one.id: one for one in others})
        return cls(info, scorer, runtime, variants, teacher, budget, store, tracer, examples, originals)

    @property
    def info(self) -> TaskInfo:
        return self.task_info

    def rows(self, split: Split) -> Sequence[Example]:
        return self.examples[split]

    async def run(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        variant, original = self.variants.of(candidate), self.originals[row.id]
        refused = RowResult(row.id, sample, "refused", 0.0, inputs=row.inputs, expected=row.expected)
        if variant.refused:
            return replace(refused, reason=variant.refused)
        runtime = replace(variant.runtime, overrides=self.variants.overrides(candidate))
        try:
            result = await variant.scorer.run(runtime, original, sample)
        except BugFailure as failure:
            if variant is self.variants.own:
                raise
            return replace(
                refused, reason=str(failure)
            )  # a model that does not take an option, say: this choice's fault
        self.cuts.add(row.id, result.trace)
        info = self.task_info
        keep_searched(self.tracer, runtime.program, info.eval, result, info.run_id, candidate.key)
        return result

    async def run_with_teacher(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        variant = self.variants.of(candidate)
        runtime, scorer = variant.runtime, variant.scorer
        instead = {one.id: self.teacher for one in reached(runtime.program, scorer.plan.target)}
        models = replace(runtime.models, instead=instead)
        runtime = replace(runtime, overrides=self.variants.overrides(candidate), models=models)
        return await scorer.run(runtime, self.originals[row.id], sample)

    async def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], sample: int) -> Any:
        request = Request(self.teacher, tuple(messages), schema, "proposal", sample=sample)
        response = await self.runtime.gateway.complete(request, budget=self.budget)
        if response.finish_reason == "length":
            raise UnreadableFailure("the teacher's answer was cut off: raise its max_tokens", raw=response.text)
        return read_json(response.text)

    def remaining(self) -> Remaining:
        budget = self.budget
        return Remaining(
            budget.remaining_calls, budget.remaining_usd, budget.remaining_seconds, budget.remaining_tokens
        )

    def spent(self) -> Usage:
        return self.budget.spent

    def looks(self) -> Sequence[HoldoutLook]:
        return self.store.looks(self.task_info.holdout, self.store.row_set(self.task_info.holdout))

    def record_look(self, look: HoldoutLook) -> None:
        self.store.add_look(look)

    def with_budget(self, budget: Budget, run_id: str = "") -> FileTask:
        """The same task, paid from another budget, for the optimization that is named."""

        def paid(program: Program) -> Runtime:
            return replace(self.variants.runtime_of(program), budget=budget)

        runtime = replace(self.runtime, budget=budget)
        own = replace(self.variants.own, runtime=runtime)
        variants = replace(self.variants, own=own, runtime_of=paid)
        info = replace(self.task_info, run_id=run_id)
        return replace(self, task_info=info, runtime=runtime, variants=variants, budget=budget)


def _relative_price(teacher: ModelSpec, models: Sequence[ModelSpec]) -> float:
    """What a teacher's call costs in calls of these models at list prices, if all are known and none is free; else 1."""
    prices = [_usd_per_call(model) for model in (teacher, *models)]
    if len(prices) < 2 or not all(prices):
        return 1.0
    own, *others = [price for price in prices if price is not None]
    return own * len(others) / sum(others)


def _usd_per_call(model: ModelSpec) -> float | None:
    rates = price(model.id)
    return rates[0] * _TEACHER_TOKENS + rates[1] * _ANSWER_TOKENS if rates is not None else None


def _example(scorer: Scorer, row: Row) -> Example:
    inputs, expected = scorer.read(row)
    return Example(row.id, inputs, expected, gold(scorer.plan, row))


def _distinct(rows: Sequence[Row], scorer: Scorer) -> list[Row]:
    """The rows without those that ask and expect what an earlier one does: a copy is no evidence of its own."""
    first = set(same_rows(scorer, rows).values())
    return [row for row in rows if row.id in first]


def _expected_is_output(program: Program, evaluated: EvalPlan, examples: Sequence[Example]) -> bool:
    """Whether a row's right answer could stand as the target's own output in an example."""
    name = dotted(evaluated.metric) or ""
    if evaluated.target.kind not in ("prompt", "agent") or evaluated.expect is None or name not in METRIC_SIGNATURES:
        return False
    returns = result_type(program, evaluated.target)
    return bool(examples) and all(misfit(one.expected, returns) is None for one in examples[:200])
