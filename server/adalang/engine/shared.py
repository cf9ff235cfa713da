"""What the requests of a worker share: one store, what tools run in, and one gateway for as long as the settings that it is made
of stay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adalang.config import Settings, load_settings
from adalang.engine.gateways import DECISIVE, file_folders, gateway_for, services_of
from adalang.engine.session import Session
from adalang.runtime.approval import Approver, nobody
from adalang.runtime.models.gateway import Gateway
from adalang.store import Store


@dataclass(eq=False, slots=True)
class _InUse:
    """A gateway, the settings that it is made of, and how many requests use it now."""

    gateway: Gateway
    made_of: Mapping[str, Any]
    requests: int = 0


class Shared:
    """Opens the store at the workspace's root; :meth:`close` ends it. Belongs to one event loop."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._store = Store.open(root)
        self._services = services_of(load_settings(root), self._store, root)
        self._open: list[_InUse] = []
        """The newest last: new requests use that one."""

    @asynccontextmanager
    async def session(self, approver: Approver = nobody) -> AsyncIterator[Session]:
        """A session with the settings as they are now, whose runs ask ``approver``. What has begun goes on with those that it began with."""
        settings = load_settings(self._root)
        used = self._gateway_for(settings)
        used.requests += 1
        try:
            await self._close_former()
            services = replace(self._services, approver=approver, file_folders=file_folders(settings))
            async with Session(
                self._root, settings, store=self._store, gateway=used.gateway, services=services
            ) as session:
                yield session
        finally:
            used.requests -= 1
            await self._close_former()

    async def close(self) -> None:
        await self._services.aclose()
        for one in self._open:
            await one.gateway.aclose()
        self._store.close()

    def _gateway_for(self, settings: Settings) -> _InUse:
        made_of = {name: settings[name] for name in DECISIVE}
        if not self._open or self._open[-1].made_of != made_of:
            self._open.append(_InUse(gateway_for(settings, self._store, self._root), made_of))
        return self._open[-1]

    async def _close_former(self) -> None:
        """Let go of the connections of gateways that new settings have replaced, once no request needs them any more."""
        unused = [one for one in self._open[:-1] if not one.requests]
        self._open = [one for one in self._open if one not in unused]
        for one in unused:
            await one.gateway.aclose()
