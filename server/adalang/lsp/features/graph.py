"""The component graph as a page with a Mermaid drawing, and as JSON."""

from __future__ import annotations

from typing import Any

from adalang.ide.graph_view import graph_of, graph_page
from adalang.lsp.server import AdalServer
from adalang.lsp.shown import Page
from adalang.lsp.targets import Target, target_at, target_of


async def show_graph(server: AdalServer, uri: str, name: str | None) -> dict[str, Any]:
    """Show the graph of a file, or the part of it round one component."""
    target = await target_at(server, uri)
    page = Page("graph", target.path, name or "")
    found, text = await server.in_thread(lambda: _draw(target, page.name))
    shown = await server.shown.show(page, text)
    return {"graph": found, "markdown": text, "uri": page.uri if shown and server.client.reads_contents else None}


async def graph_text(server: AdalServer, page: Page) -> str:
    target = await target_of(server, page.path)
    return (await server.in_thread(lambda: _draw(target, page.name)))[1]


def _draw(target: Target, name: str) -> tuple[dict[str, Any], str]:
    """For a thread."""
    graph = graph_of(target.program, target.component(name).id if name else "")
    return graph.model_dump(mode="json"), graph_page(graph, name)
