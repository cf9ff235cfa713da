"""The one table: every method that the server knows, what handles it, and on which schedule (see :data:`Latency`)."""

from __future__ import annotations

from collections.abc import Mapping

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
    "initialize": Method(lifecycle.initialize, "state"),
    "initialized": Method(lifecycle.initialized, "state"),
    "shutdown": Method(lifecycle.shutdown, "worker"),
    "$/setTrace": Method(sync.ignore, "state"),
    "adalang/trust": Method(sync.trust, "state"),
    "textDocument/didOpen": Method(sync.did_open, "state"),
    "textDocument/didChange": Method(sync.did_change, "state"),
    "textDocument/didSave": Method(sync.did_save, "state"),
    "textDocument/didClose": Method(sync.did_close, "state"),
    "workspace/didChangeWatchedFiles": Method(sync.did_change_watched_files, "state"),
    "workspace/didChangeWorkspaceFolders": Method(sync.did_change_folders, "state"),
    "workspace/didChangeConfiguration": Method(sync.did_change_configuration, "state"),
    "window/workDoneProgress/cancel": Method(sync.cancel_progress, "state"),
    "textDocument/diagnostic": Method(diagnostics.document_diagnostic, "query", late=True),
    "workspace/diagnostic": Method(diagnostics.workspace_diagnostic, "thread"),
    "textDocument/hover": Method(hover.hover, "query"),
    "textDocument/completion": Method(completion.completion, "query"),
    "textDocument/definition": Method(definition.definition, "query"),
    "textDocument/documentSymbol": Method(symbols.symbols, "query", late=True),
    "textDocument/formatting": Method(formatting.formatting, "query"),
    "textDocument/codeAction": Method(code_actions.code_actions, "query"),
    "textDocument/codeLens": Method(code_lenses.code_lenses, "query", late=True),
    "workspace/executeCommand": Method(commands.execute, "worker"),
}
