from __future__ import annotations

from adalang.language.format import format_module_edits
from adalang.lsp import to_lsp, types
from adalang.lsp.server import AdalServer


def formatting(server: AdalServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    edits = format_module_edits(analysis.document.module)
    return [to_lsp.text_edit(analysis.source, edit, server.client.encoding) for edit in edits]
