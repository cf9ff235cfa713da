"""The workspaces: a root each, with its settings, its store and its workers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from adalang.config import Settings, find_root, load_settings
from adalang.engine.client import EngineClient
from adalang.lsp.approvals import approve
from adalang.lsp.stores import StoreWatch

if TYPE_CHECKING:
    from adalang.lsp.server import AdalServer

_log = logging.getLogger("adalang.lsp")

_STORE_SECONDS = 1.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Workspace:
    """One root with its store and its workers; none is opened or started before it is needed.

    ``engine`` runs, evaluates and optimizes. ``renderer`` is a second worker that renders previews: it opens no store and
    runs no Python of the user's, and a template that never ends costs nobody else's work.
    """

    root: Path
    store: StoreWatch
    engine: EngineClient
    renderer: EngineClient


class Workspaces:
    """Belongs to the event loop; the stores are used in one thread of their own."""

    def __init__(self, server: AdalServer) -> None:
        self.settings: dict[Path, Settings] = {}
        """Each workspace's settings as they were read last."""
        self._server = server
        self._known: dict[Path, Workspace] = {}
        self._stores = ThreadPoolExecutor(1, "store")

    @property
    def all(self) -> Collection[Workspace]:
        return list(self._known.values())

    def of(self, path: Path) -> Workspace:
        """The workspace that a file belongs to. Looks at the disk: not for the typing path."""
        root = find_root(path).resolve()
        if root not in self._known:
            engine = EngineClient(root, approve=partial(approve, self._server))
            self._known[root] = Workspace(root, StoreWatch(root), engine, EngineClient(root))
        return self._known[root]

    async def close(self) -> None:
        """End the workers, close the stores."""
        workers = [worker for one in self.all for worker in (one.engine, one.renderer)]
        await asyncio.gather(*(one.close() for one in workers), return_exceptions=True)
        await asyncio.gather(*(self.in_store(one, StoreWatch.close) for one in self.all))

    async def look_at_settings(self) -> None:
        """Read the workspaces' settings; what is wrong in them is told once, until it is mended."""
        for root in list(self._known):
            found = await self._server.in_thread(partial(load_settings, root))
            known = self.settings.get(root)  # now: another look may have come in between
            self.settings[root] = found
            snapshot = self._server.snapshot
            if snapshot.models.get(root) != found.model:
                self._server.snapshot = snapshot.with_model(root, found.model)
                if root in snapshot.stored and snapshot.stored[root].proposals:
                    self._server.refresh()
            new = [one for one in found.problems if known is None or one not in known.problems]
            if new:
                self._server.window.warn(" ".join(new))

    async def in_store(self, workspace: Workspace, look: Callable[[StoreWatch], T]) -> T:
        """Use a workspace's store, in the one thread that does."""
        return await asyncio.get_running_loop().run_in_executor(self._stores, look, workspace.store)

    async def look_into_store(self, workspace: Workspace, *, anyway: bool = False) -> None:
        """Show what is new in a workspace's store."""
        if not self._server.snapshot.trusted:
            return
        known = workspace.root in self._server.snapshot.stored
        stored = await self.in_store(workspace, lambda watch: watch.changed(anyway=anyway or not known))
        snapshot = self._server.snapshot
        if stored is not None and stored != snapshot.stored.get(workspace.root) and snapshot.trusted:
            self._server.snapshot = snapshot.with_stored(stored)
            self._server.refresh(lenses=True)

    async def watch_stores(self) -> None:
        while True:
            for workspace in self.all:
                try:
                    await self.look_into_store(workspace)
                except Exception:  # one workspace's trouble is not the others'
                    _log.exception("the store of %s could not be looked into", workspace.root)
            await asyncio.sleep(_STORE_SECONDS)
