from __future__ import annotations

from adalang.ide.hover import hover as find_hover
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.server import AdalServer


def hover(server: AdalServer, params: types.HoverParams) -> types.Hover | None:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    offset = from_lsp.offset(analysis.source, params.position, server.client.encoding)
    found = find_hover(analysis.program, offset, server.snapshot.disk)
    return to_lsp.hover(analysis.source, found, server.client) if found is not None else None
