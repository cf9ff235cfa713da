from __future__ import annotations

from collections.abc import Callable

from adalang.ide.targets import Place
from adalang.ide.workspace_symbols import workspace_symbols as find_symbols
from adalang.lsp import to_lsp, types
from adalang.lsp.everywhere import Everywhere
from adalang.lsp.server import AdalServer


def workspace_symbols(
    server: AdalServer, params: types.WorkspaceSymbolParams
) -> Callable[[], list[types.WorkspaceSymbol]]:
    """For a thread: looks into every file of the workspace folders."""
    everywhere = Everywhere.of(server)

    def answer() -> list[types.WorkspaceSymbol]:
        return [
            types.WorkspaceSymbol(
                location=everywhere.location(Place(one.path, one.span)),
                name=one.name,
                kind=to_lsp.SYMBOL_KINDS[one.kind],
                container_name=one.container,
            )
            for one in find_symbols(everywhere.modules.values(), params.query)
        ]

    return answer
