"""``adalang sessions``: the runs with a name that a workspace keeps."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from adalang.cli.common import existing_store, note, print_json, say

if TYPE_CHECKING:
    from adalang.store import Store
    from adalang.store.records import SessionRecord

app = typer.Typer(help="List, show or delete the sessions of `run --session`.", no_args_is_help=True)

SESSION = typer.Argument(..., help="A session's name or id, or FILE:COMPONENT:NAME where several have the name.")
ROOT = typer.Option(None, "--root", help="The workspace; default: the one of this folder.", show_default=False)
JSON = typer.Option(False, "--json", help="Print as JSON.")

_LONGEST = 200


@app.command("list")
def list_sessions(json_output: bool = JSON, root: Path = ROOT) -> None:
    """List the sessions, newest first: at work, open (to be resumed) or finished."""
    with existing_store(root) as store:
        found = [(record, _plain(store, record)) for record in store.sessions()]
    if json_output:
        print_json([plain for _, plain in found])
        return
    for record, plain in found:
        say(_line(record, plain["state"]))
    if not found:
        note("No sessions yet. `adalang run FILE:NAME --session NAME` begins one.")


@app.command("show")
def show(session: str = SESSION, json_output: bool = JSON, root: Path = ROOT) -> None:
    """Show a session: what was said in it, and what was done in its run that is not finished."""
    with existing_store(root) as store:
        record = _record(store, session)
        plain = _plain(store, record)
        steps = store.session_steps(record.id)
    if json_output:
        print_json({**plain, "steps": steps})
        return
    say(_line(record, plain["state"]))
    for name, value in record.inputs.items():
        say(f"  {name} = {_short(value)}")
    for turn in record.turns:
        say(f"  {turn['role']}: {_short(turn['text'])}")
    for step in steps.values():
        say(f"  - {_told(step)}")


@app.command("delete")
def delete(
    session: str = SESSION, yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."), root: Path = ROOT
) -> None:
    """Delete a session, with what was said and done in it. One that is at work is left alone."""
    from adalang.engine.sessions import delete_session

    with existing_store(root) as store:
        record = _record(store, session)
        what = f"the session `{record.name}` of {record.file}:{record.component}"
        if not yes and not (sys.stdin.isatty() and typer.confirm(f"Delete {what}?", default=False)):
            note("Nothing was deleted." + ("" if sys.stdin.isatty() else " Add --yes to delete without being asked."))
            return
        asyncio.run(delete_session(store, record))
    say(f"Deleted {what}.")


def _record(store: Store, wanted: str) -> SessionRecord:
    known = store.sessions()
    found = [one for one in known if wanted in (one.id, one.name, _whole(one))]
    if len(found) == 1:
        return found[0]
    several = ", ".join(map(_whole, found or known[:5]))
    if found:
        raise typer.BadParameter(f"several sessions have the name {wanted}: {several}")
    hint = f"there are: {several}" if known else "there are none; `adalang run FILE:NAME --session NAME` begins one"
    raise typer.BadParameter(f"there is no session {wanted!r}; {hint}")


def _plain(store: Store, record: SessionRecord) -> dict[str, Any]:
    from adalang.engine.sessions import session_state

    told = {name: value for name, value in asdict(record).items() if name not in ("status", "fingerprint")}
    return {**told, "state": session_state(store, record)}


def _whole(record: SessionRecord) -> str:
    return f"{record.file}:{record.component}:{record.name}"


def _line(record: SessionRecord, state: str) -> str:
    """`3f2a91c04b7e  2026-11-23 19:20  open      helper.adal:helper  ann  (2 turns)`"""
    when = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M")
    turns = f"  ({len(record.turns)} turns)" if record.turns else ""
    return f"{record.id}  {when}  {state:8}  {record.file}:{record.component}  {record.name}{turns}"


def _told(step: Mapping[str, Any]) -> str:
    """A step in words: what a tool was called with and gave, or what a model said and wants called."""
    match step:
        case {"tool": tool, "state": "done", "inputs": inputs, "output": output}:
            return f"{tool} {_short(inputs)}: {_short(output)}"
        case {"tool": tool, "state": "failed", "error": error}:
            return f"{tool} failed: {_short(error)}"
        case {"tool": tool, "state": "started"}:
            return f"{tool} was called, and it is not known what came of it"
        case {"tool": tool}:
            return f"{tool} was not called yet"
        case {"calls": calls} if calls:
            return "the model wants: " + ", ".join(f"{one['name']} {_short(one['arguments'])}" for one in calls)
        case _:
            return f"the model said: {_short(step.get('text', ''))}"


def _short(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
