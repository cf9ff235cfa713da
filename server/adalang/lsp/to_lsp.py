"""From our values to the protocol's. Nothing else makes positions, ranges or edits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from adalang.ide.hover import Hover
from adalang.language.diagnostics import Diagnostic
from adalang.language.rules import page
from adalang.language.text import Edit, Encoding, SourceText, Span
from adalang.lsp import types
from adalang.lsp.client import Client
from adalang.lsp.state import Snapshot, uri_of

SOURCE = "adalang"

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "hint": types.DiagnosticSeverity.Hint,
}
_TAGS = {"unnecessary": types.DiagnosticTag.Unnecessary, "deprecated": types.DiagnosticTag.Deprecated}

SYMBOL_KINDS: Mapping[str, int] = {
    "import": types.SymbolKind.Module,
    "model": types.SymbolKind.Constant,
    "type": types.SymbolKind.Class,
    "param": types.SymbolKind.String,
    "prompt": types.SymbolKind.Function,
    "retriever": types.SymbolKind.Function,
    "tool": types.SymbolKind.Function,
    "agent": types.SymbolKind.Function,
    "pipeline": types.SymbolKind.Function,
    "dataset": types.SymbolKind.Array,
    "eval": types.SymbolKind.Event,
    "optimize": types.SymbolKind.Event,
    "input": types.SymbolKind.Variable,
    "demos": types.SymbolKind.Array,
    "binding": types.SymbolKind.Variable,
    "field": types.SymbolKind.Field,
}


def uri_at(snapshot: Snapshot, path: Path) -> str:
    """A file's URI: the client's own, where it has the file open."""
    document = snapshot.document_at(path)
    return document.uri if document is not None else uri_of(path)


def position(source: SourceText, offset: int, encoding: Encoding) -> types.Position:
    found = source.position(offset, encoding)
    return types.Position(found.line, found.column)


def range_(source: SourceText, span: Span, encoding: Encoding) -> types.Range:
    return types.Range(position(source, span.start, encoding), position(source, span.end, encoding))


def diagnostic(snapshot: Snapshot, source: SourceText, found: Diagnostic) -> types.Diagnostic:
    client = snapshot.client
    return types.Diagnostic(
        range=range_(source, found.span, client.encoding),
        message=found.message,
        severity=_SEVERITIES[found.severity],
        code=found.code,
        code_description=types.CodeDescription(_page(found.code)) if client.code_descriptions else None,
        source=SOURCE,
        tags=[_TAGS[found.tag]] if found.tag is not None and client.diagnostic_tags else None,
        related_information=_related(snapshot, found) if client.related_information else None,
    )


@cache
def _page(code: str) -> str:
    return page(code).absolute().as_uri()


def _related(snapshot: Snapshot, found: Diagnostic) -> list[types.DiagnosticRelatedInformation] | None:
    result = []
    for one in found.related:
        module = snapshot.module(one.path)
        if module is not None:
            place = types.Location(uri_of(one.path), range_(module.source, one.span, snapshot.client.encoding))
            result.append(types.DiagnosticRelatedInformation(place, one.message))
    return result or None


def text_edit(source: SourceText, edit: Edit, encoding: Encoding) -> types.TextEdit:
    return types.TextEdit(range_(source, edit.span, encoding), edit.text)


def hover(source: SourceText, found: Hover, client: Client) -> types.Hover:
    kind = types.MarkupKind.Markdown if client.markdown_hover else types.MarkupKind.PlainText
    value = found.markdown if client.markdown_hover else found.markdown.replace("```adal\n", "").replace("\n```", "")
    return types.Hover(types.MarkupContent(kind, value), range_(source, found.span, client.encoding))
