"""A bare pygls server that does next to nothing, in proportion to the file: what the protocol alone costs in Python.

One diagnostic that says how long the text is, one symbol a line that begins at column 0, five tokens a line, one edit of a rename for
each hundred lines; the rest is of one size.
"""

from __future__ import annotations

from lsprotocol import types
from pygls.lsp.server import LanguageServer

TOKENS_A_LINE = 5
COMPLETIONS = 50

server = LanguageServer("floor", "1", text_document_sync_kind=types.TextDocumentSyncKind.Incremental)


def text_of(uri: str) -> str:
    return server.workspace.get_text_document(uri).source


def lines_of(uri: str) -> list[str]:
    return list(server.workspace.get_text_document(uri).lines)


def line_range(line: int, length: int = 1) -> types.Range:
    return types.Range(types.Position(line, 0), types.Position(line, length))


def diagnostics(uri: str) -> list[types.Diagnostic]:
    return [types.Diagnostic(line_range(0), f"{len(text_of(uri))} characters", types.DiagnosticSeverity.Error)]


def publish(uri: str, version: int) -> None:
    capabilities = server.client_capabilities.text_document
    if capabilities is None or capabilities.diagnostic is None:
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics(uri), version))


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(params: types.DidOpenTextDocumentParams) -> None:
    publish(params.text_document.uri, params.text_document.version)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(params: types.DidChangeTextDocumentParams) -> None:
    publish(params.text_document.uri, params.text_document.version)


@server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, types.DiagnosticOptions(False, False))
def diagnostic(params: types.DocumentDiagnosticParams) -> types.RelatedFullDocumentDiagnosticReport:
    return types.RelatedFullDocumentDiagnosticReport(diagnostics(params.text_document.uri))


@server.feature(types.TEXT_DOCUMENT_HOVER)
def hover(params: types.HoverParams) -> types.Hover:
    line = lines_of(params.text_document.uri)[params.position.line]
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, f"```\n{line}```"))


@server.feature(types.TEXT_DOCUMENT_COMPLETION)
def completion(params: types.CompletionParams) -> types.CompletionList:
    items = [types.CompletionItem(f"name_{n}", kind=types.CompletionItemKind.Function) for n in range(COMPLETIONS)]
    return types.CompletionList(False, items)


@server.feature(types.TEXT_DOCUMENT_DEFINITION)
def definition(params: types.DefinitionParams) -> types.Location:
    return types.Location(params.text_document.uri, line_range(params.position.line))


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    return [
        types.DocumentSymbol(f"name_{at}", types.SymbolKind.Function, line_range(at), line_range(at))
        for at, line in enumerate(lines_of(params.text_document.uri))
        if line[:1].isalpha()
    ]


@server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensLegend(["function"], []))
def tokens(params: types.SemanticTokensParams) -> types.SemanticTokens:
    line = [1, 0, 1, 0, 0] + [0, 2, 1, 0, 0] * (TOKENS_A_LINE - 1)
    return types.SemanticTokens(line * len(lines_of(params.text_document.uri)))


@server.feature(types.TEXT_DOCUMENT_FORMATTING)
def formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    return [types.TextEdit(line_range(len(lines_of(params.text_document.uri)), 0), "\n")]


@server.feature(types.TEXT_DOCUMENT_RENAME)
def rename(params: types.RenameParams) -> types.WorkspaceEdit:
    lines = range(params.position.line % 100, len(lines_of(params.text_document.uri)), 100)
    edits = [types.TextEdit(line_range(line), params.new_name) for line in lines]
    return types.WorkspaceEdit({params.text_document.uri: edits})


if __name__ == "__main__":
    server.start_io()
