from __future__ import annotations

from collections.abc import Callable

from adalang.ide.references import references as find_references
from adalang.lsp import types
from adalang.lsp.everywhere import Everywhere, Question
from adalang.lsp.server import AdalServer


def references(server: AdalServer, params: types.ReferenceParams) -> Callable[[], list[types.Location] | None]:
    """For a thread: looks into every file of the workspace folders."""
    asked, everywhere = Question.of(server, params), Everywhere.of(server)

    def answer() -> list[types.Location] | None:
        if asked is None:
            return None
        declaration = params.context.include_declaration
        found = find_references(asked.program, asked.offset, everywhere.programs, declaration=declaration)
        return [everywhere.location(one.place) for one in found]

    return answer
