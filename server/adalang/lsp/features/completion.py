from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from adalang.ide import completion as ide
from adalang.lsp import convert_completion, from_lsp, types
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis
from adalang.lsp.surroundings import around

_DISK_SECONDS = 0.2
"""How long an answer waits for files that nobody has looked at yet; after that it says that there may be more."""

Answer = types.CompletionList | None


def completion(server: AdalServer, params: types.CompletionParams) -> Answer | Coroutine[Any, Any, Answer]:
    """From what is known, at once; what it takes the disk for is given when that has been read."""
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    offset = from_lsp.offset(analysis.source, params.position, server.client.encoding)
    answer, is_known = _answer(server, analysis, offset)
    return answer if is_known else _answer_from_disk(server, analysis, offset)


async def _answer_from_disk(server: AdalServer, analysis: Analysis, offset: int) -> types.CompletionList:
    await server.reading.catch_up(_DISK_SECONDS)
    return _answer(server, analysis, offset)[0]


def _answer(server: AdalServer, analysis: Analysis, offset: int) -> tuple[types.CompletionList, bool]:
    """What may be written, and whether everything was known that it was asked from."""
    disk = server.snapshot.disk
    before = disk.wishes.asked
    found = ide.complete(analysis.program, offset, disk, around(server))
    is_known = disk.wishes.asked == before
    complete = found.complete and is_known
    uri = analysis.document.uri
    return convert_completion.completion_list(analysis.source, found, uri, server.client, complete=complete), is_known


def resolve(server: AdalServer, item: types.CompletionItem) -> types.CompletionItem:
    """What there is to say about one item; the item as it is when its document is not open any more."""
    data = item.data if isinstance(item.data, dict) else {}
    analysis = server.snapshot.analysis(str(data.get("uri")))
    if analysis is None:
        return item
    said = ide.resolve(analysis.program, str(data.get("about", "")), server.snapshot.disk, around(server))
    return convert_completion.resolved(item, said, server.client)
