"""A file's eval as the optimizer's task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adalang.engine.dataflow import gold, judged
from adalang.engine.described import task_component, task_param, templates
from adalang.engine.plan import OptimizePlan
from adalang.evaluation.evaluate import Scorer
from adalang.evaluation.plan import EvalPlan, Rows
from adalang.evaluation.results import RowResult
from adalang.evaluation.splits import holdout_hash
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks.scope import result_type
from adalang.language.data import Row
from adalang.language.declarations import PromptDeclaration, dotted, setting
from adalang.language.models import estimate_tokens, price
from adalang.language.program import Entity, Program
from adalang.language.reach import reached, trainable
from adalang.language.types import misfit
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.estimate import Estimate
from adalang.optimizer.task import Example, Remaining, Split, TaskInfo
from adalang.runtime.answers import read_json
from adalang.runtime.failures import BugFailure, UnreadableFailure
from adalang.runtime.interpreter import Runtime
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.types import Message, ModelSpec, Request, Usage
from adalang.store import Store
from adalang.store.records import HoldoutLook

_ANSWER_TOKENS = 200
"""Assumed length of an answer in estimates of money, when the model sets no ``max_tokens``."""


@dataclass(frozen=True)
class FileTask:
    """A file's eval, as the optimizer sees it (:class:`adalang.optimizer.task.Task`)."""

    task_info: TaskInfo
    scorer: Scorer
    runtime: Runtime
    teacher: ModelSpec
    budget: Budget
    store: Store
    examples: Mapping[str, Sequence[Example]]
    originals: Mapping[str, Row]

    @classmethod
    def build(
        cls,
        *,
        program: Program,
        plan: OptimizePlan,
        evaluated: EvalPlan,
        rows: Rows,
        runtime: Runtime,
        budget: Budget,
        store: Store,
        run_id: str,
    ) -> FileTask:
        scorer = Scorer(evaluated, evaluated.entity.module.path.parent)
        splits = {name: rows.splits.get(name, ()) for name in ("train", "val", "test")}
        examples = {name: [_example(scorer, row) for row in found] for name, found in splits.items()}
        components = reached(program, evaluated.target)
        prompts = [one for one in components if isinstance(one.declaration, PromptDeclaration)]
        models = [runtime.models.of_setting(one, setting(_settings(one), "model")) for one in prompts]
        info = TaskInfo(
            target=evaluated.target.id,
            params=[task_param(one) for one in trainable(program, evaluated.target) if one.id in plan.params],
            components={one.id: task_component(program, one) for one in components},
            deterministic=all(model.provider == "builtin" for model in models),
            raw_demos=_expected_is_output(program, evaluated, examples["train"]),
            calls_per_run=float(max(1, len(prompts))),
            holdout=holdout_hash(splits["test"]),
            eval=evaluated.name,
            run_id=run_id,
            aim=evaluated.entity.declaration.doc or evaluated.target.declaration.doc,
            judged=judged(evaluated),
        )
        teacher = (
            runtime.models.named(plan.teacher, program.root)
            if plan.teacher
            else (models[0] if models else runtime.models.default_model())
        )
        originals = {row.id: row for found in splits.values() for row in found}
        return cls(info, scorer, runtime, teacher, budget, store, examples, originals)

    @property
    def info(self) -> TaskInfo:
        return self.task_info

    def rows(self, split: Split) -> Sequence[Example]:
        return self.examples[split]

    async def run(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        runtime = replace(self.runtime, overrides=candidate.values)
        return await self.scorer.run(runtime, self.originals[row.id], sample)

    async def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], sample: int) -> Any:
        request = Request(self.teacher, tuple(messages), schema, "proposal", sample=sample)
        response = await self.runtime.gateway.complete(request, budget=self.budget)
        if response.finish_reason == "length":
            raise UnreadableFailure("the teacher's answer was cut off: raise its max_tokens", raw=response.text)
        return read_json(response.text)

    def remaining(self) -> Remaining:
        budget = self.budget
        tokens = budget.tokens - budget.spent.tokens if budget.tokens is not None else None
        return Remaining(budget.remaining_calls, budget.remaining_usd, budget.remaining_seconds, tokens)

    def spent(self) -> Usage:
        return self.budget.spent

    def looks(self) -> Sequence[HoldoutLook]:
        return self.store.looks(self.task_info.holdout)

    def record_look(self, look: HoldoutLook) -> None:
        self.store.add_look(look)

    def usd(self, found: Estimate) -> float | None:
        """What the estimated calls would cost at list prices, with the length of one row's messages as measure."""
        first = next((rows[0] for rows in self.examples.values() if rows), None)
        if first is None:
            return 0.0
        total = 0.0
        prompts = [one for one in reached(self.runtime.program, self.scorer.plan.target) if one.kind == "prompt"]
        for entity in prompts:
            model = self.runtime.models.of_setting(entity, setting(_settings(entity), "model"))
            cost = _usd_per_call(model, sum(len(text) for _, text in templates(entity)) // 4 + _row_tokens(first))
            if cost is None:
                return None
            total += cost * found.task_calls / max(1, len(prompts))
        teacher = _usd_per_call(self.teacher, 2000)
        return None if teacher is None else total + teacher * found.teacher_calls


def _usd_per_call(model: ModelSpec, input_tokens: int) -> float | None:
    rates = price(model.id)
    if rates is None:
        return None
    return rates[0] * input_tokens + rates[1] * int(model.options.get("max_tokens") or _ANSWER_TOKENS)


def _row_tokens(example: Example) -> int:
    return estimate_tokens(json.dumps(dict(example.inputs), ensure_ascii=False, default=str))


def _settings(entity: Entity) -> Any:
    return getattr(entity.declaration, "settings", ())


def _example(scorer: Scorer, row: Row) -> Example:
    try:
        return Example(row.id, scorer.inputs(row), scorer.expected(row), gold(scorer.plan, row))
    except BugFailure as failure:
        raise BugFailure(f"{row.source}:{row.line}: {failure}") from failure


def _expected_is_output(program: Program, evaluated: EvalPlan, examples: Sequence[Example]) -> bool:
    """Whether a row's right answer could stand as the target's own output in an example."""
    name = dotted(evaluated.metric) or ""
    if evaluated.target.kind != "prompt" or evaluated.expect is None or name not in METRIC_SIGNATURES:
        return False
    returns = result_type(program, evaluated.target)
    return bool(examples) and all(misfit(one.expected, returns) is None for one in examples[:200])
