"""What an evaluation takes besides its runs: the rows, the noise in which its gains have to be seen, and the record of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from adalang.evaluation.copies import size
from adalang.evaluation.evaluate import Scorer
from adalang.evaluation.plan import EvalPlan, Rows, components_run, default_split, load_rows
from adalang.evaluation.power import STEADY_TURNOVER, power_lines, sampling_turnover
from adalang.evaluation.results import Evaluation
from adalang.evaluation.slices import groups
from adalang.language.data import Row
from adalang.language.declarations import Member, Reference
from adalang.runtime.failures import BugFailure
from adalang.runtime.resolve import Models
from adalang.store.records import EvaluationRecord


def rows_of(plan: EvalPlan, root: Path) -> Rows:
    """The eval's rows by split; two rows with the same inputs are the same example."""
    return load_rows(plan.dataset, root, sorted(_input_columns(plan)))


def chosen_rows(
    plan: EvalPlan, root: Path, split: str | None = None, limit: int | None = None
) -> tuple[str, list[Row]]:
    """The split that an eval scores, and its rows.

    Raises:
        BugFailure: there are none.
    """
    data = rows_of(plan, root)
    chosen = split or default_split(plan, data)
    rows = list(data.of(chosen))[:limit]
    if not rows:
        raise BugFailure(f"the split `{chosen}` of the eval `{plan.name}` has no rows")
    return chosen, rows


def turnover(plan: EvalPlan, models: Models, repeats: int) -> float:
    """The noise in which an eval's gains have to be seen (see :mod:`adalang.evaluation.power`)."""
    used = models.of_prompts(components_run(models.program, plan))
    steady = all(model.provider == "builtin" for model in used)
    return STEADY_TURNOVER if steady else sampling_turnover(repeats)


def preview(
    plan: EvalPlan,
    root: Path,
    models: Models,
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
    chosen, rows = chosen_rows(plan, root, split, limit)
    samples = repeats or plan.repeats
    noise = turnover(plan, models, samples)
    if by:
        groups({row.id: row.values for row in rows}, by)
    sizes = size(Scorer.of(plan), rows)
    lines = power_lines(sizes["rows"] - sizes["copies"], turnover=noise, repeats=samples)
    return {"eval": plan.name, "split": chosen, **sizes, "runs": samples * len(rows), "lines": lines}


def record_of(file: str, found: Evaluation) -> EvaluationRecord:
    """What the store keeps of an evaluation; `file` is told relative to the root."""
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
