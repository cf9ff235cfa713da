"""What an ``eval`` declaration means: its target, rows, inputs, right answers and metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adalang.evaluation.splits import split_rows
from adalang.language.data import DataError, Row, inline_rows, read_rows
from adalang.language.datasets import DatasetPlan, data_reference, plan
from adalang.language.declarations import (
    COMPONENT_KINDS,
    CallExpression,
    Constant,
    EvalDeclaration,
    Expression,
    ObjectExpression,
    setting,
)
from adalang.language.program import Entity, Program
from adalang.language.reach import reached
from adalang.runtime.failures import BugFailure


@dataclass(frozen=True)
class EvalPlan:
    """An eval, read. ``mapping`` gives inputs that do not come from the column of their name."""

    entity: Entity
    target: Entity
    dataset: DatasetPlan
    split: str
    mapping: Mapping[str, Expression]
    expect: Expression | None
    metric: Expression
    goal: float | None
    repeats: int
    on_save: int | None

    @property
    def name(self) -> str:
        return self.entity.id


def eval_plan(program: Program, name: str) -> EvalPlan:
    """Read the eval called ``name``.

    Raises:
        BugFailure: there is none, or it lacks what a run needs (the checks tell the rest beforehand).
    """
    entity = program.resolve(name)
    if entity is None or not isinstance(entity.declaration, EvalDeclaration):
        known = ", ".join(one.id for one in program.entities("eval")) or "none"
        raise BugFailure(f"no eval is called `{name}`; there are: {known}")
    declaration = entity.declaration
    settings = declaration.settings
    target = program.resolve_expression(declaration.target, entity.module)
    data, metric = setting(settings, "data"), setting(settings, "metric")
    if target is None or data is None or metric is None:
        raise BugFailure(f"the eval `{name}` needs a target, `data` and a `metric`")
    reference = data_reference(program, entity.module, data.value)
    if reference is None:
        raise BugFailure(f"the eval `{name}` names no data set")
    mapping, expect = setting(settings, "inputs"), setting(settings, "expect")
    return EvalPlan(
        entity,
        target,
        plan(reference[0]),
        reference[1],
        {pair.name.text: pair.value for pair in mapping.value.pairs}
        if mapping is not None and isinstance(mapping.value, ObjectExpression)
        else {},
        expect.value if expect is not None else None,
        metric.value,
        _number(declaration, "goal"),
        int(_number(declaration, "repeats") or 1),
        int(number) if (number := _number(declaration, "on_save")) is not None else None,
    )


def judge_of(program: Program, plan: EvalPlan) -> Entity | None:
    """The component that scores, where the metric is one of the program's own."""
    metric = plan.metric
    function = metric.function if isinstance(metric, CallExpression) else metric
    found = program.resolve_expression(function, plan.entity.module)
    return found if found is not None and found.kind in COMPONENT_KINDS else None


def components_run(program: Program, plan: EvalPlan) -> list[Entity]:
    """All that one scored run may call: the target with what it reaches, then the metric's component with what that reaches."""
    judge = judge_of(program, plan)
    found = [*reached(program, plan.target), *(reached(program, judge) if judge is not None else [])]
    return list({one.id: one for one in found}.values())


def _number(declaration: EvalDeclaration, name: str) -> float | None:
    found = setting(declaration.settings, name)
    value = found.value.value if found is not None and isinstance(found.value, Constant) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True)
class Rows:
    """A data set's rows by split; ``whole`` are all of them where the file says nothing about splits."""

    splits: Mapping[str, Sequence[Row]]

    def of(self, split: str) -> Sequence[Row]:
        if split not in self.splits:
            raise BugFailure(f"there is no split `{split}`; there are: {', '.join(self.splits) or 'none'}")
        return self.splits[split]


def load_rows(planned: DatasetPlan, root: Path, columns: Sequence[str] | None = None) -> Rows:
    """Read and split a data set. ``columns`` are those that make two rows the same example (the target's inputs).

    Raises:
        BugFailure: a file cannot be read; the message says where and how to mend it.
    """
    try:
        if planned.rows is not None:
            rows: Sequence[Row] = inline_rows([dict(row) for row in planned.rows])
        elif planned.file is not None:
            rows = read_rows(planned.file, root=root)
        else:
            return Rows({name: read_rows(file, root=root) for name, file in planned.files.items()})
    except DataError as error:
        raise BugFailure(str(error)) from error
    return Rows(split_rows(rows, planned.fractions, planned.seed, columns=columns))


def default_split(planned: EvalPlan, rows: Rows) -> str:
    """What ``eval`` scores unless told otherwise: the split that the eval names, else ``val``, else what there is."""
    if planned.split:
        return planned.split
    return next((name for name in ("val", "test", "train") if rows.splits.get(name)), "val")
