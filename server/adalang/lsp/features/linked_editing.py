from __future__ import annotations

from adalang.ide.linked_editing import linked_ranges
from adalang.lsp import to_lsp, types
from adalang.lsp.everywhere import Question
from adalang.lsp.server import AdalServer


def linked_editing(server: AdalServer, params: types.LinkedEditingRangeParams) -> types.LinkedEditingRanges | None:
    asked = Question.of(server, params)
    if asked is None:
        return None
    found = linked_ranges(asked.program, asked.offset)
    encoding = server.client.encoding
    return types.LinkedEditingRanges([to_lsp.range_(asked.source, span, encoding) for span in found]) if found else None
