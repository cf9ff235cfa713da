"""workspace/textDocumentContent: the text of a page, as the source is now."""

from __future__ import annotations

from adalang.ide.preview import page_of_problem
from adalang.lsp import types
from adalang.lsp.features.graph import graph_text
from adalang.lsp.features.preview import preview_text
from adalang.lsp.protocol import INVALID_PARAMS, RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.shown import Page


async def content(server: AdalServer, params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
    """What stands in the way of a page is its text: the next change may mend it."""
    page = Page.of(params.uri)
    if page is None:
        raise RequestError(f"There is no page {params.uri}.", INVALID_PARAMS)
    server.shown.was_read(page, params.uri)
    try:
        text = await (preview_text if page.kind == "preview" else graph_text)(server, page)
    except RequestError as error:
        text = page_of_problem(page.name or page.path.name, error)
    return types.TextDocumentContentResult(text)
