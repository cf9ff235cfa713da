"""Evaluate on save: the evals with ``on_save`` of which something has changed that decides their score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adalang.engine.protocol import EvaluateRequest
from adalang.ide.on_save import on_save
from adalang.language.fingerprint import disk_hash, fingerprint
from adalang.language.program import Program
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis, Stored


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One eval that runs at save: ``limit`` examples of ``name``; the fingerprints of all of it and of its target."""

    analysis: Analysis
    name: str
    limit: int
    target: str


def evaluate_saved(server: AdalServer, uri: str) -> None:
    """Start what the saved file's evals, and those of open files that import it, ask for."""
    saved = server.snapshot.documents.get(uri)
    if saved is None or not server.snapshot.trusted or not server.options.evaluate_on_save:
        return
    for other in server.snapshot.documents:
        analysis = server.snapshot.analysis(other)
        if analysis is not None and saved.path in analysis.program.modules and not _is_broken(analysis):
            for one in on_save(analysis.program):
                wanted = _Wanted(analysis, one.eval.name.text, one.limit, one.target.id)
                server.keep(_evaluate(server, wanted))


def _is_broken(analysis: Analysis) -> bool:
    """A file with errors would not run; its diagnostics say so already."""
    return any(one.severity == "error" for one in analysis.diagnostics)


async def _evaluate(server: AdalServer, wanted: _Wanted) -> None:
    path, program = wanted.analysis.document.path, wanted.analysis.program
    key = (path, wanted.name)
    async with server.saves:
        prints = await server.in_thread(lambda: _fingerprints(program, wanted))
        before = server.evaluated.get(key) or _stored(server.snapshot.stored, path, wanted, prints)
        if before == prints[wanted.name]:
            return
        server.evaluated[key] = prints[wanted.name]
    texts = wanted.analysis.snapshot.unsaved(program)
    request = EvaluateRequest(str(path), wanted.name, limit=wanted.limit, texts=texts)
    workspace = server.workspaces.of(path)
    try:
        result = await server.work.replace(key, f"Evaluating {wanted.name}", workspace.engine, request)
        if result.get("cancelled"):  # the next save is to make it
            _forget(server, key, prints[wanted.name])
    except RequestError as error:
        _forget(server, key, prints[wanted.name])
        server.window.warn(f"{wanted.name} could not be evaluated: {error}")
    await server.workspaces.look_into_store(workspace)


def _forget(server: AdalServer, key: tuple[Path, str], fingerprint: str) -> None:
    """This version is not evaluated after all; a newer one that is under way stays noted."""
    if server.evaluated.get(key) == fingerprint:
        del server.evaluated[key]


def _fingerprints(program: Program, wanted: _Wanted) -> Mapping[str, str]:
    return {name: fingerprint(program, name, disk_hash) for name in (wanted.name, wanted.target)}


def _stored(stored: Mapping[Path, Stored], path: Path, wanted: _Wanted, prints: Mapping[str, str]) -> str | None:
    """Before the first save in this session: a score in the store that was made with the same target counts."""
    root = wanted.analysis.document.root
    record = stored[root].score(path, wanted.name) if root in stored else None
    return prints[wanted.name] if record is not None and record.fingerprint == prints[wanted.target] else None
