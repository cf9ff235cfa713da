"""What the server can do, as it says at `initialize`. Nothing here imports a feature: a start is not to wait for one."""

from __future__ import annotations

from typing import Any

from adalang.ide.legend import MODIFIERS, TYPES
from adalang.language import files
from adalang.lsp import types
from adalang.lsp.client import Client

FIX_ALL = "source.fixAll.adalang"
CODE_ACTIONS = (
    types.CodeActionKind.QuickFix,
    FIX_ALL,
    "refactor.extract",
    "refactor.inline",
    "refactor.move",
    "refactor.rewrite",
    "source.organizeImports",
)
COMMANDS = (
    "run",
    "evaluate",
    "optimize",
    "cancel",
    "inputs",
    "preview",
    "showGraph",
    "saveRow",
    "traces",
    "openTrace",
    "applyProposal",
    "dismissProposal",
    "explainProposal",
)
"""Behind `adalang.server.`."""

PAGES = "adalang"
"""The scheme of the server's own pages."""

_FILES = {
    "filters": [
        {"scheme": "file", "pattern": {"glob": files.glob(*files.NAMED), "matches": "file"}},
        {"scheme": "file", "pattern": {"glob": "**", "matches": "folder"}},
    ]
}


def capabilities(client: Client) -> dict[str, Any]:
    found = {
        "positionEncoding": client.encoding,
        "textDocumentSync": {
            "openClose": True,
            "change": types.TextDocumentSyncKind.Incremental,
            "save": {"includeText": False},
        },
        "completionProvider": {
            "triggerCharacters": [".", "{", "%", "|", '"', "/", "=", ":", "(", "["],
            "resolveProvider": True,
        },
        "signatureHelpProvider": {"triggerCharacters": ["(", ","], "retriggerCharacters": [")", "="]},
        "hoverProvider": True,
        "definitionProvider": True,
        "declarationProvider": True,
        "typeDefinitionProvider": True,
        "implementationProvider": True,
        "referencesProvider": True,
        "documentHighlightProvider": True,
        "renameProvider": {"prepareProvider": True} if client.prepares_rename else True,
        "linkedEditingRangeProvider": True,
        "callHierarchyProvider": True,
        "workspaceSymbolProvider": True,
        "documentSymbolProvider": True,
        "semanticTokensProvider": {
            "legend": {"tokenTypes": list(TYPES), "tokenModifiers": list(MODIFIERS)},
            "full": {"delta": True},
            "range": True,
        },
        "foldingRangeProvider": True,
        "selectionRangeProvider": True,
        "documentLinkProvider": {"resolveProvider": False},
        "inlayHintProvider": True,
        "inlineValueProvider": True,
        "documentFormattingProvider": True,
        "documentRangeFormattingProvider": {"rangesSupport": True},
        "documentOnTypeFormattingProvider": {
            "firstTriggerCharacter": "\n",
            "moreTriggerCharacter": ["}", "]", ")", '"'],
        },
        "codeActionProvider": {"codeActionKinds": list(CODE_ACTIONS), "resolveProvider": True}
        if client.action_literals
        else True,
        "codeLensProvider": {"resolveProvider": True},
        "executeCommandProvider": {"commands": [f"adalang.server.{name}" for name in COMMANDS]},
        "workspace": {
            "workspaceFolders": {"supported": True, "changeNotifications": True},
            "fileOperations": dict.fromkeys(("willRename", "didRename", "didCreate", "didDelete"), _FILES),
            "textDocumentContent": {"schemes": [PAGES]},
        },
    }
    if client.pulls_diagnostics:
        found["diagnosticProvider"] = {
            "interFileDependencies": True,
            "workspaceDiagnostics": True,
            "identifier": "adalang",
        }
    return found
