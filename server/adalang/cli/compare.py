"""``adalang compare``: two versions of a file, or two models, on the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from adalang.cli.common import (
    check_chosen,
    check_writable,
    chosen_models,
    money,
    note,
    now,
    open_store,
    percent,
    print_json,
    settings_for,
    split_target,
    write_report,
)
from adalang.cli.rows import RowProgress, print_estimates, short
from adalang.figures import points
from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.engine.comparison import Comparing, Pair, Side
    from adalang.evaluation.compared import Compared, Price, Verdict

_SHOWN = 5
_AS_WRITTEN = "-"


class Require(StrEnum):
    """What a script asks of the second side."""

    BETTER = "better"
    NOT_WORSE = "not-worse"
    NOTHING = "nothing"


_REFUSED: dict[Require, tuple[Verdict, ...]] = {
    Require.BETTER: ("worse", "no difference shown"),
    Require.NOT_WORSE: ("worse",),
    Require.NOTHING: (),
}


def compare(
    before: str = typer.Argument(..., help="The first side: FILE, FILE:EVAL, or REVISION:FILE for a git revision."),
    after: str = typer.Argument("", help="The second side. Left out: the same file, with --at or --models."),
    at: str = typer.Option("", "--at", help="The first side as it was at this git revision.", metavar="REVISION"),
    models: tuple[str, str] = typer.Option(
        (_AS_WRITTEN, _AS_WRITTEN),
        "--models",
        help="A model for each side: MODEL or PROMPT=MODEL; - as the file says.",
        metavar="A B",
    ),
    model: list[str] = typer.Option(
        [], "--model", "-m", help="For both sides: PROMPT=MODEL, or MODEL for every prompt."
    ),
    split: str = typer.Option("", "--split", help="train, val or test. Default: what the eval names, else val."),
    limit: int = typer.Option(0, "--limit", "-n", min=0, help="Only the first N rows; 0: all."),
    repeats: int = typer.Option(0, "--repeats", "-r", min=0, help="Samples of each row; 0: what the eval says."),
    by: str = typer.Option("", "--by", help="Compare for each value of this column of the data too.", metavar="COLUMN"),
    require: Require = typer.Option(
        Require.NOT_WORSE, "--require", help="What the second side must be shown to be, else it ends with 1."
    ),
    estimate: bool = typer.Option(False, "--estimate", help="Say how much would run and what it can show, and stop."),
    junit: Path = typer.Option(None, "--junit", help="Also write JUnit XML to this file.", show_default=False),
    html: Path = typer.Option(None, "--html", help="Also write a report to this file.", show_default=False),
    json_output: bool = typer.Option(False, "--json", help="Print everything as JSON."),
) -> None:
    """Compare two versions of a file, or two models, on the same rows.

    Both sides answer the rows of the second one, and the same rows are compared. A revision is read with the files of that
    revision; what git does not know is read as it is today. Ends with 1 when the second side is shown to be worse (see
    --require), with 2 when it cannot run or too few calls were answered.
    """
    check_writable(junit=junit, html=html)
    first, second = _sides(before, after, at, models, model)
    settings = settings_for(second.file)

    async def work() -> list[Compared]:
        from adalang.engine.comparison import comparing

        with open_store(settings) as store:
            opened = comparing(first, second, settings=settings, store=store, split=split or None, limit=limit or None)
            async with opened as found:
                for side, program in zip((first, second), found.programs, strict=True):
                    check_chosen(program, side.models)
                if require is not Require.NOTHING:
                    _check_alike(found.pairs)
                planned = [found.preview(pair, by=by, repeats=repeats or None) for pair in found.pairs]
                if estimate:
                    print_estimates(planned, json_output)
                    return []
                return [await _run(found, pair, repeats, by, json_output) for pair in found.pairs]

    results = asyncio.run(work())
    if estimate:
        return
    if json_output:
        print_json([found.to_json() for found in results])
    refused = _REFUSED[require]
    if junit:
        from adalang.report.junit import comparison_junit

        write_report(junit, comparison_junit(second.file.name, results, require.value, refused))
    if html:
        from adalang.report.comparison import comparison_page

        write_report(html, comparison_page(results, by=by, made=now()))
    if any(found.verdict == "void" for found in results):
        raise typer.Exit(2)
    if any(found.verdict in refused for found in results):
        raise typer.Exit(1)


def _check_alike(pairs: Sequence[Pair]) -> None:
    """No verdict on a prompt comes from two rulers.

    Raises:
        typer.BadParameter: an eval's sides score differently.
    """
    for pair in pairs:
        if not pair.alike:
            raise typer.BadParameter(
                f"the two sides of {pair.after.name} score differently (`metric` or `expect`), so that neither better nor worse "
                "would say anything of the prompts. Give both the same, or see the figures with --require nothing"
            )


def _sides(before: str, after: str, at: str, models: tuple[str, str], model: list[str]) -> tuple[Side, Side]:
    """What is compared with what.

    Raises:
        typer.BadParameter: the two sides are one and the same, or a file does not exist.
    """
    if not after and not at and models == (_AS_WRITTEN, _AS_WRITTEN):
        raise typer.BadParameter(
            "compare with what? Name a second file, a revision (--at HEAD~1), or two models (--models A B)"
        )
    first, second = _side(before), _side(after or before)
    if at and first.revision:
        raise typer.BadParameter(f"{before} names a revision already: leave out --at {at}")
    first = replace(first, revision=at or first.revision, models=_chosen(model, models[0]))
    second = replace(second, models=_chosen(model, models[1]))
    if first == second:
        raise typer.BadParameter("both sides are the same: name another file, revision or model on one of them")
    return replace(first, name=_name(first, second)), replace(second, name=_name(second, first))


def _side(written: str) -> Side:
    """``FILE``, ``FILE:EVAL``, ``REVISION:FILE`` or ``REVISION:FILE:EVAL``."""
    from adalang.engine.comparison import Side

    try:
        file, name = split_target(written)
        return Side("", file, name)
    except typer.BadParameter:
        revision, colon, rest = written.partition(":")
        path, dot, name = rest.partition(".adal")
        if not colon or not revision or not dot or (name and not name.startswith(":")):
            raise
        return Side("", Path(path + dot), name.removeprefix(":"), revision)


def _chosen(both: list[str], own: str) -> dict[str, str]:
    return chosen_models([*both, own] if own != _AS_WRITTEN else both)


def _name(side: Side, other: Side) -> str:
    """What tells a side from the other: its model where that alone differs, else its revision and file."""
    told = ", ".join(model if prompt == "*" else f"{prompt}={model}" for prompt, model in side.models.items())
    if (side.file, side.revision, side.eval) == (other.file, other.revision, other.eval):
        return told or "as the file says"
    place = f"{side.revision}:{side.file.as_posix()}" if side.revision else side.file.as_posix()
    named = f"{place}:{side.eval}" if side.eval != other.eval and side.eval else place
    return named if side.models == other.models else f"{named} with {told or 'its own models'}"


async def _run(comparing: Comparing, pair: Pair, repeats: int, by: str, quiet: bool) -> Compared:
    with RowProgress(quiet=quiet) as progress:
        found = await comparing.run(pair, repeats=repeats or None, by=by, on_row=progress)
    if not quiet:
        print_compared(found, by)
    return found


def print_compared(found: Compared, by: str) -> None:
    from adalang.evaluation.compared import Price

    for line in found.notes:
        note(f"note: {line}")
    print(f"{found.after.eval} ({found.after.split}): {found.words}.")
    width = max(map(len, found.names))
    for name, side in zip(found.names, (found.before, found.after), strict=True):
        if side.void:
            void = f"void: {side.transport_failures} of {len(side.rows)} runs got no answer"
            print(f"  {name:<{width}}  {void}. First: {visible(side.first_error)}")
            continue
        interval = f"[{percent(side.interval.low)}, {percent(side.interval.high)}]"
        print(f"  {name:<{width}}  {percent(side.score)} {interval} on {side.on_rows}; {_price(Price.of(side.rows))}")
        for line in side.cuts:
            note(f"    cut: {line}")
    if found.verdict == "void":
        return
    changed = found.comparison
    print(
        f"  p = {found.p:.2g} ({changed.method}, two-sided); {len(changed.mended)} mended, {len(changed.broken)} broken"
    )
    for word, rows in (("broken", changed.broken), ("mended", changed.mended)):
        for old, new in found.changed(rows[:_SHOWN]):
            print(
                f"    {word} {short(new.row_id)}: expected {short(new.expected)}, {short(old.output)} -> {short(new.output)}"
            )
        if len(rows) > _SHOWN:
            print(f"    … and {len(rows) - _SHOWN} more {word} (--json and --html have all)")
    for one in found.slices:
        part = one.comparison
        few = "  (few rows)" if one.few else ""
        print(
            f"  {by} = {short(one.value)}: {percent(part.before)} -> {percent(part.after)}, {points(part.difference, 1)} points "
            f"[{points(part.low, 1)}, {points(part.high, 1)}] on {part.n} rows, p = {one.p:.2g}{few}"
        )


def _price(price: Price) -> str:
    from adalang.report.charts import duration

    each = money(price.usd, price.priced)
    return f"{price.tokens:.0f} tokens, {each if each in ('free', 'price unknown') else f'${price.usd:.2g}'}, {duration(price.seconds)} each"
