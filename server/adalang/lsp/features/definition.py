"""Definition, declaration, type definition and implementation: where things are, in our files and in Python's."""

from __future__ import annotations

from collections.abc import Callable

from adalang.ide import definition as finding
from adalang.ide.definition import Definition
from adalang.language.program import read_from_disk
from adalang.lsp import to_lsp, types
from adalang.lsp.everywhere import Question
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Snapshot

Places = types.Location | list[types.LocationLink] | None


def definition(server: AdalServer, params: types.DefinitionParams) -> Callable[[], Places]:
    """For a thread, as what follows: a function of a Python file is looked up in that file."""
    asked = Question.of(server, params)
    found = finding.definition(asked.program, asked.offset, server.snapshot.disk) if asked is not None else None
    return _answer(server.snapshot, asked, found, links=server.client.links_definitions)


def declaration(server: AdalServer, params: types.DeclarationParams) -> Callable[[], Places]:
    """What defines a name declares it."""
    asked = Question.of(server, params)
    found = finding.definition(asked.program, asked.offset, server.snapshot.disk) if asked is not None else None
    return _answer(server.snapshot, asked, found, links=server.client.links_declarations)


def type_definition(server: AdalServer, params: types.TypeDefinitionParams) -> Callable[[], Places]:
    asked = Question.of(server, params)
    found = finding.type_definition(asked.program, asked.offset, server.snapshot.disk) if asked is not None else None
    return _answer(server.snapshot, asked, found, links=server.client.links_type_definitions)


def implementation(server: AdalServer, params: types.ImplementationParams) -> Callable[[], Places]:
    asked = Question.of(server, params)
    found = finding.implementation(asked.program, asked.offset, server.snapshot.disk) if asked is not None else None
    return _answer(server.snapshot, asked, found, links=server.client.links_implementations)


def _answer(
    snapshot: Snapshot, asked: Question | None, found: Definition | None, *, links: bool
) -> Callable[[], Places]:
    def answer() -> Places:
        if asked is None or found is None:
            return None
        source, span = finding.located(asked.program, found, read_from_disk)
        uri, encoding = to_lsp.uri_at(snapshot, found.place.path), snapshot.client.encoding
        target = to_lsp.range_(source, span, encoding)
        if not links:
            return types.Location(uri, target)
        return [types.LocationLink(uri, target, target, to_lsp.range_(asked.source, found.origin, encoding))]

    return answer
