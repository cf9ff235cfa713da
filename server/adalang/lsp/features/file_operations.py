"""Files renamed, made or deleted in the editor: the paths that programs write follow, and the disk is looked at again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from adalang.ide.rename_files import renamed
from adalang.lsp import types
from adalang.lsp.convert_changes import workspace_edit
from adalang.lsp.everywhere import Everywhere
from adalang.lsp.server import AdalServer
from adalang.lsp.state import path_of


def will_rename(server: AdalServer, params: types.RenameFilesParams) -> Callable[[], types.WorkspaceEdit | None]:
    """For a thread: looks into every file of the workspace folders."""
    everywhere = Everywhere.of(server)

    def answer() -> types.WorkspaceEdit | None:
        moves = {old: new for one in params.files if (old := path_of(one.old_uri)) and (new := _new(old, one))}
        change = renamed(moves, everywhere.programs)
        if not change.edits:
            return None
        everywhere.refuse_lost()
        sources = {path: everywhere.modules[path].source for path in change.edits}
        return workspace_edit(everywhere.snapshot, sources, change)

    return answer


def _new(old: Path, one: types.FileRename) -> Path | None:
    """Where it goes. A link that is renamed leaves what it leads to where it was."""
    new = path_of(one.new_uri)
    written = Path(unquote(urlsplit(one.old_uri).path))
    return new if new is not None and not written.is_symlink() else None


def did_change(server: AdalServer, params: object) -> None:
    server.reading.look_again()
