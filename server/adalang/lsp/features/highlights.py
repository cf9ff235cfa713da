from __future__ import annotations

from adalang.ide.highlights import highlights as find_highlights
from adalang.lsp import to_lsp, types
from adalang.lsp.everywhere import Question
from adalang.lsp.server import AdalServer


def highlights(server: AdalServer, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight] | None:
    asked = Question.of(server, params)
    if asked is None:
        return None
    kinds = {True: types.DocumentHighlightKind.Write, False: types.DocumentHighlightKind.Read}
    return [
        types.DocumentHighlight(to_lsp.range_(asked.source, one.span, server.client.encoding), kinds[one.written])
        for one in find_highlights(asked.program, asked.offset)
    ]
