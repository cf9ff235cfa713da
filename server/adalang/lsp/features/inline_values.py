from __future__ import annotations

from adalang.ide import inline_values as ide
from adalang.lsp import from_lsp, types
from adalang.lsp.convert_presentation import inline_value
from adalang.lsp.server import AdalServer


def inline_values(server: AdalServer, params: types.InlineValueParams) -> list[types.InlineValueText] | None:
    """What the last runs of the file's components bound, as far as commands have made them."""
    analysis, encoding = server.snapshot.analysis(params.text_document.uri), server.client.encoding
    if analysis is None:
        return None
    span = from_lsp.span(analysis.source, params.range, encoding)
    path = analysis.document.path
    values = {
        name: ide.texts(run.inputs, run.bindings, run.output)
        for (file, name), run in server.last_runs.items()
        if file == path
    }
    found = ide.inline_values(analysis.program, span, values)
    return [inline_value(analysis.source, one, encoding) for one in found]
