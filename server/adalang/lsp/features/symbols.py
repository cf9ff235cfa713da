from __future__ import annotations

from adalang.lsp import types
from adalang.lsp.convert_symbols import document_symbols, flat
from adalang.lsp.server import AdalServer


def symbols(
    server: AdalServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation] | None:
    analysis, client = server.snapshot.analysis(params.text_document.uri), server.client
    if analysis is None:
        return None
    found = document_symbols(analysis.document.module, client.encoding)
    return found if client.nested_symbols else list(flat(analysis.document.uri, found))
