from __future__ import annotations

from datetime import datetime

from adalang.ide.lenses import Lens, lenses
from adalang.lsp import to_lsp, types
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Document
from adalang.store.records import EvaluationRecord

OPTIONS = {"resolveProvider": False}

_TITLES = {"run": "▶ Run", "evaluate": "▶ Evaluate", "optimize": "✦ Optimize"}


def code_lenses(server: AdalServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """What can be done, and each eval's last score; nothing that would run something where that is not trusted."""
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    found = []
    for lens in lenses(analysis.program):
        command = _command(server, analysis.document, lens)
        if command is not None:
            place = to_lsp.range_(analysis.source, lens.span, server.client.encoding)
            found.append(types.CodeLens(place, command))
    return found


def _command(server: AdalServer, document: Document, lens: Lens) -> types.Command | None:
    if not server.snapshot.trusted:
        return None
    if lens.action == "score":
        stored = server.snapshot.stored.get(document.root)
        record = stored.score(document.path, lens.name) if stored is not None else None
        return types.Command(score_title(record), "") if record is not None and record.score is not None else None
    return types.Command(_TITLES[lens.action], f"adalang.server.{lens.action}", arguments=[document.uri, lens.name])


def score_title(record: EvaluationRecord) -> str:
    """`78% [71, 84] on 150 val examples, 2026-11-23 06:12`."""
    assert record.score is not None
    interval = (
        f" [{100 * record.low:.0f}, {100 * record.high:.0f}]"
        if record.low is not None and record.high is not None
        else ""
    )
    when = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M")
    split = f"{record.split} " if record.split else ""
    return f"{100 * record.score:.0f}%{interval} on {record.n} {split}examples, {when}"
