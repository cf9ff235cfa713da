"""What the server says to the user, and asks of the editor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adalang.lsp import types
from adalang.lsp.again import Again
from adalang.lsp.protocol import RequestError

if TYPE_CHECKING:
    from adalang.lsp.server import AdalServer

_log = logging.getLogger("adalang.lsp")

_REFRESH_SECONDS = 5.0
"""A client that has not answered by then is asked the next time all the same."""


class Window:
    def __init__(self, server: AdalServer) -> None:
        self._server = server
        self._refreshes: dict[str, Again] = {}

    def tell(self, text: str) -> None:
        self._message("window/showMessage", types.MessageType.Info, text)

    def warn(self, text: str) -> None:
        self._message("window/showMessage", types.MessageType.Warning, text)

    def log(self, text: str) -> None:
        self._message("window/logMessage", types.MessageType.Info, text)

    async def choose(self, text: str, choices: Sequence[str]) -> str | None:
        """Show a text with buttons; the one that was taken, or None. An editor that has no buttons shows the text alone."""
        items = [types.MessageActionItem(one) for one in choices]
        params = types.ShowMessageRequestParams(types.MessageType.Info, text, items)
        try:
            answer = await self._server.protocol.ask("window/showMessageRequest", params)
        except RequestError:
            self.tell(text)
            return None
        return answer.get("title") if isinstance(answer, dict) else None

    def _message(self, method: str, kind: int, text: str) -> None:
        self._server.protocol.notify(method, types.ShowMessageParams(kind, text))

    def refresh(self, method: str) -> None:
        """Have the client ask again for something; not while it has not answered the same before."""
        if method not in self._refreshes:
            self._refreshes[method] = Again(self._server.keep, lambda: self.ask_again(method))
        self._refreshes[method].ask()

    async def ask_again(self, method: str, params: Any = None) -> None:
        """Have the client ask again for something; one that cannot is left alone."""
        try:
            async with asyncio.timeout(_REFRESH_SECONDS):
                await self._server.protocol.ask(method, params)
        except (RequestError, TimeoutError) as error:
            _log.debug("the client did not refresh: %s", error)

    async def apply(self, edit: types.WorkspaceEdit, label: str) -> None:
        """Have the client apply an edit.

        Raises:
            RequestError: it cannot, or did not.
        """
        if not self._server.client.applies_edits:
            raise RequestError("This editor cannot apply edits.")
        params = types.ApplyWorkspaceEditParams(edit, label)
        answer = await self._server.protocol.ask("workspace/applyEdit", params)
        if not isinstance(answer, dict) or answer.get("applied") is not True:
            reason = answer.get("failureReason") if isinstance(answer, dict) else None
            raise RequestError(f"The editor did not apply the edit: {reason or 'it gave no reason'}.")

    async def show_text(self, root: Path, name: str, text: str) -> None:
        """Show a Markdown text as a document of its own where the client can, else its first paragraph as a message."""
        if not self._server.client.shows_documents:
            first = text.partition("\n\n")[0].lstrip("# ").rstrip(".")
            self.tell(f"{first}. The answer to this command holds all of it.")
            return
        path = root / ".adalang" / "shown" / name
        await self._server.in_thread(lambda: _write(path, text))
        params = types.ShowDocumentParams(path.as_uri(), take_focus=True)
        await self._server.protocol.ask("window/showDocument", params)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
