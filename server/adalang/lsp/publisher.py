"""Diagnostics for clients that do not ask for them: sent when nothing else waits, each version at most once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from adalang.lsp import types

if TYPE_CHECKING:
    from adalang.lsp.server import AdalServer

_log = logging.getLogger("adalang.lsp")


class Publisher:
    """Belongs to the event loop."""

    def __init__(self, server: AdalServer) -> None:
        self._server = server
        self._due: dict[str, None] = {}
        self._sent: dict[str, types.PublishDiagnosticsParams] = {}

    def due(self, uris: Iterable[str]) -> None:
        """These documents' diagnostics may have changed."""
        if not self._server.client.pulls_diagnostics:
            self._due.update(dict.fromkeys(uris))
        self._server.idle_soon()

    def send(self) -> None:
        """Send what has been due the longest; the rest when nothing else waits."""
        if self._due:
            uri = next(iter(self._due))
            del self._due[uri]
            self._send(uri)
            self._server.idle_soon()

    def _send(self, uri: str) -> None:
        from adalang.lsp.features.diagnostics import to_publish

        try:
            params = to_publish(self._server.snapshot, uri)
        except Exception:
            _log.exception("the diagnostics of %s failed", uri)
            return
        if params != self._sent.get(uri):
            self._sent[uri] = params
            self._server.protocol.notify("textDocument/publishDiagnostics", params)
        if uri not in self._server.snapshot.documents:
            del self._sent[uri]
