"""``adalang eval``: scores with intervals, cost, and the rows that failed."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from adalang.cli.common import (
    check_chosen,
    check_writable,
    chosen_models,
    money,
    note,
    now,
    open_session,
    percent,
    print_json,
    say_offline,
    settings_for,
    split_target,
    write_report,
)
from adalang.cli.rows import RowProgress, inputs_line, print_estimates, short
from adalang.cli.stopped import Stopped, would_call_again
from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.engine.session import Session
    from adalang.evaluation.results import Evaluation
    from adalang.language.program import Program
    from adalang.report.evaluation import Section

SHOWN_FAILURES = 10
_SHOWN_FLAKY = 5


def evaluate(
    target: str = typer.Argument(..., help="A .adal file, or FILE:EVAL for one of its evals."),
    split: str = typer.Option("", "--split", help="train, val or test. Default: what the eval names, else val."),
    limit: int = typer.Option(0, "--limit", "-n", min=0, help="Only the first N rows; 0: all."),
    repeats: int = typer.Option(0, "--repeats", "-r", min=0, help="Samples of each row; 0: what the eval says."),
    model: list[str] = typer.Option([], "--model", "-m", help="PROMPT=MODEL, or MODEL for every prompt."),
    by: str = typer.Option("", "--by", help="Score each value of this column of the data too.", metavar="COLUMN"),
    failing: int = typer.Option(SHOWN_FAILURES, "--failing", min=0, help="How many failing rows to print."),
    estimate: bool = typer.Option(False, "--estimate", help="Say how much would run and what it can show, and stop."),
    record: Path = typer.Option(
        None, "--record", help="Also write every answer to this recording, for replay/FILE.", show_default=False
    ),
    junit: Path = typer.Option(None, "--junit", help="Also write JUnit XML to this file.", show_default=False),
    html: Path = typer.Option(None, "--html", help="Also write a report to this file.", show_default=False),
    json_output: bool = typer.Option(False, "--json", help="Print everything as JSON."),
) -> None:
    """Score a file's evals. Ends with 1 when a goal is missed, with 2 when it cannot run or too few calls were answered."""
    check_writable(junit=junit, html=html)
    file, name = split_target(target)
    settings = settings_for(file)

    told = ""

    async def work() -> list[Section]:
        nonlocal told
        from adalang.engine.evaluating import preview
        from adalang.evaluation.plan import components_run, eval_plan

        async with open_session(settings, model, record) as session:
            program = session.load(file)
            check_chosen(program, chosen_models(model))
            names = [name] if name else [one.id for one in program.entities("eval") if one.module is program.root]
            if not names:
                raise typer.BadParameter(f"{file} has no eval; add one: eval quality of … {{ data = … metric = … }}")
            plans = [eval_plan(program, each) for each in names]
            called = [one for plan in plans for one in components_run(program, plan)]
            say_offline(settings, chosen_models(model), called)
            asked: dict[str, Any] = {"split": split or None, "limit": limit or None, "repeats": repeats or None}
            models = session.models(program)
            planned = [preview(plan, session.root, models, by=by, **asked) for plan in plans]
            if estimate:
                print_estimates(planned, json_output)
                return []
            told = would_call_again(called)
            sections = []
            for each in names:
                with RowProgress(quiet=json_output) as progress:
                    found = await session.evaluation(program, each, on_row=partial(progress, each), **asked)
                sections.append(_section(session, program, found, by))
                if not json_output:
                    print_evaluation(found, failing, by)
            return sections

    try:
        sections = asyncio.run(work())
    except KeyboardInterrupt:
        if told:
            raise Stopped(told) from None
        raise
    if estimate:
        return
    results = [section.found for section in sections]
    if json_output:
        print_json([_plain(section) for section in sections])
    if junit:
        from adalang.report.junit import junit as as_junit

        write_report(junit, as_junit(file.name, results))
    if html:
        from adalang.report.evaluation import evaluation_page

        write_report(html, evaluation_page(file.name, sections, made=now()))
    if any(found.void for found in results):
        raise typer.Exit(2)
    if any(found.goal_missed for found in results):
        raise typer.Exit(1)


def _section(session: Session, program: Program, found: Evaluation, by: str) -> Section:
    from adalang.engine.evaluating import turnover
    from adalang.evaluation.plan import eval_plan
    from adalang.report.evaluation import Section

    history = session.store.evaluations(session.store.relative(program.path), found.eval, found.split)
    noise = turnover(eval_plan(program, found.eval), session.models(program), found.repeats)
    return Section(found, noise, by, tuple(reversed(history)))


def print_evaluation(found: Evaluation, failing: int, by: str = "") -> None:
    interval, usage = found.interval, found.usage
    if found.void:
        share = f"{found.transport_failures} of {len(found.rows)} runs got no answer"
        print(f"{found.eval} ({found.split}): void, {share}. First: {visible(found.first_error)}")
        return
    calls = f"{usage.calls} calls, {usage.cached_calls} from the cache"
    samples = f", {found.repeats} samples each" if found.repeats > 1 else ""
    print(
        f"{found.eval} ({found.split}): {percent(found.score)} "
        f"[{percent(interval.low)}, {percent(interval.high)}] on {found.on_rows}{samples}; "
        f"{calls}, {money(usage.usd, usage.priced)}"
    )
    if found.transport_failures:
        note(f"  {found.transport_failures} runs got no answer and are not scored. First: {found.first_error}")
    for line in found.cuts:
        note(f"  cut: {line}")
    if by:
        _print_slices(found, by)
    _print_flaky(found)
    for row in found.failing[:failing]:
        print(f"  {short(row.row_id)}  {inputs_line(row.inputs)}")
        compared = f"expected {short(row.expected)}, got {short(row.output)}"
        print(f"      {compared}" + (f"  ({visible(row.reason)})" if row.reason not in ("", compared) else ""))
    rest = len(found.failing) - failing
    if rest > 0 and failing:
        print(f"  … and {rest} more (--failing {len(found.failing)} shows all)")
    if found.goal is not None:
        print(f"  goal {percent(found.goal)}: {'missed' if found.goal_missed else 'reached'}")


def _print_slices(found: Evaluation, by: str) -> None:
    from adalang.evaluation.slices import slices

    for one in slices(found, by):
        if one.void or not one.interval.n:
            print(f"  {by} = {short(one.value)}: void on {len(one.rows)} rows")
            continue
        few = "  (few rows)" if one.few else ""
        interval = f"[{percent(one.interval.low)}, {percent(one.interval.high)}]"
        print(f"  {by} = {short(one.value)}: {percent(one.interval.mean)} {interval} on {one.interval.n} rows{few}")


def _print_flaky(found: Evaluation) -> None:
    from adalang.evaluation.flakiness import flakiness

    flaky = flakiness(found.rows)
    if flaky is None:
        return
    print(f"  samples disagree on {percent(flaky.share)} of {flaky.rows} rows")
    for row in flaky.flaky[:_SHOWN_FLAKY]:
        print(f"    flaky: {short(row.row_id)}  scores {', '.join(f'{score:g}' for score in row.scores)}")
    if len(flaky.flaky) > _SHOWN_FLAKY:
        print(f"    … and {len(flaky.flaky) - _SHOWN_FLAKY} more (--json and --html have them)")


def _plain(section: Section) -> dict[str, Any]:
    found, flaky = section.found, section.flakiness
    return {
        **found.to_json(),
        "usage": asdict(found.usage),
        "flakiness": flaky.to_json() if flaky else None,
        "slices": [one.to_json() for one in section.slices],
        "rows": [row.to_json() for row in found.rows],
    }
