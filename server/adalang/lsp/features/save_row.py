"""Save a run as a row of the data of an eval."""

from __future__ import annotations

from functools import partial
from typing import Any

from adalang.ide.changes import Change
from adalang.ide.save_row import NewRow, RowRefused, at_the_end, new_row
from adalang.language.files import append_line
from adalang.language.text import SourceText
from adalang.lsp.convert_changes import workspace_edit
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Snapshot, uri_of
from adalang.lsp.targets import target_at


async def save_row(server: AdalServer, uri: str, name: str, output: Any) -> dict[str, Any]:
    """Add the newest run of a component to the data of an eval of it, with the run's output unless another one is given."""
    async with server.rows:
        await server.reading.read_again()
        target = await target_at(server, uri)
        component = target.component(name)
        run = server.last_run(target.path, name)
        if run is None:
            raise RequestError(f"`{name}` has not been run since the server was started; run it first.")
        output = run.output if output is None else output
        snapshot = server.snapshot
        find = partial(new_row, target.program, component, run.inputs, output, snapshot.disk)
        try:
            row = await server.in_thread(find)
        except RowRefused as error:
            raise RequestError(str(error)) from error
        if not row.same_as:
            await _write(server, snapshot, row, target.program.modules[row.path].source if row.edits else None)
    server.reading.look_again()
    said = (
        f"{row.path.name} has this row already: {row.same_as}."
        if row.same_as
        else f"Saved as a row of {row.path.name}."
    )
    server.window.tell(f"{name}: {said}")
    return {"saved": not row.same_as, "row": row.values, "file": uri_of(row.path), "eval": row.eval.id}


async def _write(server: AdalServer, snapshot: Snapshot, row: NewRow, source: SourceText | None) -> None:
    """Edit what stands in a program or is open in the editor; append to any other file. An editor refuses the edit of a
    version, which the snapshot has, that is not its own any longer.

    Raises:
        RequestError: the editor did not apply the edit, or the file cannot be written.
    """
    document = snapshot.document_at(row.path)
    if source is None and document is None:
        try:
            await server.in_thread(lambda: append_line(row.path, row.line))
        except OSError as error:
            raise RequestError(f"{row.path.name} cannot be written: {error.strerror or error}.") from error
        return
    edits, before = row.edits, source
    if before is None:
        assert document is not None
        before = document.source
        edits = (at_the_end(before, row.line),)
    edit = workspace_edit(snapshot, {row.path: before}, Change({row.path: edits}))
    await server.window.apply(edit, f"Save the run as a row of {row.path.name}")
