"""The component graph of a file, or the part of it that belongs to one component, as a page with a Mermaid drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pydantic takes longer to import than the rest of the server
    from adalang.language.graph import Edge, Graph
    from adalang.language.program import Program


def graph_of(program: Program, component: str = "") -> Graph:
    """The graph of a file, or :func:`part_of` it for a component, by its id. Files that the graph hangs on are not read.

    The first graph waits for the import of pydantic: for threads.
    """
    from adalang.language.graph import build_graph

    graph = build_graph(program, lambda path: None)
    return part_of(graph, component) if component else graph


def part_of(graph: Graph, name: str) -> Graph:
    """What a component calls, directly or not, who calls it, and the evals and data of all of these."""
    kept = _reached(name, [(one.caller, one.callee) for one in graph.edges])
    kept |= {one.caller for one in graph.edges if one.callee == name}
    evals = [one for one in graph.evals if one.target in kept]
    data = {one.data for one in evals}
    return graph.model_copy(
        update={
            "components": [one for one in graph.components if one.id in kept],
            "edges": [one for one in graph.edges if one.caller in kept and one.callee in kept],
            "evals": evals,
            "datasets": [one for one in graph.datasets if one.id in data],
        }
    )


def _reached(name: str, calls: Sequence[tuple[str, str]]) -> set[str]:
    reached, waiting = {name}, [name]
    while waiting:
        caller = waiting.pop()
        for one, callee in calls:
            if one == caller and callee not in reached:
                reached.add(callee)
                waiting.append(callee)
    return reached


def graph_page(graph: Graph, name: str = "") -> str:
    """The page, as Markdown: the drawing, and the calls in words for viewers that draw nothing."""
    return "\n\n".join(_paragraphs(graph, name)) + "\n"


def _paragraphs(graph: Graph, name: str) -> Iterator[str]:
    from adalang.language.graph import to_mermaid

    yield f"# {name or graph.file}"
    if not graph.components:
        yield "No components are declared here yet."
        return
    yield f"```mermaid\n{to_mermaid(graph)}```"
    yield "\n".join(f"- `{one.id}`: {one.kind}{_calls(one.id, graph.edges)}" for one in graph.components)


def _calls(name: str, edges: Sequence[Edge]) -> str:
    called = list(dict.fromkeys(f"`{one.callee}`" for one in edges if one.caller == name))
    return f", calls {', '.join(called)}" if called else ""
