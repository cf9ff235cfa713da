from __future__ import annotations

from adalang.ide import folding as ide
from adalang.lsp import types
from adalang.lsp.convert_presentation import folding_ranges
from adalang.lsp.server import AdalServer


def folding(server: AdalServer, params: types.FoldingRangeParams) -> list[types.FoldingRange] | None:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    return folding_ranges(analysis.source, ide.folding(analysis.program), server.client)
