from __future__ import annotations

from adalang.config import OFFLINE_MODEL
from adalang.ide.hover import ModelDefault
from adalang.ide.hover import hover as find_hover
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.scores import full_scores
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis


def hover(server: AdalServer, params: types.HoverParams) -> types.Hover | None:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    offset = from_lsp.offset(analysis.source, params.position, server.client.encoding)
    default = _default(server, analysis)
    found = find_hover(analysis.program, offset, server.snapshot.disk, full_scores(analysis), default)
    return to_lsp.hover(analysis.source, found, server.client) if found is not None else None


def _default(server: AdalServer, analysis: Analysis) -> ModelDefault | None:
    """The workspace's model, once its settings have been read."""
    settings = server.workspaces.settings.get(analysis.document.root)
    if settings is None:
        return None
    value = settings.values["model"]
    return ModelDefault(str(value.value), value.source) if value.value else ModelDefault(OFFLINE_MODEL, "adalang")
