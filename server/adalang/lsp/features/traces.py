"""From a run to its trace: the failing rows of an eval as a diagnostic with quick fixes, a file's traces as a list, a trace as a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adalang.engine.client import EngineError
from adalang.engine.protocol import TraceRequest
from adalang.language.text import Span
from adalang.lsp import to_lsp, types
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis, Document, Snapshot
from adalang.lsp.targets import target_at
from adalang.store import Store, StoreError
from adalang.store.connection import FILE, FOLDER
from adalang.store.records import RunRecord

_OFFERED = 100
_RUNS = 5
"""Runs of components that are offered before the rows of evals."""
_ACTIONS = 5
"""Rows of one eval that its quick fixes offer."""
OPEN = "adalang.openTrace"
"""A client's command, which gets a URI and a run's id; see :attr:`.Client.opens_traces`."""


CODE = "failing-rows"


@dataclass(frozen=True)
class _Failing:
    """An eval of a document, the place of its name, and the runs of the rows that failed when it was last scored."""

    name: str
    span: Span
    whole: Span
    runs: tuple[RunRecord, ...]


def failing_diagnostics(snapshot: Snapshot, document: Document) -> list[types.Diagnostic]:
    """At the name of each eval whose last score has rows that failed: which, and why the first one did."""
    analysis = snapshot.analysis(document.uri)
    return [_diagnostic(analysis, one) for one in _failing_evals(analysis)] if analysis is not None else []


def trace_actions(analysis: Analysis, span: Span) -> list[types.CodeAction]:
    """For an eval that ``span`` touches: open the trace of a row that failed when it was last scored."""
    command = OPEN if analysis.snapshot.client.opens_traces else "adalang.server.openTrace"
    found = []
    for one in _failing_evals(analysis):
        if not one.whole.touches(span):
            continue
        for run in one.runs[:_ACTIONS]:
            title = f"Open the trace of {_row(run)}"
            found.append(
                types.CodeAction(
                    title,
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[_diagnostic(analysis, one)],
                    command=types.Command(title, command, arguments=[analysis.document.uri, run.id]),
                )
            )
    return found


def _failing_evals(analysis: Analysis) -> Iterator[_Failing]:
    snapshot, document = analysis.snapshot, analysis.document
    stored = snapshot.stored.get(document.root)
    if stored is None or not snapshot.trusted:
        return
    for entity in analysis.program.entities("eval"):
        record = stored.score(document.path, entity.id) if entity.module.path == document.path else None
        runs = tuple(one for one in stored.failing if record is not None and one.evaluation == record.id)
        if record is not None and runs:
            start, declared = entity.item.start, entity.declaration
            yield _Failing(entity.id, declared.name.span.shifted(start), declared.span.shifted(start), runs)


def _diagnostic(analysis: Analysis, found: _Failing) -> types.Diagnostic:
    first, rows = found.runs[0], "row" if len(found.runs) == 1 else "rows"
    why = f"; {_row(first)}: {first.error}" if first.error else f", {_row(first)} among them"
    return types.Diagnostic(
        range=to_lsp.range_(analysis.document.source, found.span, analysis.snapshot.client.encoding),
        message=f"{len(found.runs)} {rows} did not pass when {found.name} was last scored{why}.",
        severity=types.DiagnosticSeverity.Hint,
        code=CODE,
        source=to_lsp.SOURCE,
    )


def _row(run: RunRecord) -> str:
    return f"row {run.row}" + (f", sample {run.sample + 1}" if run.sample else "")


async def traces(server: AdalServer, uri: str, name: str | None) -> list[dict[str, Any]]:
    """What there is to open of a file: its last runs, and of its evals (or of the one that is named, and nothing else) the rows
    that did not pass when it was last scored. Each has ``run``, ``component``, ``eval``, ``row``, ``sample``, ``score``, ``error``,
    ``began`` (seconds since 1970)."""
    target = await target_at(server, uri)
    root = server.workspaces.of(target.path).root
    try:
        found = await server.in_thread(lambda: _kept(root, str(target.path), name))
    except StoreError as error:
        raise RequestError(str(error)) from error
    shown = ("component", "eval", "row", "sample", "score", "error")
    return [{"run": one.id, "began": one.created} | {field: getattr(one, field) for field in shown} for one in found]


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


def _kept(root: Path, file: str, name: str | None) -> list[RunRecord]:
    if not (root / FOLDER / FILE).is_file():
        return []
    with Store.open(root) as store:
        runs = store.runs.find(file=file, origin="run", limit=_RUNS) if name is None else []
        failing = store.runs.find(file=file, eval=name, origin="eval", failing=True, limit=_OFFERED)
    last: dict[str, str] = {}
    for one in failing:  # the newest first
        last.setdefault(one.eval, one.evaluation)
    return [*runs, *(one for one in failing if one.evaluation == last[one.eval])]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
