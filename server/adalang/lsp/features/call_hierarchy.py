"""Call hierarchy. An item is asked about by the place of its name, so that nothing is kept between the requests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from adalang.ide.call_hierarchy import Caller, incoming_calls, outgoing_calls, prepare_calls
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.everywhere import Everywhere, Question
from adalang.lsp.server import AdalServer
from adalang.lsp.state import path_of


def prepare(
    server: AdalServer, params: types.CallHierarchyPrepareParams
) -> Callable[[], list[types.CallHierarchyItem] | None]:
    """For a thread, as what follows: the item may stand in a file that is not open."""
    asked, everywhere = Question.of(server, params), Everywhere.of(server)

    def answer() -> list[types.CallHierarchyItem] | None:
        found = prepare_calls(asked.program, asked.offset) if asked is not None else None
        return [_item(everywhere, found)] if found is not None else None

    return answer


def incoming(
    server: AdalServer, params: types.CallHierarchyIncomingCallsParams
) -> Callable[[], list[types.CallHierarchyIncomingCall] | None]:
    everywhere = Everywhere.of(server)

    def answer() -> list[types.CallHierarchyIncomingCall] | None:
        asked = _question(everywhere, params.item)
        if asked is None:
            return None
        return [
            types.CallHierarchyIncomingCall(
                _item(everywhere, one.other), [everywhere.range(one.other.path, span) for span in one.spans]
            )
            for one in incoming_calls(asked.program, asked.offset, everywhere.programs)
        ]

    return answer


def outgoing(
    server: AdalServer, params: types.CallHierarchyOutgoingCallsParams
) -> Callable[[], list[types.CallHierarchyOutgoingCall] | None]:
    everywhere = Everywhere.of(server)

    def answer() -> list[types.CallHierarchyOutgoingCall] | None:
        asked = _question(everywhere, params.item)
        if asked is None:
            return None
        own: Path = asked.program.path
        return [
            types.CallHierarchyOutgoingCall(
                _item(everywhere, one.other), [everywhere.range(own, span) for span in one.spans]
            )
            for one in outgoing_calls(asked.program, asked.offset)
        ]

    return answer


def _item(everywhere: Everywhere, found: Caller) -> types.CallHierarchyItem:
    return types.CallHierarchyItem(
        name=found.name,
        kind=to_lsp.SYMBOL_KINDS[found.kind],
        uri=to_lsp.uri_at(everywhere.snapshot, found.path),
        range=everywhere.range(found.path, found.span),
        selection_range=everywhere.range(found.path, found.name_span),
        detail=f"{found.kind} in {found.path.name}",
    )


def _question(everywhere: Everywhere, item: types.CallHierarchyItem) -> Question | None:
    """Where an item's name stands; ``None`` when its file is gone."""
    path = path_of(item.uri)
    program = everywhere.program_of(path) if path is not None else None
    if program is None:
        return None
    encoding = everywhere.snapshot.client.encoding
    return Question(program, from_lsp.offset(program.root.source, item.selection_range.start, encoding))
