"""Rename: the edits of all files, those included that nobody has open."""

from __future__ import annotations

import os
from collections.abc import Callable

from adalang.ide.changes import Change
from adalang.ide.rename import Renamed, prepare_rename
from adalang.ide.rename import rename as find_rename
from adalang.ide.rename_rows import Refused
from adalang.language.checks import DiskFacts
from adalang.lsp import to_lsp, types
from adalang.lsp.convert_changes import workspace_edit
from adalang.lsp.everywhere import Everywhere, Question
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer


def prepare(server: AdalServer, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    asked = Question.of(server, params)
    if asked is None:
        return None
    found = prepare_rename(asked.program, asked.offset)
    if isinstance(found, Refused):
        raise RequestError(found.reason)
    return types.PrepareRenamePlaceholder(
        to_lsp.range_(asked.source, found.span, server.client.encoding), found.placeholder
    )


def rename(server: AdalServer, params: types.RenameParams) -> Callable[[], types.WorkspaceEdit | None]:
    """For a thread: looks into every file of the workspace folders, and into the data of evals."""
    asked, everywhere = Question.of(server, params), Everywhere.of(server)

    def answer() -> types.WorkspaceEdit | None:
        if asked is None:
            return None
        everywhere.refuse_lost()
        known = everywhere.snapshot.checked
        found = find_rename(asked.program, asked.offset, params.new_name, everywhere.programs, DiskFacts(), known)
        if isinstance(found, Refused):
            raise RequestError(found.reason)
        _refuse_locked(everywhere, found)
        edits = {path: tuple(sorted(one, key=lambda edit: edit.span)) for path, one in found.edits.items()}
        return workspace_edit(everywhere.snapshot, {path: everywhere.source(path) for path in edits}, Change(edits))

    return answer


def _refuse_locked(everywhere: Everywhere, found: Renamed) -> None:
    for path in found.edits:
        if everywhere.snapshot.document_at(path) is None and not os.access(path, os.W_OK):
            raise RequestError(f"{path.name} uses the name and cannot be written.")
