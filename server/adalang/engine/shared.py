"""What the requests of a worker share: one store, what tools run in, and one gateway and one tracer, each for as long as the
settings that it is made of stay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from adalang.config import Settings, load_settings
from adalang.engine.gateways import DECISIVE, file_folders, gateway_for, services_of
from adalang.engine.session import Session
from adalang.runtime.approval import Approver, nobody
from adalang.runtime.models.gateway import Gateway
from adalang.store import Store
from adalang.tracing.tracer import Tracer

Made = TypeVar("Made")

_TRACING = ("trace", "trace_share", "trace_days", "trace_mb", "redact", "otlp_endpoint", "otlp_headers")


@dataclass(eq=False, slots=True)
class _InUse(Generic[Made]):
    """What was made, of what, and how many requests use it now."""

    made: Made
    made_of: Any
    requests: int = 0


@dataclass
class _Newest(Generic[Made]):
    """Makes a thing anew when what it is made of changes. Requests that have begun keep theirs, which is closed after the last."""

    close: Callable[[Made], Awaitable[None]]
    _open: list[_InUse[Made]] = field(default_factory=list)
    """The newest last: new requests use that one."""

    @asynccontextmanager
    async def use(self, made_of: Any, make: Callable[[], Made]) -> AsyncIterator[Made]:
        if not self._open or self._open[-1].made_of != made_of:
            self._open.append(_InUse(make(), made_of))
        used = self._open[-1]
        used.requests += 1
        try:
            await self._close_former()
            yield used.made
        finally:
            used.requests -= 1
            await self._close_former()

    async def aclose(self) -> None:
        for one in self._open:
            await self.close(one.made)

    async def _close_former(self) -> None:
        unused = [one for one in self._open[:-1] if not one.requests]
        self._open = [one for one in self._open if one not in unused]
        for one in unused:
            await self.close(one.made)


class Shared:
    """Opens the store at the workspace's root; :meth:`close` ends it. Belongs to one event loop."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._store = Store.open(root)
        self._services = services_of(load_settings(root), self._store, root)
        self._gateways = _Newest(Gateway.aclose)
        self._tracers = _Newest(Tracer.close)

    @asynccontextmanager
    async def session(self, approver: Approver = nobody) -> AsyncIterator[Session]:
        """A session with the settings as they are now, whose runs ask ``approver``. What has begun goes on with those that it began
        with. When it ends, its traces are in the store; a collector may get them later."""
        settings = load_settings(self._root)
        services = replace(self._services, approver=approver, file_folders=file_folders(settings))
        async with self._gateway(settings) as gateway, self._tracer(settings) as tracer:
            try:
                yield Session(
                    self._root, settings, store=self._store, gateway=gateway, services=services, tracer=tracer
                )
            finally:
                tracer.flush()

    async def close(self) -> None:
        try:
            await self._services.aclose()
            await self._gateways.aclose()
            await self._tracers.aclose()
        finally:
            self._store.close()

    def _gateway(self, settings: Settings) -> AbstractAsyncContextManager[Gateway]:
        made_of = [settings[name] for name in DECISIVE]
        return self._gateways.use(made_of, lambda: gateway_for(settings, self._store, self._root))

    def _tracer(self, settings: Settings) -> AbstractAsyncContextManager[Tracer]:
        made_of = [dict(settings.environment), *(settings[name] for name in _TRACING)]
        return self._tracers.use(made_of, lambda: Tracer(self._store, settings))
