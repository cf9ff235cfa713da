"""Evaluate on save: the evals with ``on_save`` of which something has changed that decides their score."""

from __future__ import annotations

from pathlib import Path

from adalang.engine.protocol import EvaluateRequest
from adalang.ide.on_save import OnSave, fingerprints, is_concerned, is_evaluated, on_save, would_run
from adalang.language.fingerprint import disk_hash
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis


def evaluate_saved(server: AdalServer, uri: str) -> None:
    """Start what the saved file's evals, and those of open files that import it, ask for."""
    saved = server.snapshot.documents.get(uri)
    if saved is None or not server.snapshot.trusted or not server.options.evaluate_on_save:
        return
    for other in server.snapshot.documents:
        analysis = server.snapshot.analysis(other)
        if analysis is not None and is_concerned(analysis.program, saved.path) and would_run(analysis.diagnostics):
            for asked in on_save(analysis.program):
                server.keep(_evaluate(server, analysis, asked))


async def _evaluate(server: AdalServer, analysis: Analysis, asked: OnSave) -> None:
    path, program, name = analysis.document.path, analysis.program, asked.eval.name.text
    key = (path, name)
    async with server.saves:
        now = await server.in_thread(lambda: fingerprints(program, asked, disk_hash))
        if is_evaluated(now, server.evaluated.get(key), _stored(server, analysis, name)):
            return
        server.evaluated[key] = now.eval
    request = EvaluateRequest(
        str(path), name, limit=asked.limit, texts=analysis.snapshot.unsaved(program), on_save=True
    )
    workspace = server.workspaces.of(path)
    try:
        result = await server.work.replace(key, f"Evaluating {name}", workspace.engine, request)
        if result.get("cancelled"):  # the next save is to make it
            _forget(server, key, now.eval)
    except RequestError as error:
        _forget(server, key, now.eval)
        server.window.warn(f"{name} could not be evaluated: {error}")
    await server.workspaces.look_into_store(workspace)


def _forget(server: AdalServer, key: tuple[Path, str], fingerprint: str) -> None:
    """This version is not evaluated after all; a newer one that is under way stays noted."""
    if server.evaluated.get(key) == fingerprint:
        del server.evaluated[key]


def _stored(server: AdalServer, analysis: Analysis, name: str) -> str | None:
    """The fingerprint of the target of the last score of an eval in the store."""
    stored = server.snapshot.stored.get(analysis.document.root)
    record = stored.score(analysis.document.path, name) if stored is not None else None
    return record.fingerprint if record is not None else None
