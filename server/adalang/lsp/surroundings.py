"""The world around a document as completion may know it: what has been read already, while the rest is read behind it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from adalang.ide.surroundings import Surroundings
from adalang.lsp.server import AdalServer


def around(server: AdalServer) -> Surroundings:
    """For one request, on the loop. Asking for an unknown folder leaves a wish (see :mod:`adalang.lsp.disk`)."""
    if not server.listing.is_current:
        server.listing.is_current = True
        server.keep(server.in_thread(partial(server.listing.programs, server.snapshot)))
    known = {one.path: one for one in server.listing.modules()}
    known |= {one.path: one.module for one in server.snapshot.documents.values()}

    def listing(folder: Path) -> Sequence[str] | None:
        return server.snapshot.disk.folder(folder)

    return Surroundings(listing, tuple(os.environ), known.values())
