"""From our changes to the protocol's workspace edits: files that are made, and edits that ask before they are applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from adalang.ide.changes import Change, NewFile
from adalang.language.text import Edit, SourceText
from adalang.lsp import to_lsp, types
from adalang.lsp.state import Snapshot, uri_of

_ASKS = "adalang.asks"
_START = types.Range(types.Position(0, 0), types.Position(0, 0))


def can_apply(snapshot: Snapshot, change: Change) -> bool:
    """Whether the client can do all of the change: not every one makes files."""
    return not change.created or snapshot.client.creates_files


def workspace_edit(
    snapshot: Snapshot, sources: Mapping[Path, SourceText], change: Change, doubt: types.ChangeAnnotation | None = None
) -> types.WorkspaceEdit:
    """The change as an edit of the versions that the editor has; new files first, so that nothing names what is not there.

    Args:
        sources: the texts that the edits refer to.
        doubt: what a person should know before any of it is applied; shown by clients that can ask.
    """
    client = snapshot.client
    if not client.document_changes:
        return types.WorkspaceEdit(
            changes={
                to_lsp.uri_at(snapshot, path): [
                    to_lsp.text_edit(sources[path], edit, client.encoding) for edit in edits
                ]
                for path, edits in change.edits.items()
            }
        )
    asks = doubt if client.annotates_edits else None
    made = [part for one in change.created for part in _created(one)]
    edits = (
        _document_edit(snapshot, path, sources[path], found, asks is not None) for path, found in change.edits.items()
    )
    return types.WorkspaceEdit(
        document_changes=[*made, *edits], change_annotations={_ASKS: asks} if asks is not None else None
    )


def _created(one: NewFile) -> Iterator[types.CreateFile | types.TextDocumentEdit]:
    """A file that must not be there yet: then the client refuses the whole edit."""
    uri = uri_of(one.path)
    yield types.CreateFile(uri, types.CreateFileOptions(overwrite=False, ignore_if_exists=False))
    if one.text:
        document = types.OptionalVersionedTextDocumentIdentifier(uri, None)
        yield types.TextDocumentEdit(document, [types.TextEdit(_START, one.text)])


def _document_edit(
    snapshot: Snapshot, path: Path, source: SourceText, edits: tuple[Edit, ...], asks: bool
) -> types.TextDocumentEdit:
    document = snapshot.document_at(path)
    version = document.version if document is not None else None
    plain = [to_lsp.text_edit(source, edit, snapshot.client.encoding) for edit in edits]
    return types.TextDocumentEdit(
        types.OptionalVersionedTextDocumentIdentifier(to_lsp.uri_at(snapshot, path), version),
        [types.AnnotatedTextEdit(_ASKS, one.range, one.new_text) for one in plain] if asks else plain,
    )
