"""An editor over pytest-lsp's client: keeps its documents' texts, and applies the edits that the server asks for."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pytest_lsp import LanguageClient

SECONDS = 20.0
T = TypeVar("T")


@dataclass
class Open:
    """One open document. ``refuse`` makes the editor say no to edits."""

    uri: str
    text: str
    version: int = 1


@dataclass
class Editor:
    client: LanguageClient
    documents: dict[str, Open] = field(default_factory=dict)
    published: dict[str, types.PublishDiagnosticsParams] = field(default_factory=dict)
    applied: list[types.WorkspaceEdit] = field(default_factory=list)
    refuses_edits: bool = False

    def attach(self) -> Editor:
        """Take over what pytest-lsp's client does not do."""

        @self.client.feature(types.WORKSPACE_APPLY_EDIT)
        def apply_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            if self.refuses_edits:
                return types.ApplyWorkspaceEditResult(applied=False, failure_reason="not now")
            self.applied.append(params.edit)
            self.apply(params.edit)
            return types.ApplyWorkspaceEditResult(applied=True)

        @self.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            return None

        @self.client.feature(types.WORKSPACE_CODE_LENS_REFRESH)
        def refresh(params: None) -> None:
            return None

        del self.client.protocol.fm.features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS]

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = params

        return self

    async def start(
        self, root: Path, capabilities: types.ClientCapabilities, options: Any = None
    ) -> types.InitializeResult:
        folder = types.WorkspaceFolder(root.as_uri(), root.name)
        params = types.InitializeParams(capabilities, initialization_options=options, workspace_folders=[folder])
        return await self.client.initialize_session(params)

    # ---- documents

    def open(self, path: Path) -> str:
        uri = path.as_uri()
        document = self.documents[uri] = Open(uri, path.read_text(encoding="utf-8"))
        item = types.TextDocumentItem(uri, "adal", document.version, document.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def type(self, uri: str, before: str, after: str) -> None:
        """Replace the first ``before`` by ``after``, as an incremental edit."""
        document = self.documents[uri]
        start = document.text.index(before)
        place = types.Range(self.position(uri, start), self.position(uri, start + len(before)))
        self.change(uri, [types.TextEdit(place, after)])

    def change(self, uri: str, edits: list[types.TextEdit]) -> None:
        """Apply edits that all refer to the current text, and tell the server, last one first."""
        document = self.documents[uri]
        ordered = sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True)
        events: list[types.TextDocumentContentChangeEvent] = []
        for one in ordered:
            start, end = self.index(document.text, one.range.start), self.index(document.text, one.range.end)
            document.text = document.text[:start] + one.new_text + document.text[end:]
            events.append(types.TextDocumentContentChangePartial(range=one.range, text=one.new_text))
        document.version += 1
        identifier = types.VersionedTextDocumentIdentifier(document.version, uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, events))

    def apply(self, edit: types.WorkspaceEdit) -> None:
        """A versioned edit is applied to just that version, as the protocol wants."""
        assert edit.document_changes is not None, "the edit has no versions"
        for one in edit.document_changes:
            assert isinstance(one, types.TextDocumentEdit)
            document = self.documents[one.text_document.uri]
            assert one.text_document.version == document.version
            self.change(document.uri, [each for each in one.edits if isinstance(each, types.TextEdit)])

    def save(self, uri: str) -> None:
        from pygls.uris import to_fs_path

        path = to_fs_path(uri)
        assert path is not None
        Path(path).write_text(self.documents[uri].text, encoding="utf-8")
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def position(self, uri: str, index: int) -> types.Position:
        text = self.documents[uri].text[:index]
        line = text.count("\n")
        return types.Position(line, len(text[text.rfind("\n") + 1 :].encode("utf-16-le")) // 2)

    def index(self, text: str, place: types.Position) -> int:
        start = 0
        for _ in range(place.line):
            start = text.index("\n", start) + 1
        line = text[start:].split("\n")[0]
        return start + len(line.encode("utf-16-le")[: 2 * place.character].decode("utf-16-le"))

    def at(self, uri: str, mark: str, offset: int = 1) -> types.Position:
        """The position ``offset`` characters into the first ``mark``."""
        return self.position(uri, self.documents[uri].text.index(mark) + offset)

    # ---- asking

    async def diagnostics(self, uri: str, wanted: Callable[[list[types.Diagnostic]], bool]) -> list[types.Diagnostic]:
        """Published diagnostics of the current version, once they are as wanted."""

        async def found() -> list[types.Diagnostic] | None:
            published = self.published.get(uri)
            current = published is not None and published.version == self.documents[uri].version
            return (
                list(published.diagnostics) if published and current and wanted(list(published.diagnostics)) else None
            )

        return await eventually(found)

    async def actions(self, uri: str, mark: str, only: list[str] | None = None) -> list[types.CodeAction]:
        place = self.at(uri, mark)
        context = types.CodeActionContext(diagnostics=[], only=only)
        identifier = types.TextDocumentIdentifier(uri)
        params = types.CodeActionParams(identifier, types.Range(place, place), context)
        # lsprotocol takes every object with a `command` for a Command, so the answer is read from plain JSON.
        protocol = self.client.protocol
        request = protocol.send_request(types.TEXT_DOCUMENT_CODE_ACTION, params, msg_id=f"actions {uuid.uuid4()}")
        protocol._result_types.popitem()
        found = plain(await asyncio.wrap_future(request))
        return [protocol._converter.structure(one, types.CodeAction) for one in found or []]

    async def lenses(self, uri: str) -> list[str]:
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        found = await self.client.text_document_code_lens_async(params)
        return [one.command.title for one in found or [] if one.command is not None]

    async def execute(self, command: str, *arguments: Any) -> Any:
        params = types.ExecuteCommandParams(f"adalang.server.{command}", arguments=list(arguments))
        return plain(await self.client.workspace_execute_command_async(params))


def plain(value: Any) -> Any:
    """pygls gives JSON objects as named tuples."""
    if hasattr(value, "_asdict"):
        return {name: plain(inner) for name, inner in value._asdict().items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


async def eventually(look: Callable[[], Awaitable[T | None]], seconds: float = SECONDS) -> T:
    """What ``look`` finds, as soon as it finds anything."""
    async with asyncio.timeout(seconds):
        while True:
            found = await look()
            if found is not None:
                return found
            with contextlib.suppress(TimeoutError):
                await asyncio.sleep(0.05)


def capabilities(*, pull: bool = False) -> types.ClientCapabilities:
    """A modern editor; it asks for diagnostics or is sent them."""
    diagnostic = types.DiagnosticClientCapabilities(related_document_support=True) if pull else None
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf16]),
        window=types.WindowClientCapabilities(
            work_done_progress=True, show_document=types.ShowDocumentClientCapabilities(support=True)
        ),
        workspace=types.WorkspaceClientCapabilities(
            apply_edit=True,
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True),
            code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
        ),
        text_document=types.TextDocumentClientCapabilities(
            diagnostic=diagnostic,
            code_action=types.CodeActionClientCapabilities(
                code_action_literal_support=types.ClientCodeActionLiteralOptions(
                    code_action_kind=types.ClientCodeActionKindOptions(value_set=[])
                )
            ),
            completion=types.CompletionClientCapabilities(
                completion_item=types.ClientCompletionItemOptions(
                    snippet_support=True, documentation_format=[types.MarkupKind.Markdown]
                )
            ),
            hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
            definition=types.DefinitionClientCapabilities(link_support=True),
            document_symbol=types.DocumentSymbolClientCapabilities(hierarchical_document_symbol_support=True),
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
                related_information=True, version_support=True
            ),
        ),
    )
