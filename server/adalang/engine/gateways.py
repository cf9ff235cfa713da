"""The gateway that a workspace's settings ask for."""

from __future__ import annotations

from pathlib import Path

from adalang.config import Settings
from adalang.runtime.models.gateway import Gateway
from adalang.store import Store

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
