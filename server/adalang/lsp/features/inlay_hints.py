from __future__ import annotations

from adalang.ide import inlay_hints as ide
from adalang.lsp import convert_presentation, from_lsp, types
from adalang.lsp.scores import short_scores
from adalang.lsp.server import AdalServer


def inlay_hints(server: AdalServer, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    analysis, encoding = server.snapshot.analysis(params.text_document.uri), server.client.encoding
    if analysis is None:
        return None
    span = from_lsp.span(analysis.source, params.range, encoding)
    scores = short_scores(server.snapshot, analysis.document)
    found = ide.inlay_hints(analysis.program, span, server.options.hints, scores, server.snapshot.disk)
    return convert_presentation.inlay_hints(analysis.source, found, encoding)
