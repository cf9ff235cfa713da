"""The one table: every method that the server knows, what handles it, and on which schedule (see :data:`Latency`).

Handlers are named by their file in :mod:`adalang.lsp.features`, which is imported when it is first needed.
"""

from __future__ import annotations

from collections.abc import Mapping

from adalang.lsp import types
from adalang.lsp.protocol import Method

METHODS: Mapping[str, Method] = {
    "initialize": Method("lifecycle.initialize", "state", types.InitializeParams),
    "initialized": Method("lifecycle.initialized", "state", types.InitializedParams),
    "shutdown": Method("lifecycle.shutdown", "worker"),
    "$/setTrace": Method("sync.ignore", "state"),
    "adalang/trust": Method("sync.trust", "state"),
    "textDocument/didOpen": Method("sync.did_open", "state", types.DidOpenTextDocumentParams),
    "textDocument/didChange": Method("sync.did_change", "state", types.DidChangeTextDocumentParams),
    "textDocument/didSave": Method("sync.did_save", "state", types.DidSaveTextDocumentParams),
    "textDocument/didClose": Method("sync.did_close", "state", types.DidCloseTextDocumentParams),
    "workspace/didChangeWatchedFiles": Method(
        "sync.did_change_watched_files", "state", types.DidChangeWatchedFilesParams
    ),
    "workspace/didChangeWorkspaceFolders": Method(
        "sync.did_change_folders", "state", types.DidChangeWorkspaceFoldersParams
    ),
    "workspace/didChangeConfiguration": Method(
        "sync.did_change_configuration", "state", types.DidChangeConfigurationParams
    ),
    "window/workDoneProgress/cancel": Method("sync.cancel_progress", "state", types.WorkDoneProgressCancelParams),
    "textDocument/diagnostic": Method(
        "diagnostics.document_diagnostic", "query", types.DocumentDiagnosticParams, late=True
    ),
    "workspace/diagnostic": Method("diagnostics.workspace_diagnostic", "thread", types.WorkspaceDiagnosticParams),
    "textDocument/hover": Method("hover.hover", "query", types.HoverParams),
    "textDocument/completion": Method("completion.completion", "query", types.CompletionParams),
    "completionItem/resolve": Method("completion.resolve", "query", types.CompletionItem),
    "textDocument/signatureHelp": Method("signature_help.signature_help", "query", types.SignatureHelpParams),
    "textDocument/definition": Method("definition.definition", "thread", types.DefinitionParams),
    "textDocument/declaration": Method("definition.declaration", "thread", types.DeclarationParams),
    "textDocument/typeDefinition": Method("definition.type_definition", "thread", types.TypeDefinitionParams),
    "textDocument/implementation": Method("definition.implementation", "thread", types.ImplementationParams),
    "textDocument/references": Method("references.references", "thread", types.ReferenceParams),
    "textDocument/documentHighlight": Method("highlights.highlights", "query", types.DocumentHighlightParams),
    "textDocument/prepareRename": Method("rename.prepare", "query", types.PrepareRenameParams),
    "textDocument/rename": Method("rename.rename", "thread", types.RenameParams),
    "textDocument/linkedEditingRange": Method("linked_editing.linked_editing", "query", types.LinkedEditingRangeParams),
    "textDocument/prepareCallHierarchy": Method("call_hierarchy.prepare", "thread", types.CallHierarchyPrepareParams),
    "callHierarchy/incomingCalls": Method("call_hierarchy.incoming", "thread", types.CallHierarchyIncomingCallsParams),
    "callHierarchy/outgoingCalls": Method("call_hierarchy.outgoing", "thread", types.CallHierarchyOutgoingCallsParams),
    "workspace/symbol": Method("workspace_symbols.workspace_symbols", "thread", types.WorkspaceSymbolParams),
    "textDocument/documentSymbol": Method("symbols.symbols", "query", types.DocumentSymbolParams, late=True),
    "textDocument/semanticTokens/full": Method("semantic_tokens.full", "query", types.SemanticTokensParams),
    "textDocument/semanticTokens/full/delta": Method("semantic_tokens.delta", "query", types.SemanticTokensDeltaParams),
    "textDocument/semanticTokens/range": Method("semantic_tokens.of_range", "query", types.SemanticTokensRangeParams),
    "textDocument/foldingRange": Method("folding.folding", "query", types.FoldingRangeParams, late=True),
    "textDocument/selectionRange": Method("selection_ranges.selection_ranges", "query", types.SelectionRangeParams),
    "textDocument/documentLink": Method("document_links.document_links", "query", types.DocumentLinkParams, late=True),
    "textDocument/inlayHint": Method("inlay_hints.inlay_hints", "query", types.InlayHintParams, late=True),
    "textDocument/inlineValue": Method("inline_values.inline_values", "query", types.InlineValueParams, late=True),
    "textDocument/rangeFormatting": Method(
        "range_formatting.range_formatting", "query", types.DocumentRangeFormattingParams
    ),
    "textDocument/rangesFormatting": Method(
        "range_formatting.ranges_formatting", "query", types.DocumentRangesFormattingParams
    ),
    "textDocument/onTypeFormatting": Method(
        "on_type_formatting.on_type_formatting", "query", types.DocumentOnTypeFormattingParams
    ),
    "textDocument/formatting": Method("formatting.formatting", "query", types.DocumentFormattingParams),
    "textDocument/codeAction": Method("code_actions.code_actions", "thread", types.CodeActionParams),
    "codeAction/resolve": Method("code_actions.resolve", "thread", types.CodeAction),
    "workspace/willRenameFiles": Method("file_operations.will_rename", "thread", types.RenameFilesParams),
    "workspace/didRenameFiles": Method("file_operations.did_change", "state", types.RenameFilesParams),
    "workspace/didCreateFiles": Method("file_operations.did_change", "state", types.CreateFilesParams),
    "workspace/didDeleteFiles": Method("file_operations.did_change", "state", types.DeleteFilesParams),
    "textDocument/codeLens": Method("code_lenses.code_lenses", "query", types.CodeLensParams, late=True),
    "codeLens/resolve": Method("code_lenses.resolve", "thread", types.CodeLens),
    "workspace/executeCommand": Method("commands.execute", "worker", types.ExecuteCommandParams),
    "workspace/textDocumentContent": Method("contents.content", "worker", types.TextDocumentContentParams),
}
