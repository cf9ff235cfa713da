from __future__ import annotations

from adalang.ide.signature_help import signature_help as find_signature
from adalang.lsp import convert_completion, from_lsp, types
from adalang.lsp.server import AdalServer


def signature_help(server: AdalServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    offset = from_lsp.offset(analysis.source, params.position, server.client.encoding)
    found = find_signature(analysis.program, offset, server.snapshot.disk)
    return convert_completion.signature_help(found, server.client) if found is not None else None
