"""``adalang runs``: the optimizations that a workspace has seen, finished or cut off, out of their logs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from adalang.cli.common import check_writable, existing_store, money, note, print_json, say, write_report
from adalang.figures import percent

if TYPE_CHECKING:
    from adalang.report.story import Story
    from adalang.store import Store
    from adalang.store.records import OptimizationRecord, Proposal

app = typer.Typer(help="List optimizations, tell what they did, and report on them.", no_args_is_help=True)

ID = typer.Argument("", help="An optimization's id, or the start of it; default: the newest.", show_default=False)
ROOT = typer.Option(None, "--root", help="The workspace; default: the one of this folder.", show_default=False)


@app.command("list")
def list_runs(
    limit: int = typer.Option(20, "--limit", "-n", min=0, help="At most so many; 0: all."),
    json_output: bool = typer.Option(False, "--json", help="Print as JSON."),
    root: Path = ROOT,
) -> None:
    """List the optimizations of this workspace, newest first: running, cut off, finished or failed."""
    with existing_store(root) as store:
        found = [(record, _story(store, record)) for record in store.optimizations(limit=limit or -1)]
        told = [_plain(store, record, story) for record, story in found]
    if json_output:
        print_json(told)
        return
    for (record, story), plain in zip(found, told, strict=True):
        state = story.finished["kind"] if story.finished else plain["state"]
        calls = f"{story.spent.calls} calls, {money(story.spent.usd, story.spent.priced)}"
        print(f"{record.run_id}  {state:9}  {_when(record)}  {record.file}:{record.eval}  {_score(story)}  ({calls})")
    if not found:
        note("No optimizations yet. `adalang optimize FILE` makes one.")


@app.command("show")
def show(
    run_id: str = ID, json_output: bool = typer.Option(False, "--json", help="Print as JSON."), root: Path = ROOT
) -> None:
    """Say how an optimization stands: outcome, test, rounds and what was spent."""
    from adalang.report.explain import summary_lines

    with existing_store(root) as store:
        record = _record(store, run_id)
        story = _story(store, record)
        plain = _plain(store, record, story)
    if json_output:
        print_json(plain)
        return
    spent = story.spent
    print(f"{record.run_id} ({plain['state']}) of {record.file}:{record.eval}, begun {_when(record)}")
    calls = f"{spent.calls} calls, {spent.cached_calls} from the cache, {spent.tokens} tokens"
    print(f"Spent: {calls}, {money(spent.usd, spent.priced)}, {story.seconds:.0f} s from first to last event")
    print(f"Rounds: {story.count}; score: {_score(story) or 'not known yet'}")
    say("\n".join(summary_lines(story)))
    if plain["proposal"]:
        print(f"More: adalang proposals show {plain['proposal']}")


@app.command("explain")
def explain(run_id: str = ID, root: Path = ROOT) -> None:
    """Tell who was blamed for what: failing rows, blame, hypotheses, and what became of each, round by round."""
    from adalang.report.explain import run_lines

    with existing_store(root) as store:
        record = _record(store, run_id)
        say("\n".join(run_lines(_story(store, record))))


@app.command("events")
def events(
    run_id: str = ID,
    kind: list[str] = typer.Option([], "--kind", "-k", help="Only events of this kind; may be given more than once."),
    root: Path = ROOT,
) -> None:
    """Print an optimization's events as JSON lines, as `adalang optimize --events` writes them."""
    from adalang.engine.logs import event_line, kept_events
    from adalang.language.diagnostics import did_you_mean
    from adalang.optimizer.vocabulary import EVENTS

    for one in kind:
        if one not in EVENTS:
            meant = did_you_mean(one, EVENTS)
            hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(EVENTS)}"
            raise typer.BadParameter(f"--kind: no event is called {one}; {hint}")
    with existing_store(root) as store:
        for event in kept_events(store, _record(store, run_id).run_id):
            if not kind or event.kind in kind:
                print(event_line(event))


@app.command("report")
def report(
    run_id: str = ID,
    html: Path = typer.Option(..., "--html", help="The file to write."),
    root: Path = ROOT,
) -> None:
    """Write a report of an optimization: one HTML file that needs nothing else."""
    check_writable(html=html)
    with existing_store(root) as store:
        report_run(store, _record(store, run_id).run_id, html)


def report_run(store: Store, run_id: str, file: Path) -> None:
    """Write the report of an optimization."""
    from adalang.engine.logs import state_of
    from adalang.report.optimization import optimization_page

    record = store.optimization(run_id)
    assert record is not None
    text = optimization_page(
        _story(store, record),
        file=record.file,
        eval_name=record.eval,
        run_id=record.run_id,
        state=state_of(store, record),
        proposal=_proposal(store, record),
        began=_when(record),
    )
    write_report(file, text)


def _record(store: Store, run_id: str) -> OptimizationRecord:
    found = store.optimization(run_id)
    if found is None:
        known = (
            ", ".join(one.run_id for one in store.optimizations(limit=10)) or "none; `adalang optimize FILE` makes one"
        )
        raise typer.BadParameter(f"no optimization {run_id}; there are: {known}" if run_id else f"there are: {known}")
    return found


def _story(store: Store, record: OptimizationRecord) -> Story:
    from adalang.engine.logs import kept_events
    from adalang.report.story import Story

    return Story.of(kept_events(store, record.run_id))


def _proposal(store: Store, record: OptimizationRecord) -> Proposal | None:
    """What the run offered; another run that found the same has taken the proposal over."""
    return next((one for one in store.proposals(record.file, record.eval) if one.run_id == record.run_id), None)


def _plain(store: Store, record: OptimizationRecord, story: Story) -> dict[str, object]:
    from adalang.engine.logs import state_of

    proposal = _proposal(store, record)
    return {
        "run_id": record.run_id,
        "file": record.file,
        "eval": record.eval,
        "created": record.created,
        "state": state_of(store, record),
        "outcome": story.finished.get("kind"),
        "reason": story.finished.get("reason"),
        "rounds": story.count,
        "ship_test": dict(story.ship_test) or None,
        "proposal": proposal.id if proposal is not None else None,
        "spent": asdict(story.spent),
        "seconds": story.seconds,
    }


def _score(story: Story) -> str:
    """What is known of the score: the final test's figures, else those of the search, which are by chance too good."""
    if story.ship_test:
        told = story.ship_test
        return f"{percent(told['before'])} -> {percent(told['after'])} on {told['n']} held-out rows"
    if story.bests and story.start_mean is not None:
        return f"{percent(story.start_mean)} -> {percent(story.bests[-1].mean)} in the search, not tested"
    return ""


def _when(record: OptimizationRecord) -> str:
    return datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M")
