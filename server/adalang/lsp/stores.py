"""The editor's view of the workspaces' stores: read in threads, looked at again when another process has written.

Until a store exists nothing is opened and nothing is made. In a workspace that is not trusted no store is touched.
"""

from __future__ import annotations

import logging
from pathlib import Path

from adalang.lsp.state import Stored
from adalang.store import Store, StoreError
from adalang.store.connection import FILE, FOLDER
from adalang.store.records import EvaluationRecord, Proposal, ProposalStatus

_log = logging.getLogger("adalang.lsp")

_FAILING = 200
"""Runs of failing rows that the editor can offer to open."""


class StoreWatch:
    """One workspace's store. Its methods block for milliseconds: call them in a thread, one at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._store: Store | None = None
        self._version: int | None = None
        self._silent = False

    def changed(self, *, anyway: bool = False) -> Stored | None:
        """What the store holds, if that may have changed since the last call; ``None`` otherwise."""
        try:
            store = self._open()
            if store is None:
                return None
            version = store.data_version()
            if version == self._version and not anyway:
                return None
            self._version = version
            return self._read(store)
        except StoreError as error:
            self._trouble(error)
            return None

    def proposal(self, proposal_id: str) -> Proposal | None:
        store = self._open()
        return store.proposal(proposal_id) if store is not None else None

    def set_status(self, proposal_id: str, status: ProposalStatus) -> None:
        """Raises StoreError when it cannot be written."""
        store = self._open()
        if store is not None:
            store.set_proposal_status(proposal_id, status)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _open(self) -> Store | None:
        is_there = (self.root / FOLDER / FILE).is_file()
        if self._store is not None and not is_there:
            self.close()
        if self._store is None and is_there:
            self._store = Store.open(self.root)
            self._version = None
        return self._store

    def _read(self, store: Store) -> Stored:
        scores: dict[tuple[str, str], EvaluationRecord] = {}
        for record in store.evaluations(limit=500):
            scores.setdefault((record.file, record.eval), record)
        failing = store.runs.find(origin="eval", failing=True, limit=_FAILING)
        return Stored(self.root, tuple(store.proposals(status="open")), scores, tuple(failing))

    def _trouble(self, error: StoreError) -> None:
        """Close it, so that the next look opens it anew; told once."""
        self.close()
        if not self._silent:
            self._silent = True
            _log.warning("%s", error)
