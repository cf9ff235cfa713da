"""Runs an eval's target on rows and scores the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adalang.config import METRIC_SECONDS
from adalang.evaluation.copies import examples
from adalang.evaluation.metrics import METRICS, MetricError, Score, as_score
from adalang.evaluation.plan import EvalPlan, judge_of
from adalang.evaluation.python_metric import PythonMetrics
from adalang.evaluation.results import Evaluation, RowResult, is_void
from adalang.evaluation.right import right_answer
from adalang.evaluation.statistics import score_interval
from adalang.evaluation.values import value_of
from adalang.language.data import Row
from adalang.language.declarations import (
    Argument,
    CallExpression,
    Text,
    dotted,
)
from adalang.language.program import Entity
from adalang.runtime.failures import BudgetExceeded, BugFailure, RefusedFailure, ToolFailure, most_telling
from adalang.runtime.interpreter import RunFailed, Runtime
from adalang.runtime.models.types import Usage
from adalang.runtime.trace import Trace

OnRow = Callable[[RowResult], None]


@dataclass(frozen=True)
class Scorer:
    """Runs and scores single rows of one eval.

    ``folder`` is where ``python(…)`` files are looked for, ``seconds`` how long each of their calls may take. Where a metric may
    have been called, :meth:`PythonMetrics.give_back` ends the work.
    """

    plan: EvalPlan
    folder: Path
    seconds: float = METRIC_SECONDS
    python: PythonMetrics = field(default_factory=PythonMetrics, repr=False)

    @classmethod
    def of(cls, plan: EvalPlan, seconds: float = METRIC_SECONDS) -> Scorer:
        return cls(plan, plan.entity.module.path.parent, seconds)

    def inputs(self, row: Row) -> dict[str, Any]:
        """The target's inputs for a row: mapped, or from the columns of the same names."""
        names = {"row": row.values}
        inputs: dict[str, Any] = {}
        for parameter in self.plan.target.declaration.parameters:  # type: ignore[union-attr]
            name = parameter.name.text
            if name in self.plan.mapping:
                inputs[name] = value_of(self.plan.mapping[name], names)
            elif name in row.values:
                inputs[name] = row.values[name]
        return inputs

    def read(self, row: Row) -> tuple[dict[str, Any], Any]:
        """:meth:`inputs`, and what is right for them (:func:`.right_answer`).

        Raises:
            BugFailure: the row lacks a column; the message says where it stands.
        """
        try:
            return self.inputs(row), right_answer(self.plan, row.values)
        except BugFailure as failure:
            raise BugFailure(f"{row.source}:{row.line}: {failure}") from failure

    async def run(self, runtime: Runtime, row: Row, sample: int) -> RowResult:
        """One scored run. Model failures are results; what no other row would cure is raised.

        Raises:
            BugFailure: the file, the data or the metric is wrong.
            BudgetExceeded: there is nothing left to pay with.
        """
        inputs, right = self.read(row)
        unscored = RowResult(row.id, sample, "transport", None, inputs=inputs, expected=right)
        try:
            output, trace = await runtime.run(self.plan.target, inputs, sample=sample)
        except RunFailed as failed:
            return _without_answer(unscored, failed)
        answered = replace(unscored, output=output, usage=trace.usage, answer_usage=trace.answer_usage, trace=trace)
        try:
            score, judged = await self._score(runtime, row, output, trace, sample)
        except RunFailed as failed:
            if isinstance(failed.failure, BudgetExceeded) or failed.failure.kind != "transport":
                raise _as_bug(failed, "the metric") from failed
            error = f"the metric got no answer: {failed}"
            usage = answered.usage + failed.trace.usage
            return replace(answered, reason=error, error=error, usage=usage, judged=failed.trace)
        return replace(
            answered,
            status="ok",
            score=score.value,
            reason=score.reason,
            usage=answered.usage + judged.usage if judged else answered.usage,
            answer_usage=answered.answer_usage + judged.answer_usage if judged else answered.answer_usage,
            judged=judged,
        )

    # ---- metrics

    async def _score(
        self, runtime: Runtime, row: Row, output: Any, trace: Trace, sample: int
    ) -> tuple[Score, Trace | None]:
        names = {"row": row.values, "output": output, "steps": trace.steps}
        expected = value_of(self.plan.expect, {"row": row.values}) if self.plan.expect is not None else None
        metric = self.plan.metric
        function = metric.function if isinstance(metric, CallExpression) else metric
        arguments = metric.arguments if isinstance(metric, CallExpression) else ()
        name = dotted(function) or ""
        judge = judge_of(runtime.program, self.plan)
        try:
            if judge is not None:
                return await self._judge(runtime, judge, arguments, names, expected, sample)
            if name == "python":
                found = await self._python(runtime, row, arguments, {**row.values, **names, "expected": expected})
                return as_score(found), None
            return self._built_in(name, arguments, names, expected), None
        except MetricError as error:
            raise BugFailure(f"the metric of `{self.plan.name}`: {error}") from error

    def _built_in(self, name: str, arguments: tuple[Argument, ...], names: Mapping[str, Any], expected: Any) -> Score:
        spec = METRICS.get(name)
        if spec is None:
            raise BugFailure(f"no metric is called `{name}`")
        parameters = [one.name for one in spec.signature.parameters]
        given = {
            one.name.text if one.name else parameters[number]: value_of(one.value, names)
            for number, one in enumerate(arguments)
        }
        scored = given.pop(spec.signature.scored.name, names["output"])
        right = given.pop(spec.signature.expected.name, expected)
        return spec.score(scored, right, **given)

    async def _judge(
        self,
        runtime: Runtime,
        entity: Entity,
        arguments: tuple[Argument, ...],
        names: Mapping[str, Any],
        expected: Any,
        sample: int,
    ) -> tuple[Score, Trace]:
        """A component that scores; called without arguments it gets what its inputs are named after."""
        parameters = [one.name.text for one in entity.declaration.parameters]  # type: ignore[union-attr]
        if arguments:
            inputs = {
                one.name.text if one.name else parameters[number]: value_of(one.value, names)
                for number, one in enumerate(arguments)
            }
        else:
            known = {**names["row"], "output": names["output"], "expected": expected}
            inputs = {name: known[name] for name in parameters if name in known}
        judged, trace = await runtime.run(entity, inputs, sample=sample)
        return as_score(judged), trace

    async def _python(
        self, runtime: Runtime, row: Row, arguments: tuple[Argument, ...], known: Mapping[str, Any]
    ) -> Any:
        """A Python function as metric; it gets those of row, output, expected, steps and the columns that it names."""
        written = arguments[0].value.value if arguments and isinstance(arguments[0].value, Text) else ""
        function = await self.python.function(runtime.services.tools, self.folder, written)
        try:
            return await self.python.call(function, written, known, self.seconds)
        except BugFailure as failure:
            raise BugFailure(f"{row.source}:{row.line}: {failure}") from failure


def _without_answer(unscored: RowResult, failed: RunFailed) -> RowResult:
    failure, trace = failed.failure, failed.trace
    if isinstance(failure, BudgetExceeded | BugFailure):
        raise failure
    told = replace(
        unscored,
        output=getattr(failure, "raw", None),
        usage=trace.usage,
        answer_usage=trace.answer_usage,
        trace=trace,
        error=str(failure),
    )
    if failure.kind in ("transport", "kept"):
        return told
    if isinstance(failure, ToolFailure):
        return replace(told, status="failed", score=0.0, reason=str(failure))
    if isinstance(failure, RefusedFailure):
        return replace(told, status="refused", score=0.0, reason=f"the model refused: {failure}")
    return replace(told, status="unreadable", score=0.0, reason=str(failure))


def _as_bug(failed: RunFailed, what: str) -> Exception:
    failure = failed.failure
    if isinstance(failure, BudgetExceeded | BugFailure):
        return failure
    return BugFailure(f"{what} gave no score: {failure}")


async def evaluate(
    scorer: Scorer,
    runtime: Runtime,
    rows: Sequence[Row],
    *,
    split: str,
    repeats: int = 1,
    on_row: OnRow = lambda result: None,
    concurrency: int = 64,
) -> Evaluation:
    """Score rows, each ``repeats`` times, in the order of ``rows`` whatever finishes first. Copies of a row count once.

    Raises:
        BugFailure, BudgetExceeded: at once, with the other runs cancelled; what was answered is in the store.
    """
    work = [(row, sample) for row in rows for sample in range(repeats)]
    found: list[RowResult | None] = [None] * len(work)
    left = iter(enumerate(work))

    async def work_off() -> None:
        for at, (row, sample) in left:
            result = found[at] = await scorer.run(runtime, row, sample)
            on_row(result)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(work))):
                group.create_task(work_off())
    except BaseExceptionGroup as errors:
        raise most_telling(errors) from None
    results = [result for result in found if result is not None]
    scored = [row for row in results if row.score is not None]
    same = examples(scorer, rows)
    interval = score_interval([row.score or 0.0 for row in scored], [same[row.row_id] for row in scored])
    return Evaluation(
        scorer.plan.name,
        split,
        results,
        interval,
        sum((row.usage for row in results), Usage()),
        repeats,
        scorer.plan.goal,
        is_void(results),
        columns={row.id: row.values for row in rows},
        examples=same,
    )
