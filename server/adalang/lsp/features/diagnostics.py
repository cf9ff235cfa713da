"""Diagnostics, by both ways: asked for (with result ids), and sent (with the version).

A client that can ask is never sent any; it is told to ask again when something outside the text has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from adalang.language.diagnostics import Diagnostic
from adalang.language.program import Module
from adalang.lsp import to_lsp, types
from adalang.lsp.features.proposals import proposal_diagnostics
from adalang.lsp.features.traces import failing_diagnostics
from adalang.lsp.folders import Listing
from adalang.lsp.protocol import encode
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Snapshot, uri_of


def document_diagnostic(
    server: AdalServer, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
    found = of_document(server.snapshot, params.text_document.uri)
    result_id = result_id_of(found)
    if result_id == params.previous_result_id:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result_id)
    return types.RelatedFullDocumentDiagnosticReport(items=found, result_id=result_id)


def workspace_diagnostic(
    server: AdalServer, params: types.WorkspaceDiagnosticParams
) -> Callable[[], types.WorkspaceDiagnosticReport]:
    """For a thread: checks every file of the workspace folders, the open ones as they are in the editor."""
    snapshot, listing = server.snapshot, server.listing
    known = {one.uri: one.value for one in params.previous_result_ids}

    def report() -> types.WorkspaceDiagnosticReport:
        items: list[types.WorkspaceFullDocumentDiagnosticReport | types.WorkspaceUnchangedDocumentDiagnosticReport] = []
        for uri, version, found in _of_workspace(snapshot, listing):
            result_id = result_id_of(found)
            if known.pop(uri, None) == result_id:
                items.append(types.WorkspaceUnchangedDocumentDiagnosticReport(uri, result_id, version))
            else:
                items.append(
                    types.WorkspaceFullDocumentDiagnosticReport(
                        uri=uri, items=found, version=version, result_id=result_id
                    )
                )
        # What was told about files that are gone is taken back.
        items += [types.WorkspaceFullDocumentDiagnosticReport(uri=uri, items=[]) for uri in known]
        return types.WorkspaceDiagnosticReport(items)

    return report


def _of_workspace(snapshot: Snapshot, listing: Listing) -> Iterator[tuple[str, int | None, list[types.Diagnostic]]]:
    for uri, document in snapshot.documents.items():
        yield uri, document.version, of_document(snapshot, uri)
    for path, checked in listing.check(snapshot):
        yield uri_of(path), None, _converted(snapshot, checked.module, checked.diagnostics)


def of_document(snapshot: Snapshot, uri: str) -> list[types.Diagnostic]:
    """What is wrong with an open document, what is proposed for it, and which rows of its evals failed."""
    analysis = snapshot.analysis(uri)
    if analysis is None:
        return []
    found = _converted(snapshot, analysis.document.module, analysis.diagnostics)
    document = analysis.document
    return [*found, *proposal_diagnostics(snapshot, document), *failing_diagnostics(snapshot, document)]


def _converted(snapshot: Snapshot, module: Module, found: Iterable[Diagnostic]) -> list[types.Diagnostic]:
    return [to_lsp.diagnostic(snapshot, module.source, one) for one in found]


def result_id_of(found: list[types.Diagnostic]) -> str:
    """Equal for equal diagnostics, whatever way they came about."""
    return hashlib.sha256(encode(found)).hexdigest()[:16]


def to_publish(snapshot: Snapshot, uri: str) -> types.PublishDiagnosticsParams:
    """What to send about a document; for one that is closed, that there is nothing wrong."""
    document = snapshot.documents.get(uri)
    version = document.version if document is not None else None
    return types.PublishDiagnosticsParams(uri, of_document(snapshot, uri), version)
