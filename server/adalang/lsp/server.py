"""The server: one connection, its newest snapshot, and what goes on in the background."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

from adalang.config import find_root
from adalang.engine.client import EngineClient
from adalang.engine.protocol import FrameWriter, read_in_thread
from adalang.lsp import disk, types
from adalang.lsp.client import Client, Options
from adalang.lsp.folders import Listing
from adalang.lsp.protocol import END_OF_INPUT, Method, Protocol, RequestError
from adalang.lsp.state import Document, Snapshot, path_of
from adalang.lsp.stores import StoreWatch
from adalang.lsp.transport import process_is_alive, stdio_streams, tcp_streams
from adalang.lsp.work import Work

_log = logging.getLogger("adalang.lsp")

_STORE_SECONDS = 1.0
_CLIENT_SECONDS = 2.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Workspace:
    """One root with its store and its worker; neither is opened or started before it is needed."""

    root: Path
    store: StoreWatch
    engine: EngineClient


@dataclass(slots=True)
class _Background:
    """What runs beside the requests."""

    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    reading: bool = False
    unpublished: set[str] = field(default_factory=set)
    published: dict[str, types.PublishDiagnosticsParams] = field(default_factory=dict)


class AdalServer:
    """``snapshot`` is the newest state; handlers replace it through the methods below, all on one event loop."""

    def __init__(self, methods: Mapping[str, Method], writer: FrameWriter) -> None:
        self.protocol = Protocol(self, methods, writer)
        self.thread_pool = ThreadPoolExecutor(thread_name_prefix="thread")
        self.snapshot = Snapshot()
        self.options = Options()
        self.listing = Listing(())
        self.workspaces: dict[Path, Workspace] = {}
        self.work = Work(self)
        self.evaluated: dict[tuple[Path, str], str] = {}
        """Fingerprints of the evals that a save has evaluated."""
        self.saves = asyncio.Lock()
        """Held while a save is compared with the one before it: one after the other, in their order."""
        self._client_process: int | None = None
        self._background = _Background()
        self._stores = ThreadPoolExecutor(1, "store")

    @property
    def client(self) -> Client:
        return self.snapshot.client

    # ---- life

    def begin(self, client: Client, options: Options, folders: list[str], process_id: int | None) -> None:
        """What initialize says."""
        self.snapshot = replace(self.snapshot, client=client, trusted=options.trusted)
        self.options = options
        self._client_process = process_id
        self.change_folders(added=folders, removed=[])
        self.protocol.initialized = True

    def start_watching(self) -> None:
        self.keep(self._watch_stores())
        if self._client_process is not None:
            self.keep(self._watch_client(self._client_process))
        self.keep(self.in_thread(_warm_up))

    async def wind_down(self) -> None:
        """Stop what runs, answer what waits, end the workers; idempotent."""
        self.protocol.stopping = True
        me = asyncio.current_task()
        running = self.protocol.cancel_all_but(me)
        background = [task for task in self._background.tasks if task is not me]
        for task in background:
            task.cancel()
        await asyncio.gather(*running, *background, return_exceptions=True)
        await asyncio.gather(*(one.engine.close() for one in self.workspaces.values()), return_exceptions=True)
        await asyncio.gather(*(self.in_store(one, StoreWatch.close) for one in self.workspaces.values()))

    def keep(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something in the background; what goes wrong there is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.tasks.add(task)
        task.add_done_callback(self._kept)

    def _kept(self, task: asyncio.Task[Any]) -> None:
        self._background.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work failed", exc_info=error)

    def idle(self) -> None:
        """Nothing waits: send diagnostics that are due, read files that were asked for."""
        for uri in self._background.unpublished:
            self._publish(uri)
        self._background.unpublished.clear()
        if self.snapshot.disk.wishes and not self._background.reading:
            self._background.reading = True
            self.keep(self._read_wishes())

    # ---- documents

    def path_for(self, uri: str) -> Path:
        """Where a document's file is; for one that has none, where it would be."""
        found = path_of(uri)
        if found is not None:
            return found
        folder = self.listing.folders[0] if self.listing.folders else Path.cwd()
        return folder / (uri.rpartition(":")[2].strip("/") or "untitled")

    def set_document(self, document: Document) -> None:
        self.snapshot = self.snapshot.with_document(document)
        if document.uri not in self._background.unpublished:
            self._due()

    def close_document(self, uri: str) -> None:
        self.snapshot = self.snapshot.without_document(uri)
        if not self.client.pulls_diagnostics:
            self._background.unpublished.add(uri)
            self._due()

    def params_lost(self, method: str, params: Any) -> None:
        """A notification could not be read: a document that missed a change is not trusted until it is opened again."""
        if method != "textDocument/didChange" or not isinstance(params, dict):
            return
        identifier = params.get("textDocument")
        uri = identifier.get("uri") if isinstance(identifier, dict) else None
        document = self.snapshot.documents.get(uri) if isinstance(uri, str) else None
        if document is not None:
            self.set_document(replace(document, lost=True))
            self.warn(f"A change of {document.path.name} could not be read. Close the file and open it again.")

    def change_folders(self, added: list[str], removed: list[str]) -> None:
        gone = {path_of(uri) for uri in removed}
        kept = [folder for folder in self.listing.folders if folder not in gone]
        new = [path for uri in added if (path := path_of(uri)) is not None and path not in kept]
        self.listing = Listing((*kept, *new))
        for folder in new:
            self.workspace_of(folder / "untitled.adal")

    def change_options(self, section: Any) -> None:
        self.options = self.options.changed(section)
        for problem in self.options.problems:
            self.warn(problem)

    def set_trust(self, trusted: bool) -> None:
        self.snapshot = self.snapshot.with_trust(trusted)
        if not trusted:
            self.work.cancel()
        self.refresh(lenses=True)

    # ---- diagnostics

    def refresh(self, *, lenses: bool = False) -> None:
        """Something outside the texts has changed: send diagnostics again, or have the client ask again."""
        self._due()
        if self.client.pulls_diagnostics and self.client.refreshes_diagnostics:
            self.keep(self._have_refreshed("workspace/diagnostic/refresh"))
        if lenses and self.client.refreshes_lenses:
            self.keep(self._have_refreshed("workspace/codeLens/refresh"))

    def _due(self) -> None:
        """Every open document's diagnostics are to be sent: one may import another."""
        if not self.client.pulls_diagnostics:
            self._background.unpublished |= self.snapshot.documents.keys()
        if not len(self.protocol.inbox):
            asyncio.get_running_loop().call_soon(self.idle)

    def _publish(self, uri: str) -> None:
        """Send a document's diagnostics, unless they are what the client has already."""
        from adalang.lsp.features.diagnostics import to_publish

        try:
            params = to_publish(self.snapshot, uri)
        except Exception:
            _log.exception("the diagnostics of %s failed", uri)
            return
        if params != self._background.published.get(uri):
            self._background.published[uri] = params
            self.protocol.notify("textDocument/publishDiagnostics", params)
        if uri not in self.snapshot.documents:
            del self._background.published[uri]

    async def _have_refreshed(self, method: str) -> None:
        try:
            await self.protocol.ask(method)
        except RequestError as error:
            _log.debug("the client did not refresh: %s", error)

    # ---- the disk

    def look_again(self) -> None:
        """Files may have changed: look at what is known of them, in the background."""
        self.keep(self._look_again())

    async def _look_again(self) -> None:
        changed = await self.in_thread(partial(disk.reread, self.snapshot.disk))
        if changed:
            self.snapshot = self.snapshot.with_disk(self.snapshot.disk.with_entries(changed))
            self.refresh()

    async def _read_wishes(self) -> None:
        try:
            wishes = tuple(self.snapshot.disk.wishes)
            entries = await self.in_thread(partial(disk.read, wishes))
            self.snapshot = self.snapshot.with_disk(self.snapshot.disk.with_entries(entries))
        finally:
            self._background.reading = False
        self.refresh()

    def read_imports(self, path: Path) -> None:
        """Read the files that a document imports: once, when it is opened, so that nobody sees them missing first."""
        while True:
            self.snapshot.program(path)
            wishes = [wish for wish in self.snapshot.disk.wishes if wish[0] == "module"]
            if not wishes:
                return
            self.snapshot = self.snapshot.with_disk(self.snapshot.disk.with_entries(disk.read(wishes)))

    async def look_at(self, path: Path, look: Callable[[Snapshot], object] = lambda snapshot: None) -> None:
        """Make sure that a file, its imports and its data are known, as far as they are on the disk; and whatever else ``look``
        asks for."""
        while True:
            look(self.snapshot)
            program = self.snapshot.program(path)
            if program is not None:
                from adalang.language.checks import check

                check(program, facts=self.snapshot.disk)
            wishes = tuple(self.snapshot.disk.wishes)
            if not wishes:
                return
            entries = await self.in_thread(partial(disk.read, wishes))
            self.snapshot = self.snapshot.with_disk(self.snapshot.disk.with_entries(entries))

    # ---- workspaces and their stores

    def workspace_of(self, path: Path) -> Workspace:
        """The workspace that a file belongs to. Looks at the disk: not for the typing path."""
        root = find_root(path).resolve()
        if root not in self.workspaces:
            self.workspaces[root] = Workspace(root, StoreWatch(root), EngineClient(root))
        return self.workspaces[root]

    async def in_store(self, workspace: Workspace, look: Callable[[StoreWatch], T]) -> T:
        """Use a workspace's store, in the one thread that does."""
        return await asyncio.get_running_loop().run_in_executor(self._stores, look, workspace.store)

    async def look_into_store(self, workspace: Workspace, *, anyway: bool = False) -> None:
        """Show what is new in a workspace's store."""
        if not self.snapshot.trusted:
            return
        known = workspace.root in self.snapshot.stored
        stored = await self.in_store(workspace, lambda watch: watch.changed(anyway=anyway or not known))
        if stored is not None and stored != self.snapshot.stored.get(workspace.root) and self.snapshot.trusted:
            self.snapshot = self.snapshot.with_stored(stored)
            self.refresh(lenses=True)

    async def _watch_stores(self) -> None:
        while True:
            for workspace in list(self.workspaces.values()):
                await self.look_into_store(workspace)
            await asyncio.sleep(_STORE_SECONDS)

    # ---- the client

    async def _watch_client(self, process_id: int) -> None:
        """A client that dies may leave the pipes open."""
        while True:
            await asyncio.sleep(_CLIENT_SECONDS)
            if not process_is_alive(process_id):
                break
        _log.warning("the client's process %s is gone", process_id)
        self.protocol.ended.set()

    def tell(self, text: str) -> None:
        self._message("window/showMessage", types.MessageType.Info, text)

    def warn(self, text: str) -> None:
        self._message("window/showMessage", types.MessageType.Warning, text)

    def log(self, text: str) -> None:
        self._message("window/logMessage", types.MessageType.Info, text)

    def _message(self, method: str, kind: int, text: str) -> None:
        self.protocol.notify(method, types.ShowMessageParams(kind, text))

    async def show_text(self, root: Path, name: str, text: str) -> None:
        """Show a text as a document of its own where the client can, else as a message."""
        if not self.client.shows_documents:
            self.tell(text)
            return
        path = root / ".adalang" / "shown" / name
        await self.in_thread(lambda: _write(path, text))
        await self.protocol.ask("window/showDocument", types.ShowDocumentParams(path.as_uri(), take_focus=True))

    async def in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.thread_pool, work)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _warm_up() -> None:
    """Import what the first check and the first completion would wait for."""
    from adalang.language.models import known_models
    from adalang.language.templates import meaning

    meaning("{{ warm }}")
    known_models()


def serve(tcp: tuple[str, int] | None = None) -> NoReturn:
    """Serve one client on stdin and stdout, or the first one that connects to a TCP port; then exit, as the protocol wants:
    with 0 after `shutdown` and `exit`, with 1 when the client left otherwise.

    Raises:
        OSError: the port cannot be used.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    reader, writer = tcp_streams(*tcp) if tcp is not None else stdio_streams()
    sys.exit(asyncio.run(_serve(reader, writer)))


async def _serve(reader: BinaryIO, writer: BinaryIO) -> int:
    from adalang.lsp.methods import METHODS

    server, loop = AdalServer(METHODS, FrameWriter(writer)), asyncio.get_running_loop()
    protocol = server.protocol

    def receive(message: Any) -> None:
        protocol.inbox.put(message)
        loop.call_soon_threadsafe(protocol.wake)

    read_in_thread(reader, receive, lambda: receive(END_OF_INPUT))
    await protocol.ended.wait()
    await server.wind_down()
    return protocol.exit_code
