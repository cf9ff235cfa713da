"""What the server knows, as immutable snapshots: a request works on the one that it came in with.

Every change gives a new :class:`Snapshot`; the old one stays right for whoever still holds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from adalang.engine.anchoring import Anchored, anchor
from adalang.language.checks import Checked, Diagnostic, checked
from adalang.language.program import Module, Program, link
from adalang.language.text import Edit, Encoding, Position, SourceText, Span
from adalang.lsp import types
from adalang.lsp.client import Client
from adalang.lsp.disk import Disk, Wish
from adalang.store.records import EvaluationRecord, Proposal, RunRecord


@dataclass(frozen=True)
class Document:
    """One version of an open document. ``version`` is the client's; ``lost`` ones missed a change and are not to be used."""

    uri: str
    version: int
    module: Module
    root: Path
    lost: bool = False

    @property
    def path(self) -> Path:
        return self.module.path

    @property
    def source(self) -> SourceText:
        return self.module.source

    def changed(self, version: int, changes: list[types.TextDocumentContentChange], encoding: Encoding) -> Document:
        """The next version. Ranges beyond the text are cut to it, as the protocol wants."""
        module = self.module
        for change in changes:
            if change.range is not None:
                module = _edited(module, change.range, change.text, encoding)
            else:
                module = Module.parse(module.path, SourceText.of(change.text), module)
        return replace(self, version=version, module=module)


def _edited(module: Module, asked: types.Range, text: str, encoding: Encoding) -> Module:
    before = module.source
    start = before.offset(Position(asked.start.line, asked.start.character), encoding)
    end = before.offset(Position(asked.end.line, asked.end.character), encoding)
    return module.edited(Edit(Span(min(start, end), max(start, end)), text))


@dataclass(frozen=True)
class Stored:
    """What a workspace's store holds for the editor: open proposals, the newest first, each eval's last score, and
    the newest of its rows that failed and have a trace."""

    root: Path
    proposals: tuple[Proposal, ...] = ()
    scores: Mapping[tuple[str, str], EvaluationRecord] = field(default_factory=dict)
    failing: tuple[RunRecord, ...] = ()

    def relative(self, path: Path) -> str:
        """How the store names a file: as :meth:`adalang.store.Store.relative` does, of a path without symbolic links."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix()

    def score(self, path: Path, name: str) -> EvaluationRecord | None:
        return self.scores.get((self.relative(path), name))


@dataclass(frozen=True)
class Snapshot:
    """Everything that an answer depends on.

    ``documents`` changes with each didOpen, didChange and didClose; ``disk`` when the background has read something;
    ``stored`` (by workspace) when a store was written, by whom ever; ``models`` (the same) when the settings name another
    default model; ``trusted`` when the client says so; ``client`` never
    after initialize.
    """

    client: Client = field(default_factory=Client)
    documents: Mapping[str, Document] = field(default_factory=dict)
    disk: Disk = field(default_factory=Disk)
    stored: Mapping[Path, Stored] = field(default_factory=dict)
    models: Mapping[Path, str] = field(default_factory=dict)
    trusted: bool = True
    _programs: dict[str, Program] = field(default_factory=dict, repr=False, compare=False)
    _checked: dict[str, Checked] = field(default_factory=dict, repr=False, compare=False)
    """The last result for each document, of whichever snapshot: checking starts from it. Results do not depend on it."""

    def _next(self, **changes: object) -> Self:
        return replace(self, _programs={}, **changes)  # type: ignore[arg-type]

    def with_document(self, document: Document) -> Self:
        return self._next(documents={**self.documents, document.uri: document})

    def without_document(self, uri: str) -> Self:
        documents = {name: one for name, one in self.documents.items() if name != uri}
        # Another mapping: a thread that still answers from an older snapshot would put the closed document back.
        checked = {name: self._checked[name] for name in documents if name in self._checked}
        needed = frozenset[Wish]().union(*map(_files_read, checked.values()))
        return self._next(documents=documents, disk=self.disk.without_files_but(needed), _checked=checked)

    def with_disk(self, disk: Disk) -> Self:
        return self._next(disk=disk)

    def with_stored(self, stored: Stored) -> Self:
        return self._next(stored={**self.stored, stored.root: stored})

    def with_model(self, root: Path, model: str) -> Self:
        return self._next(models={**self.models, root: model})

    def with_trust(self, trusted: bool) -> Self:
        return self._next(trusted=trusted, stored=self.stored if trusted else {})

    def proposals(self, document: Document) -> list[Anchored]:
        """The open proposals of a document's workspace in the text as it is now, but for those that :meth:`anchored` cannot
        find yet."""
        stored = self.stored.get(document.root)
        anchored = [self.anchored(one, document.root) for one in stored.proposals] if stored is not None else []
        return [one for one in anchored if one is not None]

    def anchored(self, proposal: Proposal, root: Path) -> Anchored | None:
        """A proposal in the text as it is now; ``None`` while its file, or one that its test hangs on, is not read yet."""
        program = self.program(root / proposal.file)
        unread: list[Path] = []

        def file_hash(path: Path) -> str | None:
            if not self.disk.knows_hash(path):
                unread.append(path)
            return self.disk.hash(path)

        found = anchor(proposal, program, file_hash, self.models.get(root, "")) if program is not None else None
        return found if not unread else None

    @cached_property
    def _by_path(self) -> Mapping[Path, Document]:
        return {one.path: one for one in self.documents.values()}

    def document_at(self, path: Path) -> Document | None:
        return self._by_path.get(path)

    def module(self, path: Path) -> Module | None:
        """A file's contents: what the editor shows comes before what the disk holds."""
        document = self._by_path.get(path)
        return document.module if document is not None else self.disk.module(path)

    def program(self, path: Path) -> Program | None:
        root = self.module(path)
        return link(root, self.module) if root is not None else None

    def unsaved(self, program: Program) -> Mapping[str, str]:
        """What the editor holds of a program's files, by path."""
        opened = (self.document_at(path) for path in program.modules)
        return {str(one.path): str(one.source) for one in opened if one is not None}

    def check(self, path: Path) -> None:
        """Check a file, so that what its checks ask of the disk is asked for."""
        document, program = self.document_at(path), self.program(path)
        if document is not None and not document.lost:
            self._checked_of(document)
        elif program is not None:
            checked(program, facts=self.disk)

    def users(self, path: Path) -> Iterator[str]:
        """The open documents of which something may change with a file: they import it, miss a file, or are not known."""
        for uri in self.documents:
            known = self._checked.get(uri)
            if known is None or path in known.program.modules or known.program.misses_imports:
                yield uri

    @property
    def checked(self) -> Mapping[Path, Checked]:
        """The newest checks of the open documents, of this snapshot or of one before it."""
        return {one.program.path: one for one in list(self._checked.values())}

    def analysis(self, uri: str) -> Analysis | None:
        """What is known about an open document; ``None`` when it is not open or has lost a change."""
        document = self.documents.get(uri)
        if document is None or document.lost:
            return None
        return Analysis(self, document)

    def _program_of(self, document: Document) -> Program:
        found = self._programs.get(document.uri)
        if found is None:
            found = self._programs[document.uri] = link(document.module, self.module)
        return found

    def _checked_of(self, document: Document) -> Checked:
        program, found = self._program_of(document), self._checked.get(document.uri)
        if found is None or found.program is not program or found.facts is not self.disk:
            found = self._checked[document.uri] = checked(program, facts=self.disk, previous=found)
        return found


def _files_read(checked: Checked) -> Iterator[Wish]:
    """What the checks of a file rest on."""
    for path in checked.program.modules:
        yield "module", path
    for examined in checked.examined.values():
        for question, path, _ in examined.answers:
            yield question, path


@dataclass(frozen=True)
class Analysis:
    """One open document in one snapshot. What was found out about it is kept by the snapshot."""

    snapshot: Snapshot = field(repr=False)
    document: Document

    @property
    def program(self) -> Program:
        return self.snapshot._program_of(self.document)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self.snapshot._checked_of(self.document).diagnostics

    @property
    def source(self) -> SourceText:
        return self.document.source


def path_of(uri: str) -> Path | None:
    """The file that a URI names, symbolic links followed, so that it has one name; ``None`` for what is no file (yet)."""
    try:
        parts = urlsplit(uri)
        written = unquote(parts.path)
        if parts.scheme != "file" or not written:
            return None
        if parts.netloc not in ("", "localhost"):
            written = f"//{unquote(parts.netloc)}{written}"
        elif _DRIVE.match(written):
            written = written[1:]
        found = Path(written).resolve()
        found.is_file()  # raises where a name is longer than a file's may be
        return found
    except (OSError, ValueError):  # no URI, or no name that a file can have
        return None


def uri_of(path: Path) -> str:
    return path.as_uri()


_DRIVE = re.compile("/[A-Za-z]:")
