"""Semantic tokens: all, those of a range, and what has changed since an answer that is still known."""

from __future__ import annotations

from adalang.lsp import convert_tokens, from_lsp, types
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis


def full(server: AdalServer, params: types.SemanticTokensParams) -> types.SemanticTokens | None:
    analysis = server.snapshot.analysis(params.text_document.uri)
    return _answer(server, analysis) if analysis is not None else None


def delta(
    server: AdalServer, params: types.SemanticTokensDeltaParams
) -> types.SemanticTokens | types.SemanticTokensDelta | None:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    before = server.tokens.known(analysis.document.uri, params.previous_result_id)
    if before is None:
        return _answer(server, analysis)
    after = convert_tokens.whole(analysis.program, server.client.encoding)
    changes = convert_tokens.change(before, after)
    edits = [types.SemanticTokensEdit(one.start, one.deleted, one.data.tolist()) for one in changes]
    return types.SemanticTokensDelta(edits, server.tokens.keep(analysis.document.uri, after))


def of_range(server: AdalServer, params: types.SemanticTokensRangeParams) -> types.SemanticTokens | None:
    analysis, encoding = server.snapshot.analysis(params.text_document.uri), server.client.encoding
    if analysis is None:
        return None
    span = from_lsp.span(analysis.source, params.range, encoding)
    return types.SemanticTokens(convert_tokens.of_range(analysis.program, span, encoding).tolist())


def _answer(server: AdalServer, analysis: Analysis) -> types.SemanticTokens:
    data = convert_tokens.whole(analysis.program, server.client.encoding)
    return types.SemanticTokens(data.tolist(), server.tokens.keep(analysis.document.uri, data))
