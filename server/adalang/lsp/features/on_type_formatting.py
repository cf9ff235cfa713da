from __future__ import annotations

from adalang.ide.on_type_formatting import format_on_type
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.server import AdalServer


def on_type_formatting(server: AdalServer, params: types.DocumentOnTypeFormattingParams) -> list[types.TextEdit] | None:
    analysis, encoding = server.snapshot.analysis(params.text_document.uri), server.client.encoding
    if analysis is None:
        return None
    offset = from_lsp.offset(analysis.source, params.position, encoding)
    edits = format_on_type(analysis.document.module, offset, params.ch)
    return [to_lsp.text_edit(analysis.source, edit, encoding) for edit in edits]
