"""The server: one connection, its newest snapshot, and what goes on in the background."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

from adalang.engine.protocol import FrameWriter, read_in_thread
from adalang.lsp.client import Client, Options
from adalang.lsp.folders import Listing
from adalang.lsp.protocol import END_OF_INPUT, Method, Protocol
from adalang.lsp.publisher import Publisher
from adalang.lsp.reading import Reading
from adalang.lsp.shown import ShownPages
from adalang.lsp.state import Document, Snapshot, path_of
from adalang.lsp.tokens import KeptTokens
from adalang.lsp.transport import process_is_alive, stdio_streams, tcp_streams
from adalang.lsp.window import Window
from adalang.lsp.work import LastRun, Work
from adalang.lsp.workspaces import Workspaces

_log = logging.getLogger("adalang.lsp")

_CLIENT_SECONDS = 0.5
_GRACE_SECONDS = 1.0
_WARM_UP_SECONDS = 0.5
_GC_THRESHOLDS = (50_000, 20, 100)
"""A full collection walks all trees of all files, for some 50 ms in the middle of an answer, and finds next to nothing:
what an edit replaces is in no circle."""
_SWITCH_SECONDS = 0.0005
"""How long a thread that looks through a thousand files keeps the loop waiting, each time that it wants to go on."""

T = TypeVar("T")


class AdalServer:
    """``snapshot`` is the newest state; handlers replace it through the methods below, all on one event loop."""

    def __init__(self, methods: Mapping[str, Method], writer: FrameWriter) -> None:
        self.protocol = Protocol(self, methods, writer)
        self.thread_pool = ThreadPoolExecutor(thread_name_prefix="thread")
        self.snapshot = Snapshot()
        self.options = Options()
        self.listing = Listing(())
        self.workspaces = Workspaces(self)
        self.window = Window(self)
        self.publisher = Publisher(self)
        self.reading = Reading(self)
        self.work = Work(self)
        self.shown = ShownPages(self)
        self.tokens = KeptTokens()
        self.last_runs: dict[tuple[Path, str], LastRun] = {}
        """The newest run that a command made of each component, by file and name."""
        self.rows = asyncio.Lock()
        """Held while a run is saved as a row, so that no two see the data without the other."""
        self.evaluated: dict[tuple[Path, str], str] = {}
        """Fingerprints of the evals that a save has evaluated."""
        self.saves = asyncio.Lock()
        """Held while a save is compared with the one before it: one after the other, in their order."""
        self._client_process: int | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

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
        self.keep(self.workspaces.watch_stores())
        if self._client_process is not None:
            self._watch_client(self._client_process)
        self.keep(self._warm_up())

    async def _warm_up(self) -> None:
        """After the first answers, which it would slow down."""
        await asyncio.sleep(_WARM_UP_SECONDS)
        await self.in_thread(partial(_import, self.protocol.methods))

    async def wind_down(self) -> None:
        """Stop what runs, answer what waits, end the workers; idempotent."""
        self.protocol.stopping = True
        me = asyncio.current_task()
        running = self.protocol.cancel_all_but(me)
        background = [task for task in self._tasks if task is not me]
        for task in background:
            task.cancel()
        await asyncio.gather(*running, *background, return_exceptions=True)
        await self.workspaces.close()

    def keep(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something in the background; what goes wrong there is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._kept)

    def _kept(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work failed", exc_info=error)

    def idle(self) -> None:
        """Nothing waits: send diagnostics that are due, read files that were asked for."""
        self.publisher.send()
        self.reading.answer_wishes()

    def idle_soon(self) -> None:
        if not len(self.protocol.inbox):
            asyncio.get_running_loop().call_soon(self.idle)

    # ---- documents

    def path_for(self, uri: str) -> Path:
        """Where a document's file is; for one that has none, where it would be."""
        found = path_of(uri)
        if found is not None:
            return found
        folder = self.listing.folders[0] if self.listing.folders else Path.cwd()
        name = uri.rpartition(":")[2].strip("/") or "untitled"
        return folder / (name if len(name.encode(errors="replace")) < 200 else f"untitled-{hash(name)}")

    def set_document(self, document: Document) -> None:
        self.snapshot = self.snapshot.with_document(document)
        self.shown.source_changed()
        self.publisher.due((document.uri, *self.snapshot.users(document.path)))

    def close_document(self, uri: str) -> None:
        self.tokens.forget(uri)
        closed = self.snapshot.documents.get(uri)
        self.snapshot = self.snapshot.without_document(uri)
        if closed is not None:
            self.publisher.due((uri, *self.snapshot.users(closed.path)))

    def params_lost(self, method: str, params: Any) -> None:
        """A notification could not be read: a document that missed a change is not trusted until it is opened again."""
        if method != "textDocument/didChange" or not isinstance(params, dict):
            return
        identifier = params.get("textDocument")
        uri = identifier.get("uri") if isinstance(identifier, dict) else None
        document = self.snapshot.documents.get(uri) if isinstance(uri, str) else None
        if document is not None:
            self.set_document(replace(document, lost=True))
            self.window.warn(f"A change of {document.path.name} could not be read. Close the file and open it again.")

    def change_folders(self, added: list[str], removed: list[str]) -> None:
        gone = {path_of(uri) for uri in removed}
        kept = [folder for folder in self.listing.folders if folder not in gone]
        new = [path for uri in added if (path := path_of(uri)) is not None and path not in kept]
        self.listing = Listing((*kept, *new))
        for folder in new:
            self.workspaces.of(folder / "untitled.adal")

    def change_options(self, section: Any) -> None:
        self.options = self.options.changed(section)
        for problem in self.options.problems:
            self.window.warn(problem)
        self.refresh(lenses=True)

    def set_trust(self, trusted: bool) -> None:
        self.snapshot = self.snapshot.with_trust(trusted)
        if not trusted:
            self.work.cancel()
        self.refresh(lenses=True)

    # ---- diagnostics

    def refresh(self, *, lenses: bool = False, names: bool = False) -> None:
        """Something outside the texts has changed: send diagnostics again, or have the client ask again, also for
        ``lenses`` and hints, or for what tells the ``names`` of other files apart."""
        self.publisher.due(self.snapshot.documents)
        self.shown.source_changed()
        if self.client.pulls_diagnostics and self.client.refreshes_diagnostics:
            self.window.refresh("workspace/diagnostic/refresh")
        if lenses and self.client.refreshes_lenses:
            self.window.refresh("workspace/codeLens/refresh")
        if lenses and self.client.refreshes_hints:
            self.window.refresh("workspace/inlayHint/refresh")
        if names and self.client.refreshes_tokens:
            self.window.refresh("workspace/semanticTokens/refresh")

    # ---- runs

    def keep_run(self, path: Path, name: str, run: LastRun) -> None:
        """Remember a component's newest run, and have the client show its values."""
        self.last_runs[path, name] = run
        if self.client.refreshes_inline_values:
            self.window.refresh("workspace/inlineValue/refresh")

    def last_run(self, path: Path, name: str) -> LastRun | None:
        """The newest run of a component that a command has made since the server was started."""
        return self.last_runs.get((path, name))

    # ---- the client

    def _watch_client(self, process_id: int) -> None:
        """A client that dies may leave the pipes open, and the loop in the middle of an answer that nobody reads: a thread
        looks after it, and does not wait for long."""
        loop = asyncio.get_running_loop()

        def watch() -> None:
            while process_is_alive(process_id):
                time.sleep(_CLIENT_SECONDS)
            _log.warning("the client's process %s is gone", process_id)
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.protocol.ended.set)
            time.sleep(_GRACE_SECONDS)
            os._exit(1)

        threading.Thread(target=watch, name="client", daemon=True).start()

    async def in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.thread_pool, work)


def _import(methods: Mapping[str, Method]) -> None:
    """Import what the first request of each kind would wait for."""
    from adalang.language.models import known_models
    from adalang.language.templates import meaning

    for method in methods.values():
        assert method.handler is not None
    meaning("{{ warm }}")
    known_models()


def serve(tcp: tuple[str, int] | None = None) -> NoReturn:
    """Serve one client on stdin and stdout, or the first one that connects to a TCP port; then exit, as the protocol wants:
    with 0 after `shutdown` and `exit`, with 1 when the client left otherwise.

    Raises:
        OSError: the port cannot be used.
    """
    gc.set_threshold(*_GC_THRESHOLDS)
    sys.setswitchinterval(_SWITCH_SECONDS)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    reader, writer = tcp_streams(*tcp) if tcp is not None else stdio_streams()
    code = asyncio.run(_serve(reader, writer))
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)  # not after the threads, which may be in the middle of a thousand files


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
