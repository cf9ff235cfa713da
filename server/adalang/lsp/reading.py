"""Reading the disk for the newest snapshot: what checks have asked for, and what has changed since."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from adalang.lsp import disk
from adalang.lsp.again import Again
from adalang.lsp.state import Snapshot

if TYPE_CHECKING:
    from adalang.lsp.server import AdalServer


class Reading:
    """Belongs to the event loop; the disk itself is read in threads."""

    def __init__(self, server: AdalServer) -> None:
        self._server = server
        self._reads = asyncio.Lock()
        """Held while files are read, so that who misses something can wait for who is reading it."""
        self._wishes = Again(server.keep, self._answer_wishes)
        self._looks = Again(server.keep, self._look_again)

    def answer_wishes(self) -> None:
        """Read what was asked for, in the background."""
        if self._server.snapshot.disk.wishes:
            self._wishes.ask()

    async def _answer_wishes(self) -> None:
        kinds = await self._read_wishes()
        if kinds - {"folder"}:  # no check asks what is in a folder
            self._server.refresh(lenses="module" in kinds, names="module" in kinds)
        self.answer_wishes()

    async def _read_wishes(self) -> set[disk.Kind]:
        """Read what was asked for; its kinds."""
        async with self._reads:
            wishes = self._server.snapshot.disk.wishes.take()
            self._learn(await self._server.in_thread(partial(disk.read, wishes)))
        return {kind for kind, _ in wishes}

    async def catch_up(self, seconds: float) -> None:
        """Have what was asked for read, and come back when it is, or after ``seconds``: it is still read to its end."""
        is_read = asyncio.Event()

        async def work() -> None:
            await self._answer_wishes()
            is_read.set()

        self._server.keep(work())
        with suppress(TimeoutError):
            await asyncio.wait_for(is_read.wait(), seconds)

    def look_again(self) -> None:
        """Files may have changed: look at what is known of them, in the background."""
        self._server.listing.is_current = False
        self._looks.ask()

    async def _look_again(self) -> None:
        await self._server.workspaces.look_at_settings()
        await self.read_again()

    async def read_again(self) -> None:
        """Read what has changed of the files that are known."""
        changed = await self._server.in_thread(partial(disk.reread, self._server.snapshot.disk))
        if changed:
            self._learn(changed)
            self._server.refresh(names=any(kind == "module" for kind, _ in changed))

    def read_imports(self, path: Path) -> None:
        """Read the files that a document imports: once, when it is opened, so that nobody sees them missing first."""
        while True:
            self._server.snapshot.program(path)
            wishes = self._server.snapshot.disk.wishes.take("module")
            if not wishes:
                return
            self._learn(disk.read(wishes))

    async def look_at(self, path: Path, look: Callable[[Snapshot], object] = lambda snapshot: None) -> None:
        """Make sure that a file, its imports and its data are known, as far as they are on the disk; and whatever else
        ``look`` asks for."""
        while True:
            snapshot = self._server.snapshot
            look(snapshot)
            snapshot.check(path)
            if not snapshot.disk.wishes and not self._reads.locked():
                return
            await self._read_wishes()

    def _learn(self, entries: disk.Entries) -> None:
        snapshot = self._server.snapshot
        self._server.snapshot = snapshot.with_disk(snapshot.disk.with_entries(entries))
