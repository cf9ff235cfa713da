from __future__ import annotations

from adalang.ide import selection_ranges as ide
from adalang.lsp import from_lsp, types
from adalang.lsp.convert_presentation import selection_range
from adalang.lsp.server import AdalServer


def selection_ranges(server: AdalServer, params: types.SelectionRangeParams) -> list[types.SelectionRange] | None:
    analysis, encoding = server.snapshot.analysis(params.text_document.uri), server.client.encoding
    if analysis is None:
        return None
    offsets = [from_lsp.offset(analysis.source, one, encoding) for one in params.positions]
    chains = [ide.selection_ranges(analysis.program, offset) for offset in offsets]
    return [selection_range(analysis.source, chain, encoding) for chain in chains]
