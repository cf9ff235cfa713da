from __future__ import annotations

from adalang.ide.symbols import symbols as find_symbols
from adalang.lsp import to_lsp, types
from adalang.lsp.server import AdalServer


def symbols(
    server: AdalServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation] | None:
    analysis, client = server.snapshot.analysis(params.text_document.uri), server.client
    if analysis is None:
        return None
    found, source = find_symbols(analysis.program), analysis.source
    if client.nested_symbols:
        return [to_lsp.symbol(source, one, client.encoding) for one in found]
    return [to_lsp.flat_symbol(analysis.document.uri, source, one, client.encoding) for one in found]
