"""Evaluate on save: the evals with ``on_save`` of which something has changed that decides their score."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adalang.engine.protocol import EvaluateRequest
from adalang.ide.meaning import target_of
from adalang.language.declarations import Constant, EvalDeclaration, setting
from adalang.language.fingerprint import disk_hash, fingerprint
from adalang.language.program import Program
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis, Stored

_log = logging.getLogger("adalang.lsp")


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
            for wanted in _wanted(analysis):
                server.keep(_evaluate(server, wanted))


def _is_broken(analysis: Analysis) -> bool:
    """A file with errors would not run; its diagnostics say so already."""
    return any(one.severity == "error" for one in analysis.diagnostics)


def _wanted(analysis: Analysis) -> Iterator[_Wanted]:
    program = analysis.program
    for item in program.root.items:
        declaration = item.declaration
        if not isinstance(declaration, EvalDeclaration):
            continue
        on_save = setting(declaration.settings, "on_save")
        limit = on_save.value.value if on_save is not None and isinstance(on_save.value, Constant) else None
        target = target_of(program, program.entity(program.root, item))
        if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 and target is not None:
            yield _Wanted(analysis, declaration.name.text, limit, target.id)


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
        await server.work.replace(key, f"Evaluating {wanted.name}", workspace.engine, request)
    except RequestError as error:
        server.evaluated.pop(key, None)
        server.window.warn(f"{wanted.name} could not be evaluated: {error}")
    await server.workspaces.look_into_store(workspace)


def _fingerprints(program: Program, wanted: _Wanted) -> Mapping[str, str]:
    return {name: fingerprint(program, name, disk_hash) for name in (wanted.name, wanted.target)}


def _stored(stored: Mapping[Path, Stored], path: Path, wanted: _Wanted, prints: Mapping[str, str]) -> str | None:
    """Before the first save in this session: a score in the store that was made with the same target counts."""
    root = wanted.analysis.document.root
    record = stored[root].score(path, wanted.name) if root in stored else None
    return prints[wanted.name] if record is not None and record.fingerprint == prints[wanted.target] else None
