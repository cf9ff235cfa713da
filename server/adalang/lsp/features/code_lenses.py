"""Code lenses; how often a declaration is named is counted when the editor shows the lens."""

from __future__ import annotations

from collections.abc import Callable

from adalang.engine.scores import score_title
from adalang.ide.lenses import Lens, declared_at, lenses, references_title
from adalang.ide.references import references
from adalang.lsp import to_lsp, types
from adalang.lsp.everywhere import Everywhere
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis

SHOW_REFERENCES = "adalang.showReferences"
"""A client's command, which gets a URI, a position and locations; see :attr:`.Client.shows_references`."""

_TITLES = {"run": "▶ Run", "evaluate": "▶ Evaluate", "optimize": "✦ Optimize"}


def code_lenses(server: AdalServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """What can be done and what is known; nothing that would run something where that is not trusted."""
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return None
    return [
        found
        for lens in lenses(analysis.program, server.options.lenses)
        if server.snapshot.trusted or not lens.needs_trust
        if (found := _lens(server, analysis, lens)) is not None
    ]


def _lens(server: AdalServer, analysis: Analysis, lens: Lens) -> types.CodeLens | None:
    uri, place = analysis.document.uri, to_lsp.range_(analysis.source, lens.span, server.client.encoding)
    match lens.action:
        case "references":
            return types.CodeLens(place, data={"uri": uri, "name": lens.name})
        case "graph":
            return types.CodeLens(
                place, types.Command("◇ Graph", "adalang.server.showGraph", arguments=[uri, lens.name])
            )
        case "score":
            stored = server.snapshot.stored.get(analysis.document.root)
            record = stored.score(analysis.document.path, lens.name) if stored is not None else None
            known = record is not None and record.score is not None
            return (
                types.CodeLens(place, types.Command(score_title(record), "")) if record is not None and known else None
            )
        case action:
            command = types.Command(_TITLES[action], f"adalang.server.{action}", arguments=[uri, lens.name])
            return types.CodeLens(place, command)


def resolve(server: AdalServer, lens: types.CodeLens) -> Callable[[], types.CodeLens]:
    """For a thread: count the places that name a declaration, in every file of the workspace folders."""
    data = lens.data if isinstance(lens.data, dict) else {}
    analysis, everywhere = server.snapshot.analysis(str(data.get("uri"))), Everywhere.of(server)
    offset = declared_at(analysis.document.module, str(data.get("name"))) if analysis is not None else None

    def answer() -> types.CodeLens:
        if analysis is None or offset is None:
            return types.CodeLens(lens.range, types.Command("", ""))
        found = references(analysis.program, offset, everywhere.programs, declaration=False)
        title = references_title(len(found))
        if not found or not everywhere.snapshot.client.shows_references:
            return types.CodeLens(lens.range, types.Command(title, ""))
        places = [everywhere.location(one.place) for one in found]
        arguments = [analysis.document.uri, lens.range.start, places]
        return types.CodeLens(lens.range, types.Command(title, SHOW_REFERENCES, arguments=arguments))

    return answer
