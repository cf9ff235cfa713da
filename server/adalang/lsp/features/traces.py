"""Open the trace of a run that is named; which failing rows have one, as a list and as quick fixes of their eval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adalang.engine.client import EngineError
from adalang.engine.protocol import TraceRequest
from adalang.language.text import Span
from adalang.lsp import types
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis
from adalang.lsp.targets import target_at
from adalang.store import Store, StoreError
from adalang.store.connection import FILE, FOLDER
from adalang.store.records import RunRecord

_OFFERED = 20
_ACTIONS = 5
"""Rows of one eval that its quick fixes offer."""
OPEN = "adalang.openTrace"
"""A client's command, which gets a URI and a run's id; see :attr:`.Client.opens_traces`."""


def trace_actions(analysis: Analysis, span: Span) -> list[types.CodeAction]:
    """For an eval that ``span`` touches: open the trace of a row that failed when it was last scored."""
    snapshot, document = analysis.snapshot, analysis.document
    stored = snapshot.stored.get(document.root)
    if stored is None or not snapshot.trusted:
        return []
    command = OPEN if snapshot.client.opens_traces else "adalang.server.openTrace"
    found = []
    for entity in analysis.program.entities("eval"):
        if entity.module.path != document.path or not entity.declaration.span.shifted(entity.item.start).touches(span):
            continue
        record = stored.score(document.path, entity.id)
        runs = [one for one in stored.failing if record is not None and one.evaluation == record.id]
        for run in runs[:_ACTIONS]:
            title = f"Open the trace of row {run.row}" + (f", sample {run.sample + 1}" if run.sample else "")
            arguments = [document.uri, run.id]
            found.append(
                types.CodeAction(
                    title,
                    kind=types.CodeActionKind.QuickFix,
                    command=types.Command(title, command, arguments=arguments),
                )
            )
    return found


async def failing_runs(server: AdalServer, uri: str, name: str | None) -> list[dict[str, Any]]:
    """The newest kept rows of the file's evals (or of one) that did not pass: ``run``, ``eval``, ``row``, ``score``, ``error``."""
    target = await target_at(server, uri)
    root = server.workspaces.of(target.path).root
    try:
        found = await server.in_thread(lambda: _failing(root, target.path, name))
    except StoreError as error:
        raise RequestError(str(error)) from error
    return [
        {"run": one.id, "eval": one.eval, "row": one.row, "score": one.score, "error": one.error, "began": one.created}
        for one in found
    ]


async def open_trace(server: AdalServer, uri: str, run: str, show: bool | None) -> dict[str, Any]:
    """Draw the page of a run; with ``show`` false the client shows it by itself. Gives ``uri``, ``title``, ``html``."""
    target = await target_at(server, uri)
    workspace = server.workspaces.of(target.path)
    try:
        page = await workspace.engine.call(TraceRequest(run))
    except EngineError as error:
        raise RequestError(str(error)) from error
    if "error" in page:
        raise RequestError(page["error"])
    path = workspace.root / FOLDER / "shown" / "trace.html"  # one for all: pages do not outlive what is kept of runs
    await server.in_thread(lambda: _write(path, page["html"]))
    if show is not False and server.client.shows_documents:
        await server.protocol.ask("window/showDocument", types.ShowDocumentParams(path.as_uri(), external=True))
    return {"uri": path.as_uri(), "title": page["title"], "html": page["html"]}


def _failing(root: Path, file: Path, name: str | None) -> list[RunRecord]:
    if not (root / FOLDER / FILE).is_file():
        return []
    with Store.open(root) as store:
        return store.runs.find(file=str(file), eval=name, origin="eval", failing=True, limit=_OFFERED)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
