from __future__ import annotations

import json
from collections.abc import Mapping

from adalang.ide import inline_values as ide
from adalang.lsp import from_lsp, types
from adalang.lsp.convert_presentation import inline_value
from adalang.lsp.server import AdalServer
from adalang.lsp.work import LastRun


def inline_values(server: AdalServer, params: types.InlineValueParams) -> list[types.InlineValueText] | None:
    """What the last runs of the file's components bound, as far as commands have made them."""
    analysis, encoding = server.snapshot.analysis(params.text_document.uri), server.client.encoding
    if analysis is None:
        return None
    span = from_lsp.span(analysis.source, params.range, encoding)
    path = analysis.document.path
    values = {name: _texts(run) for (file, name), run in server.last_runs.items() if file == path}
    found = ide.inline_values(analysis.program, span, values)
    return [inline_value(analysis.source, one, encoding) for one in found]


def _texts(run: LastRun) -> Mapping[str, str]:
    inputs = {name: json.dumps(value, ensure_ascii=False, default=str) for name, value in run.inputs.items()}
    return {**inputs, **run.bindings, "return": json.dumps(run.output, ensure_ascii=False, default=str)}
