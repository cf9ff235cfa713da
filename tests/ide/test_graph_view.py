"""The component graph as a page: of the file, or (with a cursor) of what belongs to the component that is declared there."""

from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.graph_view import graph_page, part_of
from adalang.language.graph import build_graph


@cases("graph")
def test_page(case: Case, update: bool) -> None:
    graph, name = build_graph(case.program, lambda path: None), ""
    if case.offset >= 0:
        name = next(
            one.id for one in case.program.components() if one.item.span.start <= case.offset < one.item.span.end
        )
        graph = part_of(graph, name)
    case.check(graph_page(graph, name).splitlines(), update)
