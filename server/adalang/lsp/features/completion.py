from __future__ import annotations

from adalang.ide import completion as ide
from adalang.lsp import convert_completion, from_lsp, types
from adalang.lsp.server import AdalServer
from adalang.lsp.surroundings import around

OPTIONS = {"triggerCharacters": [".", "{", "%", "|", '"', "/", "=", ":", "(", "["], "resolveProvider": True}


def completion(server: AdalServer, params: types.CompletionParams) -> types.CompletionList | None:
    uri, client = params.text_document.uri, server.client
    analysis = server.snapshot.analysis(uri)
    if analysis is None:
        return None
    offset = from_lsp.offset(analysis.source, params.position, client.encoding)
    disk = server.snapshot.disk
    found = ide.complete(analysis.program, offset, disk, around(server))
    complete = found.complete and not disk.wishes  # with what is being read there may be more
    return convert_completion.completion_list(analysis.source, found, uri, client, complete=complete)


def resolve(server: AdalServer, item: types.CompletionItem) -> types.CompletionItem:
    """What there is to say about one item; the item as it is when its document is not open any more."""
    data = item.data if isinstance(item.data, dict) else {}
    analysis = server.snapshot.analysis(str(data.get("uri")))
    if analysis is None:
        return item
    said = ide.resolve(analysis.program, str(data.get("about", "")), server.snapshot.disk, around(server))
    return convert_completion.resolved(item, said, server.client)
