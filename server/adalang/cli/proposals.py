"""``adalang proposals``: what optimizations found, and putting it into the files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from adalang.cli.common import existing_store, load_program, note, print_json, say

if TYPE_CHECKING:
    from adalang.language.program import Program
    from adalang.store import Store
    from adalang.store.records import Proposal

app = typer.Typer(help="List, show, apply or dismiss what optimizations found.", no_args_is_help=True)

ID = typer.Argument("", help="A proposal's id, or the start of it; default: the only open one.", show_default=False)
ROOT = typer.Option(None, "--root", help="The workspace; default: the one of this folder.", show_default=False)


def _open(root: Path | None) -> tuple[Store, Path]:
    store = existing_store(root)
    assert store.root is not None
    return store, store.root


def _program(base: Path, proposal: Proposal) -> Program:
    """The proposal's file as it is now."""
    file = base / proposal.file
    if not file.is_file():
        raise typer.BadParameter(
            f"{proposal.file} is not there any more: it was moved or renamed since the optimization"
        )
    return load_program(file)


def _proposal(store: Store, proposal_id: str) -> Proposal:
    if not proposal_id:
        waiting = [one for one in store.proposals() if one.status == "open"]
        if len(waiting) == 1:
            return waiting[0]
        known = ", ".join(one.id for one in waiting) or "none; `adalang optimize FILE` makes them"
        raise typer.BadParameter(f"which proposal? Open ones: {known}")
    found = store.proposal(proposal_id)
    if found is None:
        known = ", ".join(one.id for one in store.proposals()) or "none"
        raise typer.BadParameter(f"no proposal {proposal_id}; there are: {known}")
    return found


def _why_outdated(base: Path, proposal: Proposal) -> str:
    """:func:`~adalang.engine.proposals.why_outdated` with the files on disk."""
    from adalang.config import load_settings
    from adalang.engine.proposals import why_outdated
    from adalang.language.program import load

    program = load(base / proposal.file)
    if program is None:
        return f"{proposal.file} cannot be read"
    return why_outdated(program, proposal, default_model=load_settings(base).model)


@app.command("list")
def list_proposals(
    all: bool = typer.Option(False, "--all", "-a", help="Applied and dismissed ones too."),
    json_output: bool = typer.Option(False, "--json", help="Print as JSON."),
    root: Path = ROOT,
) -> None:
    """List the proposals of this workspace, newest first."""
    from adalang.engine.proposals import evidence_line

    store, base = _open(root)
    with store:
        found = [one for one in store.proposals() if all or one.status == "open"]
    if json_output:
        print_json([one.to_json() for one in found])
        return
    for one in found:
        made = datetime.fromtimestamp(one.created).strftime("%Y-%m-%d %H:%M")
        kind = "proposal" if one.evidence.verified else "hint"
        if one.status == "open" and _why_outdated(base, one):
            kind = f"{kind}, tested on an older version"
        print(f"{one.id}  {one.status:9}  {made}  {one.file}  {kind}: {evidence_line(one)}")
    if not found:
        note("No open proposals. `adalang optimize FILE` makes them.")


@app.command("show")
def show(
    proposal_id: str = ID, json_output: bool = typer.Option(False, "--json", help="Print as JSON."), root: Path = ROOT
) -> None:
    """Show a proposal with its evidence and its diff."""
    from adalang.cli.optimize import print_evidence
    from adalang.engine.proposals import EditRefused, diff, title

    store, base = _open(root)
    with store:
        found = _proposal(store, proposal_id)
    if json_output:
        print_json(found.to_json())
        return
    why = _why_outdated(base, found)
    print(f"{found.id} ({found.status}) for {found.file}\n{title(found, outdated=bool(why))}")
    print_evidence(found)
    if why:
        print(f"  Tested on an older version: {why}")
    try:
        say(f"\n{diff(_program(base, found), found, base)}".removesuffix("\n"))
    except EditRefused as error:
        note(f"It no longer fits: {error}")


@app.command("export")
def export(proposal_id: str = ID, root: Path = ROOT) -> None:
    """Print a proposal as a unified diff, for `git apply` or a review."""
    from adalang.engine.proposals import diff

    store, base = _open(root)
    with store:
        found = _proposal(store, proposal_id)
    print(diff(_program(base, found), found, base), end="")


@app.command("apply")
def apply(
    proposal_id: str = ID,
    force: bool = typer.Option(False, "--unverified", help="Apply it although no test confirms it."),
    root: Path = ROOT,
) -> None:
    """Put a proposal into its file: exactly the named params change, or nothing does."""
    from adalang.config import load_settings
    from adalang.engine.adopting import Unproven, adopt

    store, base = _open(root)
    with store:
        found = _proposal(store, proposal_id)
        try:
            files = adopt(
                store, _program(base, found), found, default_model=load_settings(base).model, unverified=force
            )
        except Unproven as error:
            raise typer.BadParameter(f"{error}; to apply it anyway add --unverified") from error
    changed = ", ".join(change.param for change in found.changes)
    print(f"Applied {found.id}: {changed} in {', '.join(path.name for path in files)}.")


@app.command("dismiss")
def dismiss(proposal_id: str = ID, root: Path = ROOT) -> None:
    """Stop showing a proposal. Another optimization that finds it offers it again."""
    store, _ = _open(root)
    with store:
        found = _proposal(store, proposal_id)
        store.set_proposal_status(found.id, "dismissed")
    print(f"Dismissed {found.id}.")
