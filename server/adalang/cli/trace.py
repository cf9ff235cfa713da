"""``adalang trace``: what runs did, out of the workspace's store."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from adalang.cli.common import check_writable, existing_store, money, note, print_json, say, write_report
from adalang.cli.times import moment
from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.store import Store
    from adalang.store.records import RunRecord

app = typer.Typer(help="Look at what runs did: calls, messages, tokens, prices, times, errors.", no_args_is_help=True)

ROOT = typer.Option(None, "--root", help="The workspace; default: the one of this folder.", show_default=False)
COMPONENT = typer.Option("", "--component", "-c", help="Only runs in which this component was called.")
EVAL = typer.Option("", "--eval", "-e", help="Only rows of this eval.")
ORIGIN = typer.Option("", "--origin", help="Only runs of: run, eval, optimize, python.")
ERRORS = typer.Option(False, "--errors", help="Only runs in which something went wrong.")
FAILING = typer.Option(False, "--failing", help="Only rows that scored less than 1, or got no answer.")
SINCE = typer.Option("", "--since", help="Only runs of the last: 2h, 30m, 7d.")
LIMIT = typer.Option(20, "--limit", "-n", min=0, help="At most so many; 0: all.")
JSON = typer.Option(False, "--json", help="Print as JSON.")

_POLL_SECONDS = 0.2


@app.command("list")
def list_traces(
    component: str = COMPONENT,
    eval: str = EVAL,
    origin: str = ORIGIN,
    errors: bool = ERRORS,
    failing: bool = FAILING,
    since: str = SINCE,
    limit: int = LIMIT,
    json_output: bool = JSON,
    root: Path = ROOT,
) -> None:
    """List runs, newest first."""
    with existing_store(root) as store:
        found = store.runs.find(**_filters(component, eval, origin, errors, failing, since), limit=limit or -1)
    if json_output:
        print_json([_summary(record) for record in found])
        return
    for record in found:
        print(visible(_line(record)))
    if not found:
        note("No such runs are kept.")


@app.command("show")
def show(
    run: str = typer.Argument(None, help="A run's id, or the start of it; default: the newest.", show_default=False),
    full: bool = typer.Option(False, "--full", "-f", help="Whole texts, and the messages."),
    json_output: bool = JSON,
    root: Path = ROOT,
) -> None:
    """Show a run as a tree: what called what, with which inputs, what came of it, and what it took."""
    with existing_store(root) as store:
        record = _record(store, run)
    if json_output:
        print_json(_whole(record))
        return
    from adalang.cli.trace_tree import print_tree

    say(_line(record))
    print_tree(record, full)


@app.command("tail")
def tail(
    component: str = COMPONENT,
    eval: str = EVAL,
    errors: bool = ERRORS,
    failing: bool = FAILING,
    count: int = typer.Option(0, "--count", min=0, help="End after so many runs; 0: go on until Ctrl-C."),
    json_output: bool = typer.Option(False, "--json", help="Print each run as a JSON line, with its calls."),
    root: Path = ROOT,
) -> None:
    """Print runs as they end, in whichever process they ran."""
    import json

    wanted = _filters(component, eval, "", errors, failing, "")
    with existing_store(root) as store:
        place, told = store.runs.place(), 0
        note("Waiting for runs; Ctrl-C ends.")
        version = -1
        while not count or told < count:
            if (now := store.data_version()) == version:
                time.sleep(_POLL_SECONDS)
                continue
            version, until = now, store.runs.place()
            found = store.runs.find(**wanted, after=place, limit=count - told if count else -1)
            for record in found:
                whole = store.runs.get(record.id) if json_output else None
                line = json.dumps(_whole(whole), ensure_ascii=False) if whole is not None else visible(_line(record))
                print(line, flush=True)
            told, place = told + len(found), until


@app.command("export")
def export(
    runs: list[str] = typer.Argument(
        None, help="Runs by id; default: those that the options name.", show_default=False
    ),
    component: str = COMPONENT,
    eval: str = EVAL,
    origin: str = ORIGIN,
    errors: bool = ERRORS,
    failing: bool = FAILING,
    since: str = SINCE,
    limit: int = LIMIT,
    html: Path = typer.Option(None, "--html", help="Write one HTML file that needs nothing else.", show_default=False),
    otlp: str = typer.Option(None, "--otlp", help="Send them to the collector at this address.", show_default=False),
    root: Path = ROOT,
) -> None:
    """Export runs with all that is known of them: as JSON lines on standard output, as a page, or to a collector."""
    import json

    if html is not None:
        check_writable(html=html)
    if otlp is not None and not otlp.strip():
        raise typer.BadParameter("--otlp needs an address, such as http://localhost:4318")
    with existing_store(root) as store:
        if runs:
            found = [_record(store, one) for one in runs]
        else:
            wanted = _filters(component, eval, origin, errors, failing, since)
            listed = store.runs.find(**wanted, limit=limit or -1)
            found = [one for record in listed if (one := store.runs.get(record.id)) is not None]
    if html is not None:
        from adalang.report.trace import trace_page

        write_report(html, trace_page(found))
    if otlp is not None:
        _send(found, otlp, root)
    if html is None and otlp is None:
        for record in found:
            print(json.dumps(_whole(record), ensure_ascii=sys.stdout.encoding.lower() != "utf-8"))


def _send(found: list[RunRecord], address: str, root: Path | None) -> None:
    from adalang.config import find_root, load_settings
    from adalang.tracing.otlp import Unsent, send_now, traces_address

    settings = load_settings(find_root(root or Path.cwd()))
    own = settings["otlp_endpoint"]
    # They log in at the collector that they were set for, and at no other.
    headers = settings["otlp_headers"] if own and traces_address(own) == traces_address(address) else None
    try:
        send_now(found, address, headers)
    except Unsent as error:
        raise typer.BadParameter(f"--otlp: {error}") from error
    note(f"sent {len(found)} runs to {address}")


def _filters(component: str, eval: str, origin: str, errors: bool, failing: bool, since: str) -> dict[str, Any]:
    return {
        "component": component or None,
        "eval": eval or None,
        "origin": origin or None,
        "errors": errors,
        "failing": failing,
        "since": moment(since, "--since") if since else None,
    }


def _record(store: Store, run: str | None) -> RunRecord:
    if run is not None and not run.strip():
        raise typer.BadParameter("a run's id is empty; leave it out for the newest run")
    found = store.runs.get(run or "")
    if found is None:
        known = ", ".join(one.id for one in store.runs.find(limit=5))
        hint = f"the newest are {known}" if known else "none is kept yet: `adalang run FILE:NAME` leaves one"
        raise typer.BadParameter(f"there is no single run {run}; {hint}" if run else hint)
    return found


def _summary(record: RunRecord) -> dict[str, Any]:
    from dataclasses import asdict

    return {name: value for name, value in asdict(record).items() if name not in ("calls", "steps")}


def _whole(record: RunRecord) -> dict[str, Any]:
    return {**_summary(record), "calls": record.calls, "steps": record.steps}


def _line(record: RunRecord) -> str:
    """`3f2a91c04b7e  2026-11-23 19:20  support  eval quality, row t12  50%  3.1 s, 812 tokens, $0.0021  !! why not`"""
    from datetime import datetime

    usage = record.usage
    tokens = usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
    cached = "cached" if usage.get("cached_calls") and not usage.get("calls") else ""
    took = [
        _seconds(record.seconds),
        f"{tokens} tokens",
        money(usage.get("usd", 0.0), usage.get("priced", True)),
        cached,
    ]
    about = f"{record.origin} {record.eval}, row {record.row}" if record.eval else record.origin
    parts = [
        record.id,
        datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M:%S"),
        f"{record.file}:{record.component}",
        about,
        f"{100 * record.score:.0f}%" if record.score is not None else "",
        ", ".join(part for part in took if part),
        f"!! {' '.join(record.error.split())[:120]}" if record.error else "",
    ]
    return "  ".join(part for part in parts if part)


def _seconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
