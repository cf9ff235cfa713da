"""Which methods other language servers offer, as they say at `initialize`.

    python benchmarks/lsp/capabilities.py --out benchmarks/lsp/peers.json

Servers that are not installed keep what the file holds of them. docs/methods.md is written from it by
scripts/generate_methods.py. The client says that it can do everything and registers nothing dynamically.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pygls.protocol import default_converter
from pytest_lsp import client_capabilities

SERVERS: Mapping[str, list[str]] = {
    "ruff": ["ruff", "server"],
    "ty": ["ty", "server"],
    "basedpyright": ["basedpyright-langserver", "--stdio"],
    "jedi": ["jedi-language-server"],
    "taplo": ["taplo", "lsp", "stdio"],
    "tombi": ["tombi", "lsp"],
    "yaml": ["yaml-language-server", "--stdio"],
    "json": ["vscode-json-language-server", "--stdio"],
    "baml": ["baml-cli", "lsp"],
}

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "hoverProvider": ("textDocument/hover",),
    "completionProvider": ("textDocument/completion",),
    "completionProvider.resolveProvider": ("completionItem/resolve",),
    "signatureHelpProvider": ("textDocument/signatureHelp",),
    "declarationProvider": ("textDocument/declaration",),
    "definitionProvider": ("textDocument/definition",),
    "typeDefinitionProvider": ("textDocument/typeDefinition",),
    "implementationProvider": ("textDocument/implementation",),
    "referencesProvider": ("textDocument/references",),
    "documentHighlightProvider": ("textDocument/documentHighlight",),
    "documentSymbolProvider": ("textDocument/documentSymbol",),
    "codeActionProvider": ("textDocument/codeAction",),
    "codeActionProvider.resolveProvider": ("codeAction/resolve",),
    "codeLensProvider": ("textDocument/codeLens",),
    "codeLensProvider.resolveProvider": ("codeLens/resolve",),
    "documentLinkProvider": ("textDocument/documentLink",),
    "documentLinkProvider.resolveProvider": ("documentLink/resolve",),
    "colorProvider": ("textDocument/documentColor", "textDocument/colorPresentation"),
    "workspaceSymbolProvider": ("workspace/symbol",),
    "workspaceSymbolProvider.resolveProvider": ("workspaceSymbol/resolve",),
    "documentFormattingProvider": ("textDocument/formatting",),
    "documentRangeFormattingProvider": ("textDocument/rangeFormatting",),
    "documentRangeFormattingProvider.rangesSupport": ("textDocument/rangesFormatting",),
    "documentOnTypeFormattingProvider": ("textDocument/onTypeFormatting",),
    "renameProvider": ("textDocument/rename",),
    "renameProvider.prepareProvider": ("textDocument/prepareRename",),
    "foldingRangeProvider": ("textDocument/foldingRange",),
    "executeCommandProvider": ("workspace/executeCommand",),
    "selectionRangeProvider": ("textDocument/selectionRange",),
    "linkedEditingRangeProvider": ("textDocument/linkedEditingRange",),
    "callHierarchyProvider": (
        "textDocument/prepareCallHierarchy",
        "callHierarchy/incomingCalls",
        "callHierarchy/outgoingCalls",
    ),
    "typeHierarchyProvider": (
        "textDocument/prepareTypeHierarchy",
        "typeHierarchy/subtypes",
        "typeHierarchy/supertypes",
    ),
    "semanticTokensProvider.full": ("textDocument/semanticTokens/full",),
    "semanticTokensProvider.full.delta": ("textDocument/semanticTokens/full/delta",),
    "semanticTokensProvider.range": ("textDocument/semanticTokens/range",),
    "monikerProvider": ("textDocument/moniker",),
    "inlineValueProvider": ("textDocument/inlineValue",),
    "inlayHintProvider": ("textDocument/inlayHint",),
    "inlayHintProvider.resolveProvider": ("inlayHint/resolve",),
    "diagnosticProvider": ("textDocument/diagnostic",),
    "diagnosticProvider.workspaceDiagnostics": ("workspace/diagnostic",),
    "inlineCompletionProvider": ("textDocument/inlineCompletion",),
    "notebookDocumentSync": ("notebookDocument/didOpen", "notebookDocument/didChange"),
    "workspace.fileOperations.willRename": ("workspace/willRenameFiles",),
    "workspace.fileOperations.didRename": ("workspace/didRenameFiles",),
    "workspace.fileOperations.willCreate": ("workspace/willCreateFiles",),
    "workspace.fileOperations.didCreate": ("workspace/didCreateFiles",),
    "workspace.fileOperations.willDelete": ("workspace/willDeleteFiles",),
    "workspace.fileOperations.didDelete": ("workspace/didDeleteFiles",),
    "workspace.textDocumentContent": ("workspace/textDocumentContent",),
    "workspace.workspaceFolders": ("workspace/didChangeWorkspaceFolders",),
}
SECONDS = 30


def methods(capabilities: Mapping[str, Any]) -> list[str]:
    """The methods that a server's capabilities promise."""
    found: set[str] = set()
    for path, names in PROVIDERS.items():
        value: Any = capabilities
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None and value is not False:
            found.update(names)
    return sorted(found)


def ask(command: list[str]) -> Mapping[str, Any]:
    """A server's capabilities, from its answer to `initialize`."""
    params = {
        "processId": None,
        "rootUri": None,
        "workspaceFolders": None,
        "capabilities": _static(default_converter().unstructure(client_capabilities("visual-studio-code"))),
    }
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode()
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None and process.stdout is not None
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        process.stdin.flush()
        try:
            while True:
                length = 0
                while (line := process.stdout.readline()).strip():
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                if not line:
                    raise RuntimeError("it ended without an answer")
                message = json.loads(process.stdout.read(length))
                if message.get("id") == 1 and "result" in message:
                    return dict(message["result"]["capabilities"])
        finally:
            timer.cancel()
            process.kill()


def _static(value: Any) -> Any:
    """The capabilities without dynamic registration, so that everything is said at once."""
    if isinstance(value, dict):
        return {name: _static(one) for name, one in value.items() if name != "dynamicRegistration"}
    return [_static(one) for one in value] if isinstance(value, list) else value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the file to write; what it holds already is kept")
    target = parser.parse_args().out
    known = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    for name, command in SERVERS.items():
        if shutil.which(command[0]) is None:
            sys.stderr.write(f"{name}: {command[0]} is not installed\n")
            continue
        try:
            known[name] = methods(ask(command))
            sys.stderr.write(f"{name}: {len(known[name])} methods\n")
        except (OSError, RuntimeError, ValueError) as error:
            sys.stderr.write(f"{name}: {error}\n")
    target.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
