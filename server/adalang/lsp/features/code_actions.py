from __future__ import annotations

from collections.abc import Iterator, Sequence

from adalang.ide.actions import Action, fix_all, quick_fixes
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.features.proposals import proposal_actions
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis

FIX_ALL = "source.fixAll.adalang"
OPTIONS = {"codeActionKinds": [types.CodeActionKind.QuickFix, FIX_ALL]}


def code_actions(server: AdalServer, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    only = params.context.only
    span = from_lsp.span(analysis.source, params.range, server.client.encoding)
    actions: list[types.CodeAction] = []
    if _wants(only, types.CodeActionKind.QuickFix):
        actions += [_quick_fix(server, analysis, one) for one in quick_fixes(analysis.diagnostics, span)]
        actions += proposal_actions(server.snapshot, analysis.document, span)
    if _wants(only, FIX_ALL):
        actions += _fix_all(server, analysis)
    return actions


def _wants(only: Sequence[str] | None, kind: str) -> bool:
    """Whether a filter (none, or kinds with their sub-kinds) lets a kind through."""
    return only is None or any(kind == one or kind.startswith(f"{one}.") or one == "" for one in only)


def _quick_fix(server: AdalServer, analysis: Analysis, found: Action) -> types.CodeAction:
    document = analysis.document
    return types.CodeAction(
        found.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[to_lsp.diagnostic(server.snapshot, analysis.source, found.diagnostic)],
        is_preferred=found.preferred or None,
        edit=to_lsp.workspace_edit(server.client, [(document.uri, document.version, document.source, found.edits)]),
    )


def _fix_all(server: AdalServer, analysis: Analysis) -> Iterator[types.CodeAction]:
    document, edits = analysis.document, fix_all(analysis.diagnostics)
    if edits:
        edit = to_lsp.workspace_edit(server.client, [(document.uri, document.version, document.source, edits)])
        yield types.CodeAction("Apply all safe fixes of Adalang", kind=FIX_ALL, edit=edit)
