"""Documents come, change, are saved and go; files change outside; settings change; trust is given."""

from __future__ import annotations

from typing import Any

from adalang.language.program import Module
from adalang.language.text import SourceText
from adalang.lsp import types
from adalang.lsp.features.evaluate_on_save import evaluate_saved
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Document


def did_open(server: AdalServer, params: types.DidOpenTextDocumentParams) -> None:
    """Looks at the disk on the loop, as while typing nothing does: for the workspace's root, and for the imported files,
    without which the first answers about the document would be wrong."""
    opened = params.text_document
    path = server.path_for(opened.uri)
    root = server.workspaces.of(path).root
    module = Module.parse(path, SourceText.of(opened.text))
    server.set_document(Document(opened.uri, opened.version, module, root))
    server.reading.read_imports(path)
    server.reading.look_again()


def did_change(server: AdalServer, params: types.DidChangeTextDocumentParams) -> None:
    changed = params.text_document
    document = server.snapshot.documents.get(changed.uri)
    if document is not None and not document.lost:
        changes = list(params.content_changes)
        server.set_document(document.changed(changed.version, changes, server.client.encoding))


def did_save(server: AdalServer, params: types.DidSaveTextDocumentParams) -> None:
    server.reading.look_again()
    evaluate_saved(server, params.text_document.uri)


def did_close(server: AdalServer, params: types.DidCloseTextDocumentParams) -> None:
    server.close_document(params.text_document.uri)


def did_change_watched_files(server: AdalServer, params: types.DidChangeWatchedFilesParams) -> None:
    server.reading.look_again()


def did_change_folders(server: AdalServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    server.change_folders(
        added=[one.uri for one in params.event.added], removed=[one.uri for one in params.event.removed]
    )


def did_change_configuration(server: AdalServer, params: types.DidChangeConfigurationParams) -> None:
    """``{"adalang": {…}}``, or what stands in that section alone. A client that sends nothing wants to be asked: not for
    these few settings, which `initializationOptions` have told."""
    if isinstance(params.settings, dict):
        server.change_options(params.settings.get("adalang", params.settings))


def cancel_progress(server: AdalServer, params: types.WorkDoneProgressCancelParams) -> None:
    server.work.cancel(params.token)


def trust(server: AdalServer, params: Any) -> None:
    trusted = params.get("trusted") if isinstance(params, dict) else None
    if isinstance(trusted, bool):
        server.set_trust(trusted)


def ignore(server: AdalServer, params: Any) -> None:
    """Notifications that ask for nothing."""
