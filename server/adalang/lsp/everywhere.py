"""Questions about a place in an open document that other files answer too, open or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from adalang.ide.targets import Place
from adalang.language.program import Module, Program, link
from adalang.language.text import SourceText, Span
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.folders import Listing
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Snapshot


class AtPosition(Protocol):
    """The params of a request about a position."""

    @property
    def text_document(self) -> types.TextDocumentIdentifier: ...
    @property
    def position(self) -> types.Position: ...


@dataclass(frozen=True)
class Everywhere:
    """All files as they are in ``snapshot``: the open ones as in the editor, those of the workspace folders from the disk.

    Made on the loop; everything that it is asked for reads the disk, and is for a thread.
    """

    snapshot: Snapshot
    listing: Listing

    @classmethod
    def of(cls, server: AdalServer) -> Everywhere:
        return cls(server.snapshot, server.listing)

    @cached_property
    def opened(self) -> tuple[Program, ...]:
        """The program of each open document that has lost no change."""
        analyses = (self.snapshot.analysis(uri) for uri in self.snapshot.documents)
        return tuple(one.program for one in analyses if one is not None)

    @cached_property
    def programs(self) -> tuple[Program, ...]:
        """The program of each file, the open ones first."""
        return (*self.opened, *self.listing.programs(self.snapshot))

    @cached_property
    def modules(self) -> Mapping[Path, Module]:
        """Every file, and what is imported from elsewhere."""
        return {path: module for program in reversed(self.programs) for path, module in program.modules.items()}

    def refuse_lost(self) -> None:
        """For edits in all files.

        Raises:
            RequestError: an open document is not known as it is.
        """
        lost = next((one.path.name for one in self.snapshot.documents.values() if one.lost), None)
        if lost is not None:
            raise RequestError(f"A change of {lost} could not be read; close the file and open it again first.")

    def program_of(self, path: Path) -> Program | None:
        """The program with a file as its root, which may be one that is only imported."""
        module = self.modules.get(path)
        return link(module, self.modules.get) if module is not None else None

    def source(self, path: Path) -> SourceText:
        """The text of a file; of one that an open file imports without a look at the workspace folders."""
        near = (program.modules[path] for program in self.opened if path in program.modules)
        return (next(near, None) or self.modules[path]).source

    def range(self, path: Path, span: Span) -> types.Range:
        return to_lsp.range_(self.source(path), span, self.snapshot.client.encoding)

    def location(self, place: Place) -> types.Location:
        return types.Location(to_lsp.uri_at(self.snapshot, place.path), self.range(place.path, place.span))


@dataclass(frozen=True)
class Question:
    """A byte of an open document, with its program."""

    program: Program
    offset: int

    @classmethod
    def of(cls, server: AdalServer, params: AtPosition) -> Question | None:
        """``None`` when the document is not open, or has lost a change."""
        analysis = server.snapshot.analysis(params.text_document.uri)
        if analysis is None:
            return None
        offset = from_lsp.offset(analysis.source, params.position, server.client.encoding)
        return cls(analysis.program, offset)

    @property
    def source(self) -> SourceText:
        return self.program.root.source
