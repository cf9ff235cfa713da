"""Proposals in the editor: as diagnostics on the params that they change, quick fixes, and the commands behind these."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adalang.engine.anchoring import Anchored, doubt, message
from adalang.engine.explanation import explanation
from adalang.engine.offers import Offer, PartOffer, Shown, offers_at, shown_in
from adalang.engine.proposals import title
from adalang.ide.changes import Change
from adalang.language.edits import EditRefused
from adalang.language.text import SourceText, Span
from adalang.lsp import to_lsp, types
from adalang.lsp.convert_changes import workspace_edit
from adalang.lsp.protocol import RequestError
from adalang.lsp.state import Document, Snapshot
from adalang.lsp.workspaces import Workspace
from adalang.store import StoreError
from adalang.store.records import Proposal, ProposalStatus

if TYPE_CHECKING:
    from adalang.lsp.server import AdalServer

CODE = "proposal"


def proposal_diagnostics(snapshot: Snapshot, document: Document) -> list[types.Diagnostic]:
    return [_diagnostic(snapshot, document, one) for one in _shown(snapshot, document)]


def proposal_actions(snapshot: Snapshot, document: Document, span: Span) -> list[types.CodeAction]:
    """The quick fixes of the proposals whose mark touches ``span``, or one of whose changes does."""
    return [
        _part_action(snapshot, document, offer) if isinstance(offer, PartOffer) else _action(snapshot, document, offer)
        for offer in offers_at(document.path, span, _shown(snapshot, document))
    ]


def _shown(snapshot: Snapshot, document: Document) -> list[Shown]:
    return shown_in(document.path, snapshot.proposals(document))


def _diagnostic(snapshot: Snapshot, document: Document, shown: Shown) -> types.Diagnostic:
    return types.Diagnostic(
        range=to_lsp.range_(document.source, shown.span, snapshot.client.encoding),
        message=message(shown.anchored),
        severity=types.DiagnosticSeverity.Information,
        code=CODE,
        source=to_lsp.SOURCE,
        data={"proposal": shown.anchored.proposal.id},
    )


def _action(snapshot: Snapshot, document: Document, offer: Offer) -> types.CodeAction:
    name, proposal = f"adalang.server.{offer.action}Proposal", offer.shown.anchored.proposal
    return types.CodeAction(
        offer.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[_diagnostic(snapshot, document, offer.shown)],
        is_preferred=offer.preferred or None,
        command=types.Command(offer.title, name, arguments=[proposal.id]),
    )


def _part_action(snapshot: Snapshot, document: Document, offer: PartOffer) -> types.CodeAction:
    doubt = types.ChangeAnnotation(offer.title, needs_confirmation=True, description=offer.doubt)
    return types.CodeAction(
        offer.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[_diagnostic(snapshot, document, offer.shown)],
        edit=workspace_edit(snapshot, _sources(offer.shown.anchored), Change(offer.edits), doubt),
    )


def _sources(found: Anchored) -> dict[Path, SourceText]:
    return {path: module.source for path, module in found.program.modules.items()}


# ---- commands


async def apply_proposal(server: AdalServer, proposal_id: str) -> dict[str, Any]:
    """Have the client apply it to the text as it is now, and note that in the store once the client has."""
    workspace, proposal, found = await _find(server, proposal_id)
    if not server.client.applies_edits:
        raise RequestError("This editor cannot apply edits; use `adalang proposals apply` in a terminal.")
    try:
        edits = found.edits()
    except EditRefused as error:
        raise RequestError(str(error)) from error
    if edits:
        label = title(proposal, outdated=bool(found.outdated))
        why = doubt(found)
        asks = types.ChangeAnnotation(label, needs_confirmation=True, description=why) if why else None
        edit = workspace_edit(server.snapshot, _sources(found), Change(edits), asks)
        await server.window.apply(edit, label)
    await _set_status(server, workspace, proposal, "applied")
    return {"applied": proposal.id}


async def dismiss_proposal(server: AdalServer, proposal_id: str) -> dict[str, Any]:
    workspace, proposal, _ = await _find(server, proposal_id)
    await _set_status(server, workspace, proposal, "dismissed")
    return {"dismissed": proposal.id}


async def explain_proposal(server: AdalServer, proposal_id: str) -> dict[str, Any]:
    """Show the whole evidence in the editor; the text is also the answer."""
    workspace, proposal, found = await _find(server, proposal_id)
    text = explanation(proposal, found)
    await server.window.show_text(workspace.root, f"proposal-{proposal.id}.md", text)
    return {"markdown": text}


async def _find(server: AdalServer, proposal_id: str) -> tuple[Workspace, Proposal, Anchored]:
    """The proposal with the workspace whose store has it, in the text as it is now.

    Raises:
        RequestError: there is no such open proposal, or its file or the store cannot be read.
    """
    for workspace in server.workspaces.all:
        try:
            proposal = await server.workspaces.in_store(workspace, lambda watch: watch.proposal(proposal_id))
        except StoreError as error:
            raise RequestError(str(error)) from error
        if proposal is None:
            continue
        if proposal.status != "open":
            raise RequestError(f"The proposal {proposal.id} is {proposal.status} already.")
        look = partial(Snapshot.anchored, proposal=proposal, root=workspace.root)
        await server.reading.look_at(workspace.root / proposal.file, look)
        found = look(server.snapshot)
        if found is None:
            raise RequestError(f"{proposal.file} cannot be read, so its proposal cannot be applied.")
        return workspace, proposal, found
    raise RequestError(f"There is no open proposal {proposal_id}.")


async def _set_status(server: AdalServer, workspace: Workspace, proposal: Proposal, status: ProposalStatus) -> None:
    try:
        await server.workspaces.in_store(workspace, lambda watch: watch.set_status(proposal.id, status))
    except StoreError as error:
        raise RequestError(str(error)) from error
    await server.workspaces.look_into_store(workspace, anyway=True)
