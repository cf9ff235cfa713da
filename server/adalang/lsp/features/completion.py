from __future__ import annotations

from adalang.ide.completion import complete
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.server import AdalServer

OPTIONS = {"triggerCharacters": [".", "{", "%", "|", '"', "/", "="]}


def completion(server: AdalServer, params: types.CompletionParams) -> types.CompletionList | None:
    analysis, client = server.snapshot.analysis(params.text_document.uri), server.client
    if analysis is None:
        return None
    offset = from_lsp.offset(analysis.source, params.position, client.encoding)
    found = complete(analysis.program, offset, server.snapshot.disk)
    items = [to_lsp.completion(analysis.source, one, index, client) for index, one in enumerate(found)]
    return types.CompletionList(is_incomplete=any(one.kind == "model" for one in found), items=items)
