"""An ``optimize`` block read, and a file's eval as the optimizer's task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from adalang.config import Settings
from adalang.evaluation.evaluate import Scorer
from adalang.evaluation.plan import EvalPlan, Rows, eval_plan
from adalang.evaluation.results import RowResult
from adalang.evaluation.splits import holdout_hash
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks.evaluations import param_path
from adalang.language.checks.scope import result_type
from adalang.language.data import Row
from adalang.language.datasets import NotConstant, constant
from adalang.language.declarations import (
    AgentDeclaration,
    Constant,
    Demos,
    EvalDeclaration,
    ListExpression,
    ObjectExpression,
    OptimizeDeclaration,
    Param,
    PipelineDeclaration,
    PromptDeclaration,
    dotted,
    setting,
    walk,
)
from adalang.language.models import estimate_tokens, price
from adalang.language.program import Entity, Program
from adalang.language.reach import Trainable, reached, statement_expressions, trainable
from adalang.language.types import Labels, ListOf, ObjectOf, OptionalOf, Type, describe, misfit
from adalang.optimizer.candidate import Candidate, Value
from adalang.optimizer.estimate import Estimate
from adalang.optimizer.settings import Settings as SearchSettings
from adalang.optimizer.task import Component, Example, Remaining, Split, TaskInfo
from adalang.optimizer.task import Param as TaskParam
from adalang.runtime.answers import read_json
from adalang.runtime.failures import BugFailure
from adalang.runtime.interpreter import Runtime
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.types import Message, ModelSpec, Request, Usage
from adalang.store import Store
from adalang.store.records import HoldoutLook

_ANSWER_TOKENS = 200
"""Assumed length of an answer in estimates of money, when the model sets no ``max_tokens``."""


@dataclass(frozen=True)
class OptimizePlan:
    """What a search may change and spend. ``params`` are ids; bounds are ``None`` where there is none."""

    eval: str
    params: tuple[str, ...]
    teacher: str
    calls: int | None
    tokens: int | None
    usd: float | None
    minutes: float | None
    search: SearchSettings

    def to_json(self) -> dict[str, Any]:
        """What names the search: budgets may be raised without starting anew."""
        return {
            "eval": self.eval,
            "params": self.params,
            "teacher": self.teacher,
            "search": asdict(self.search),
        }


def optimize_plan(
    program: Program,
    eval_name: str,
    settings: Settings,
    *,
    calls: int | None = None,
    usd: float | None = None,
    tokens: int | None = None,
    minutes: float | None = None,
    seed: int | None = None,
) -> OptimizePlan:
    """Read the optimize block of an eval; an eval without one is optimized with the workspace's settings.

    Raises:
        BugFailure: no such eval, or it reaches nothing that may change.
    """
    evaluated = eval_plan(program, eval_name)
    block = _block_of(program, evaluated)
    known = [one.id for one in trainable(program, evaluated.target)]
    if not known:
        raise BugFailure(f"`{evaluated.target.id}` reaches no `param` and no `demos`: nothing may be changed")
    given = setting(block.settings, "params") if block else None
    wanted = (
        [path for one in given.value.items if (path := param_path(one)) in known]
        if given is not None and isinstance(given.value, ListExpression)
        else known
    )
    budget = _numbers(block, "budget")
    teacher = setting(block.settings, "teacher") if block else None
    named = teacher.value if teacher is not None else None
    named_text = (dotted(named) or getattr(named, "value", "")) if named is not None else ""
    declared_seed = setting(block.settings, "seed") if block else None
    file_seed = declared_seed.value.value if declared_seed and isinstance(declared_seed.value, Constant) else 0
    return OptimizePlan(
        eval=evaluated.name,
        params=tuple(path for path in wanted if path),
        teacher=str(named_text or settings["teacher"] or ""),
        calls=calls if calls is not None else int(budget.get("calls", settings["budget_calls"])),
        tokens=tokens if tokens is not None else int(budget["tokens"]) if "tokens" in budget else None,
        usd=usd if usd is not None else float(budget.get("usd", settings["budget_usd"])),
        minutes=minutes if minutes is not None else float(budget["minutes"]) if "minutes" in budget else None,
        search=SearchSettings(
            seed=seed if seed is not None else int(file_seed or 0), repeats=max(1, evaluated.repeats)
        ),
    )


def _block_of(program: Program, evaluated: EvalPlan) -> OptimizeDeclaration | None:
    for item in program.root.items:
        declaration = item.declaration
        if isinstance(declaration, OptimizeDeclaration):
            found = program.resolve_expression(declaration.target, program.root)
            if found is not None and found.id == evaluated.name:
                return declaration
    return None


def _numbers(block: OptimizeDeclaration | None, name: str) -> Mapping[str, float]:
    found = setting(block.settings, name) if block else None
    if found is None or not isinstance(found.value, ObjectExpression):
        return {}
    return {
        pair.name.text: pair.value.value
        for pair in found.value.pairs
        if isinstance(pair.value, Constant) and isinstance(pair.value.value, int | float)
    }


def optimizable(program: Program) -> list[str]:
    """The evals that have an optimize block, in the file's order."""
    found = []
    for item in program.root.items:
        if isinstance(item.declaration, OptimizeDeclaration):
            entity = program.resolve_expression(item.declaration.target, program.root)
            if entity is not None and isinstance(entity.declaration, EvalDeclaration):
                found.append(entity.id)
    return found


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
            params=[_param(one) for one in trainable(program, evaluated.target) if one.id in plan.params],
            components={one.id: _component(program, one, components) for one in components},
            deterministic=all(model.provider == "builtin" for model in models),
            raw_demos=_expected_is_output(program, evaluated, examples["train"]),
            calls_per_run=float(max(1, len(prompts))),
            holdout=holdout_hash(splits["test"]),
            eval=evaluated.name,
            run_id=run_id,
            aim=evaluated.entity.declaration.doc or evaluated.target.declaration.doc,
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
        return read_json(response.text)

    def remaining(self) -> Remaining:
        budget = self.budget
        return Remaining(
            budget.remaining_calls, budget.remaining_usd, budget.remaining_seconds, budget.remaining_tokens
        )

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
            cost = _usd_per_call(model, sum(len(text) for _, text in _templates(entity)) // 4 + _row_tokens(first))
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
        return Example(row.id, scorer.inputs(row), scorer.expected(row))
    except BugFailure as failure:
        raise BugFailure(f"{row.source}:{row.line}: {failure}") from failure


def _param(one: Trainable) -> TaskParam:
    part = one.part
    if isinstance(part, Param):
        return TaskParam(one.id, "text", one.owner.id, part.text, part.doc)
    most = setting(part.settings, "max")
    bound = most.value.value if most is not None and isinstance(most.value, Constant) else None
    return TaskParam(one.id, "demos", one.owner.id, _examples(part), "", int(bound) if bound is not None else None)


def _examples(demos: Demos) -> Value:
    try:
        return tuple(constant(demos.value)) if demos.value is not None else ()
    except NotConstant as error:
        raise BugFailure(f"the examples `{demos.name.text}` hold plain values only") from error


def _component(program: Program, entity: Entity, components: Sequence[Entity]) -> Component:
    declaration = entity.declaration
    inputs = ", ".join(
        f"{one.name.text}: {describe(program.type_of(one.type, entity.module))}"
        for one in declaration.parameters  # type: ignore[union-attr]
    )
    returns = result_type(program, entity)
    return Component(
        name=entity.id,
        kind=entity.kind,
        signature=f"{entity.kind} {entity.id}({inputs}) -> {describe(returns)}",
        templates=_templates(entity),
        words=tuple(_words(returns)),
        feeds=tuple(_feeds(program, entity, components)),
    )


def _templates(entity: Entity) -> list[tuple[str, str]]:
    declaration = entity.declaration
    if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return []
    return [(one.role, one.template.text.value) for one in declaration.messages]


def _words(returns: Type) -> list[str]:
    match returns:
        case Labels(labels=labels):
            return list(labels)
        case ObjectOf(fields=fields):
            return [one.name for one in fields]
        case ListOf(item=item) | OptionalOf(item=item):
            return _words(item)
        case _:
            return []


def _feeds(program: Program, entity: Entity, components: Sequence[Entity]) -> list[str]:
    """The components that take a name bound to this one's output as an input, in any pipeline that is reached."""
    found: dict[str, None] = {}
    for pipeline in components:
        declaration = pipeline.declaration
        if not isinstance(declaration, PipelineDeclaration):
            continue
        bound = _bound_to(program, pipeline, entity)
        for expression in statement_expressions(declaration.body):
            for part in walk(expression):
                function = getattr(part, "function", None)
                target = program.resolve_expression(function, pipeline.module) if function is not None else None
                if target is None or target.id == entity.id:
                    continue
                names = {dotted(inner) for argument in getattr(part, "arguments", ()) for inner in walk(argument.value)}
                if any(name and name.split(".")[0] in bound for name in names):
                    found.setdefault(target.id)
    return list(found)


def _bound_to(program: Program, pipeline: Entity, entity: Entity) -> set[str]:
    from adalang.language.declarations import Binding, Repeat, Statement

    assert isinstance(pipeline.declaration, PipelineDeclaration)
    names: set[str] = set()

    def collect(body: tuple[Statement, ...]) -> None:
        for statement in body:
            if isinstance(statement, Binding):
                for part in walk(statement.value):
                    function = getattr(part, "function", None)
                    target = program.resolve_expression(function, pipeline.module) if function is not None else None
                    if target is not None and target.id == entity.id:
                        names.add(statement.name.text)
            elif isinstance(statement, Repeat):
                collect(statement.body)

    collect(pipeline.declaration.body)
    return names


def _expected_is_output(program: Program, evaluated: EvalPlan, examples: Sequence[Example]) -> bool:
    """Whether a row's right answer could stand as the target's own output in an example."""
    name = dotted(evaluated.metric) or ""
    if evaluated.target.kind != "prompt" or evaluated.expect is None or name not in METRIC_SIGNATURES:
        return False
    returns = result_type(program, evaluated.target)
    return bool(examples) and all(misfit(one.expected, returns) is None for one in examples[:200])
