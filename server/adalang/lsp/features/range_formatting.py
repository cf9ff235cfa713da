from __future__ import annotations

from adalang.ide.range_formatting import format_ranges
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.server import AdalServer


def range_formatting(server: AdalServer, params: types.DocumentRangeFormattingParams) -> list[types.TextEdit] | None:
    return _formatted(server, params.text_document.uri, [params.range])


def ranges_formatting(server: AdalServer, params: types.DocumentRangesFormattingParams) -> list[types.TextEdit] | None:
    return _formatted(server, params.text_document.uri, list(params.ranges))


def _formatted(server: AdalServer, uri: str, ranges: list[types.Range]) -> list[types.TextEdit] | None:
    analysis, encoding = server.snapshot.analysis(uri), server.client.encoding
    if analysis is None:
        return None
    spans = [from_lsp.span(analysis.source, one, encoding) for one in ranges]
    edits = format_ranges(analysis.document.module, spans)
    return [to_lsp.text_edit(analysis.source, edit, encoding) for edit in edits]
