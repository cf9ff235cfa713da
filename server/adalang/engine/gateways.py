"""The gateway and the services that a workspace's settings ask for."""

from __future__ import annotations

from pathlib import Path

from adalang.config import Settings
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.retrieval.retrieval import Indexes
from adalang.runtime.services import Services
from adalang.runtime.tools.host import Tools
from adalang.runtime.tools.observations import Observations
from adalang.store import Store, indexes

DECISIVE = ("concurrency", "rpm", "tpm", "cache")
"""The settings that a gateway is made of."""


def gateway_for(settings: Settings, store: Store, root: Path, record_to: Path | None = None) -> Gateway:
    """A new gateway; whoever asks for it closes it."""
    return Gateway(
        store,
        concurrency=settings["concurrency"],
        rpm=settings["rpm"] or None,
        tpm=settings["tpm"] or None,
        use_cache=settings["cache"],
        root=root,
        record_to=record_to,
    )


def services_of(settings: Settings, store: Store, root: Path) -> Services:
    """New services in which nobody is asked to approve anything; whoever asks for them closes them."""
    return Services(
        indexes=Indexes(indexes.folder(root)),
        tools=Tools(settings.environment or None),
        observations=Observations(store),
        file_folders=file_folders(settings),
    )


def file_folders(settings: Settings) -> tuple[Path, ...]:
    """Where files that inputs name may be, besides the workspace."""
    return tuple(settings.root / one for one in settings["file_folders"])
