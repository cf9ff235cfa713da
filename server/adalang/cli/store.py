"""``adalang store``: what the workspace's store keeps."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import typer

from adalang.cli.common import existing_store, money, note, print_json
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
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
    root: Path = ROOT,
) -> None:
    """Delete what is kept. Deleted answers have to be paid for again."""
    before = time.time() - _seconds(older_than) if older_than else None
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


@app.command("export")
def export(root: Path = ROOT) -> None:
    """Print everything as JSON lines."""
    with existing_store(root) as store:
        for row in store.export():
            print(json.dumps(row, ensure_ascii=False, default=str))


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip())
    if match is None:
        raise typer.BadParameter(f"--older-than takes a time such as 30d, 12h or 90m, not {text!r}")
    return float(match.group(1)) * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[match.group(2)]
