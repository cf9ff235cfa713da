"""``adalang store``: what the workspace's store keeps."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typer

from adalang.cli.common import existing_store, money, note, print_json
from adalang.cli.times import moment
from adalang.store import indexes

app = typer.Typer(help="Show, prune or export the workspace's store.", no_args_is_help=True)

ROOT = typer.Option(None, "--root", help="The workspace; default: the one of this folder.", show_default=False)


@app.command("show")
def show(json_output: bool = typer.Option(False, "--json", help="Print as JSON."), root: Path = ROOT) -> None:
    """Say what is kept, how large it is, and what it has cost."""
    with existing_store(root) as store:
        stats = store.stats()
        file = store.file
        number, size = indexes.kept(store.root) if store.root else (0, 0)
    if json_output:
        print_json({"file": str(file), **stats, "indexes": {"number": number, "bytes": size}})
        return
    print(f"{file} ({stats['bytes'] / 1e6:.1f} MB)")
    for table, count in stats["rows"].items():
        print(f"  {table:14} {count}")
    print(f"  {indexes.KIND:14} {number} ({size / 1e6:.1f} MB, beside the store)")
    print(f"  paid for answers: {money(stats['usd'])}, {stats['tokens']} tokens")


@app.command("prune")
def prune(
    kind: str = typer.Option("", "--kind", "-k", help="What to delete: responses, runs, indexes, …; default: all."),
    older_than: str = typer.Option("", "--older-than", help="Only what is older: 30d, 12h, 90m. Absent: everything."),
    retention: bool = typer.Option(False, "--retention", help="Only traces beyond `trace_days` and `trace_mb`."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
    root: Path = ROOT,
) -> None:
    """Delete what is kept. Deleted answers have to be paid for again."""
    if retention:
        _retain(root)
        return
    before = moment(older_than, "--older-than") if older_than else None
    what = f"{kind or 'everything'}{f' older than {older_than}' if older_than else ''}"
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Delete {what}?", default=False)):
        note("Nothing was deleted." + ("" if sys.stdin.isatty() else " Add --yes to delete without being asked."))
        return
    with existing_store(root) as store:
        try:
            deleted = store.prune(kind or None, before) if kind != indexes.KIND else {}
            if kind in ("", indexes.KIND) and store.root is not None:
                deleted = {**deleted, indexes.KIND: indexes.prune(store.root, before)}
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    print(", ".join(f"{count} {table}" for table, count in deleted.items() if count) or "Nothing to delete.")


def _retain(root: Path | None) -> None:
    from adalang.config import find_root, load_settings

    settings = load_settings(find_root(root or Path.cwd()))
    with existing_store(root) as store:
        gone = store.runs.retain(settings["trace_days"], settings["trace_mb"])
        store.compact()
    print(f"{gone} runs" if gone else "Nothing to delete.")


@app.command("export")
def export(root: Path = ROOT) -> None:
    """Print everything as JSON lines."""
    with existing_store(root) as store:
        for row in store.export():
            print(json.dumps(row, ensure_ascii=False, default=str))
