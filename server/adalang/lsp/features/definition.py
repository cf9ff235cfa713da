from __future__ import annotations

from adalang.ide.definition import definition as find_definition
from adalang.language.text import SourceText
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.server import AdalServer
from adalang.lsp.state import uri_of


def definition(server: AdalServer, params: types.DefinitionParams) -> types.Location | list[types.LocationLink] | None:
    analysis, encoding = server.snapshot.analysis(params.text_document.uri), server.client.encoding
    if analysis is None:
        return None
    offset = from_lsp.offset(analysis.source, params.position, encoding)
    found = find_definition(analysis.program, offset, server.snapshot.disk)
    if found is None:
        return None
    module = analysis.program.modules.get(found.place.path)
    source = module.source if module is not None else SourceText(b"")
    document = server.snapshot.document_at(found.place.path)
    uri = document.uri if document is not None else uri_of(found.place.path)
    target = to_lsp.range_(source, found.place.span, encoding)
    if not server.client.links_definitions:
        return types.Location(uri, target)
    origin = to_lsp.range_(analysis.source, found.origin, encoding)
    return [types.LocationLink(uri, target, target, origin)]
