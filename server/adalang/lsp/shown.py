"""Pages that the server makes and the editor shows: previews and graphs, as documents of the scheme ``adalang``.

A page's URI holds all that its text is made from, so that an editor can ask for it again after a restart. Which row a
preview shows is remembered here; it is the first one until somebody pages.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote, unquote, urlsplit

from adalang.lsp import types
from adalang.lsp.capabilities import PAGES

if TYPE_CHECKING:
    from adalang.lsp.server import AdalServer


_PAUSE_SECONDS = 0.15
"""Between a change and the refresh of what shows it; changes in between are in the same refresh."""
_WHOLE_FILE = "component graph"
_PATH = re.compile(r"/(preview|graph)(/.+)/([^/]+)\.md")
_DRIVE = re.compile("/[A-Za-z]:")

Kind = Literal["preview", "graph"]


@dataclass(frozen=True, slots=True)
class Page:
    """``name`` is the component that it is about, "" for the whole file."""

    kind: Kind
    path: Path
    name: str

    @property
    def uri(self) -> str:
        file = self.path.as_posix()
        slash = "" if file.startswith("/") else "/"
        return f"{PAGES}:/{self.kind}{quote(slash + file)}/{quote(self.name or _WHOLE_FILE)}.md"

    @classmethod
    def of(cls, uri: str) -> Self | None:
        """The page that a URI names; ``None`` for any other URI."""
        parts = urlsplit(uri)
        match = _PATH.fullmatch(unquote(parts.path)) if parts.scheme == PAGES else None
        if match is None:
            return None
        kind, file, name = match.groups()
        path = Path(file[1:] if _DRIVE.match(file) else file)
        return cls("preview" if kind == "preview" else "graph", path, "" if name == _WHOLE_FILE else name)


class ShownPages:
    """Which pages the client has read, and the row that each preview shows. Belongs to the event loop."""

    def __init__(self, server: AdalServer) -> None:
        self._server = server
        self._rows: dict[Page, int] = {}
        self._read: dict[Page, str] = {}
        """With the URI as the client writes it."""
        self._timer: asyncio.TimerHandle | None = None

    def row(self, page: Page) -> int:
        return self._rows.get(page, 1)

    def set_row(self, page: Page, row: int) -> None:
        self._rows[page] = row

    def was_read(self, page: Page, uri: str) -> None:
        """The client has asked for a page: it wants to know when that changes, once. A closed one is not asked for again."""
        self._read[page] = uri

    def source_changed(self) -> None:
        """Something changed that a page may be made from."""
        if self._read and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._refresh)

    def _refresh(self) -> None:
        self._timer = None
        for page in list(self._read):
            self.refresh(page)

    def refresh(self, page: Page) -> None:
        """Have the client read a page anew, if it has read it."""
        uri = self._read.pop(page, None)
        if uri is None or self._server.protocol.stopping:
            return
        params = types.TextDocumentContentRefreshParams(uri)
        self._server.keep(self._server.window.ask_again("workspace/textDocumentContent/refresh", params))

    async def show(self, page: Page, text: str) -> bool:
        """Show a page where the client can show any; whether it did.

        A client that cannot read contents is shown a file of the workspace, which only a trusted one is given.
        """
        server = self._server
        if not server.client.shows_documents:
            return False
        if server.client.reads_contents:
            self.refresh(page)
            await server.protocol.ask("window/showDocument", types.ShowDocumentParams(page.uri))
            return True
        if not server.snapshot.trusted:
            return False
        root = server.workspaces.of(page.path).root
        await server.window.show_text(root, f"{page.kind}-{page.name or page.path.stem}.md", text)
        return True
