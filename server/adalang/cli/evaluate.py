"""``adalang eval``: scores with intervals, cost, and the rows that failed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from adalang.cli.common import (
    check_chosen,
    chosen_models,
    money,
    note,
    open_session,
    percent,
    print_json,
    say_offline,
    settings_for,
    split_target,
)

if TYPE_CHECKING:
    from adalang.evaluation.results import Evaluation, RowResult

SHOWN_FAILURES = 10


def evaluate(
    target: str = typer.Argument(..., help="A .adal file, or FILE:EVAL for one of its evals."),
    split: str = typer.Option("", "--split", help="train, val or test. Default: what the eval names, else val."),
    limit: int = typer.Option(0, "--limit", "-n", min=0, help="Only the first N rows; 0: all."),
    repeats: int = typer.Option(0, "--repeats", "-r", min=0, help="Samples of each row; 0: what the eval says."),
    model: list[str] = typer.Option([], "--model", "-m", help="PROMPT=MODEL, or MODEL for every prompt."),
    failing: int = typer.Option(SHOWN_FAILURES, "--failing", min=0, help="How many failing rows to print."),
    record: Path = typer.Option(
        None, "--record", help="Also write every answer to this recording, for replay/FILE.", show_default=False
    ),
    json_output: bool = typer.Option(False, "--json", help="Print everything as JSON."),
) -> None:
    """Score a file's evals. Ends with 1 when a goal is missed, with 2 when it cannot run."""
    file, name = split_target(target)
    settings = settings_for(file)

    async def work() -> list[Evaluation]:
        from adalang.evaluation.plan import eval_plan
        from adalang.language.reach import reached

        async with open_session(file, settings, model, record) as session:
            program = session.load(file)
            check_chosen(program, chosen_models(model))
            names = [name] if name else [one.id for one in program.entities("eval") if one.module is program.root]
            if not names:
                raise typer.BadParameter(f"{file} has no eval; add one: eval quality of … {{ data = … metric = … }}")
            targets = [one for each in names for one in reached(program, eval_plan(program, each).target)]
            say_offline(program, settings, chosen_models(model), targets)
            results = []
            for each in names:
                progress = _Progress(each, quiet=json_output)
                found = await session.evaluation(
                    program, each, split=split or None, limit=limit or None, repeats=repeats or None, on_row=progress
                )
                progress.close()
                results.append(found)
                if not json_output:
                    print_evaluation(found, failing)
            return results

    results = asyncio.run(work())
    if json_output:
        print_json([_plain(found) for found in results])
    if any(found.void for found in results):
        raise typer.Exit(2)
    if any(found.goal_missed for found in results):
        raise typer.Exit(1)


class _Progress:
    """A live count on a terminal; nothing elsewhere."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        self._bar: Any = None
        if sys.stderr.isatty() and not quiet:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(name)
        self._name = name
        self._scores: list[float] = []

    def __call__(self, result: RowResult, done: int, total: int) -> None:
        if result.score is not None:
            self._scores.append(result.score)
        if self._bar is not None:
            mean = sum(self._scores) / len(self._scores) if self._scores else None
            self._bar.update(self._task, completed=done, total=total, description=f"{self._name} {percent(mean)}")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def print_evaluation(found: Evaluation, failing: int) -> None:
    interval, usage = found.interval, found.usage
    if found.void:
        share = f"{found.transport_failures} of {len(found.rows)} runs got no answer"
        print(f"{found.eval} ({found.split}): void, {share}. First: {_first_error(found)}")
        return
    calls = f"{usage.calls} calls, {usage.cached_calls} from the cache"
    samples = f", {found.repeats} samples each" if found.repeats > 1 else ""
    print(
        f"{found.eval} ({found.split}): {percent(found.score)} "
        f"[{percent(interval.low)}, {percent(interval.high)}] on {interval.n} rows{samples}; "
        f"{calls}, {money(usage.usd, usage.priced)}"
    )
    if found.transport_failures:
        note(f"  {found.transport_failures} runs got no answer and are not scored. First: {_first_error(found)}")
    for row in found.failing[:failing]:
        print(f"  {row.row_id}  {_input(row.inputs)}")
        compared = f"expected {_short(row.expected)}, got {_short(row.output)}"
        print(f"      {compared}" + (f"  ({row.reason})" if row.reason not in ("", compared) else ""))
    rest = len(found.failing) - failing
    if rest > 0 and failing:
        print(f"  … and {rest} more (--failing {len(found.failing)} shows all)")
    if found.goal is not None:
        print(f"  goal {percent(found.goal)}: {'missed' if found.goal_missed else 'reached'}")


def _first_error(found: Evaluation) -> str:
    return next((row.error for row in found.rows if row.status == "transport"), "")


def _input(inputs: Mapping[str, Any]) -> str:
    """A single text as it is; several inputs by their names."""
    values = list(inputs.values())
    return _short(values[0] if len(values) == 1 and isinstance(values[0], str) else dict(inputs))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= 100 else text[:97] + "..."


def _plain(found: Evaluation) -> dict[str, Any]:
    return {**found.to_json(), "usage": asdict(found.usage), "rows": [row.to_json() for row in found.rows]}
