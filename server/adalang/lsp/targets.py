"""What a command is about: a file as it is in the editor or else on the disk, and a declaration in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adalang.language.declarations import COMPONENT_KINDS
from adalang.language.program import Entity, Program
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import path_of


@dataclass(frozen=True, slots=True)
class Target:
    """A file with its imports. ``texts``: what the editor holds of these files."""

    path: Path
    texts: Mapping[str, str]
    program: Program

    def component(self, name: str) -> Entity:
        """Raises RequestError when there is none of this name."""
        found = self.program.resolve(name)
        if found is None or found.kind not in COMPONENT_KINDS:
            known = ", ".join(one.id for one in self.program.components()) or "none"
            raise RequestError(f"{self.path.name} has no component `{name}`; there are: {known}.")
        return found


async def target_at(server: AdalServer, uri: str) -> Target:
    """The file of a URI, its imports and data read as far as they are on the disk.

    Raises:
        RequestError: there is no such file.
    """
    document = server.snapshot.documents.get(uri)
    path = document.path if document is not None else path_of(uri)
    if path is None:
        raise RequestError(f"{uri} is not open and no file.")
    return await target_of(server, path)


async def target_of(server: AdalServer, path: Path) -> Target:
    """:func:`target_at` by path."""
    await server.reading.look_at(path)
    program = server.snapshot.program(path)
    if program is None:
        raise RequestError(f"{path.name} cannot be read.")
    return Target(path, server.snapshot.unsaved(program), program)
