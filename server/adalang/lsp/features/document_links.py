from __future__ import annotations

from adalang.ide import document_links as ide
from adalang.lsp import types
from adalang.lsp.convert_presentation import document_link
from adalang.lsp.server import AdalServer


def document_links(server: AdalServer, params: types.DocumentLinkParams) -> list[types.DocumentLink] | None:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    found = ide.document_links(analysis.program, server.snapshot.disk)
    return [document_link(analysis.source, one, server.client.encoding) for one in found]
