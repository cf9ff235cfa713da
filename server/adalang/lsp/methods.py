"""The one table: every method that the server knows, what handles it, and on which schedule (see :data:`Latency`)."""

from __future__ import annotations

from collections.abc import Mapping

from adalang.lsp import types
from adalang.lsp.features import (
    code_actions,
    code_lenses,
    commands,
    completion,
    definition,
    diagnostics,
    formatting,
    hover,
    lifecycle,
    symbols,
    sync,
)
from adalang.lsp.protocol import Method

METHODS: Mapping[str, Method] = {
    "initialize": Method(lifecycle.initialize, "state", types.InitializeParams),
    "initialized": Method(lifecycle.initialized, "state", types.InitializedParams),
    "shutdown": Method(lifecycle.shutdown, "worker"),
    "$/setTrace": Method(sync.ignore, "state"),
    "adalang/trust": Method(sync.trust, "state"),
    "textDocument/didOpen": Method(sync.did_open, "state", types.DidOpenTextDocumentParams),
    "textDocument/didChange": Method(sync.did_change, "state", types.DidChangeTextDocumentParams),
    "textDocument/didSave": Method(sync.did_save, "state", types.DidSaveTextDocumentParams),
    "textDocument/didClose": Method(sync.did_close, "state", types.DidCloseTextDocumentParams),
    "workspace/didChangeWatchedFiles": Method(
        sync.did_change_watched_files, "state", types.DidChangeWatchedFilesParams
    ),
    "workspace/didChangeWorkspaceFolders": Method(
        sync.did_change_folders, "state", types.DidChangeWorkspaceFoldersParams
    ),
    "workspace/didChangeConfiguration": Method(
        sync.did_change_configuration, "state", types.DidChangeConfigurationParams
    ),
    "window/workDoneProgress/cancel": Method(sync.cancel_progress, "state", types.WorkDoneProgressCancelParams),
    "textDocument/diagnostic": Method(
        diagnostics.document_diagnostic, "query", types.DocumentDiagnosticParams, late=True
    ),
    "workspace/diagnostic": Method(diagnostics.workspace_diagnostic, "thread", types.WorkspaceDiagnosticParams),
    "textDocument/hover": Method(hover.hover, "query", types.HoverParams),
    "textDocument/completion": Method(completion.completion, "query", types.CompletionParams),
    "textDocument/definition": Method(definition.definition, "query", types.DefinitionParams),
    "textDocument/documentSymbol": Method(symbols.symbols, "query", types.DocumentSymbolParams, late=True),
    "textDocument/formatting": Method(formatting.formatting, "query", types.DocumentFormattingParams),
    "textDocument/codeAction": Method(code_actions.code_actions, "query", types.CodeActionParams),
    "textDocument/codeLens": Method(code_lenses.code_lenses, "query", types.CodeLensParams, late=True),
    "workspace/executeCommand": Method(commands.execute, "worker", types.ExecuteCommandParams),
}
