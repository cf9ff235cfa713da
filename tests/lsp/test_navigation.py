"""Finding and renaming through a real editor's messages, with files that are open and files that are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import Editor, capabilities

PAGE = '''\
import "shared.adal"

# 😀 note
prompt classify(ticket: str, note: str = "") -> shared.Category = """😀 {{ note }} {{ ticket }} {{ shared.style }}"""

tool find(order: str) -> str = python("tools.py:find")

pipeline support(ticket: str) -> shared.Category {
  return classify(ticket, note = "note")
}
'''
SHARED = 'param style = "Short."\ntype Category = "billing" | "technical"\n'
OTHER = '''\
import "page.adal"
import "shared.adal"

# 😀 style
prompt again(text: str) = """😀 {{ text }} {{ shared.style }}"""

dataset rows = "rows.jsonl"

eval quality of page.classify {
  data = rows
  expect = row.label
  metric = exact_match
}
'''
TOOLS = "import os\n\n\ndef find(order):\n    return order\n"


def workspace(folder: Path) -> Path:
    """One page to open; ``other.adal`` uses it and is not."""
    (folder / "adalang.toml").touch()
    files = {"page.adal": PAGE, "shared.adal": SHARED, "other.adal": OTHER, "tools.py": TOOLS}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "rows.jsonl").write_text('{"ticket": "a", "note": "b", "label": "billing"}\n', encoding="utf-8")
    return folder / "page.adal"


async def begin(editor: Editor, folder: Path) -> str:
    able = capabilities()
    assert able.text_document is not None
    able.text_document.rename = types.RenameClientCapabilities(prepare_support=True)
    result = await editor.start(folder, able)
    assert isinstance(result.capabilities.rename_provider, types.RenameOptions)
    uri = editor.open(workspace(folder))
    await editor.diagnostics(uri, lambda found: found == [])
    return uri


def name_of(uri: str) -> str:
    return uri.rpartition("/")[2]


def told(found: list[types.Location]) -> list[str]:
    return [f"{name_of(one.uri)} {one.range.start.line}:{one.range.start.character}" for one in found]


async def test_references_in_files_that_are_open_and_that_are_not(editor: Editor, tmp_path: Path) -> None:
    uri = await begin(editor, tmp_path)
    identifier, place = types.TextDocumentIdentifier(uri), editor.at(uri, "shared.style", 8)
    for declaration, wanted in (
        (True, ["page.adal 3:106", "shared.adal 0:6", "other.adal 4:53"]),
        (False, ["page.adal 3:106", "other.adal 4:53"]),
    ):
        context = types.ReferenceContext(declaration)
        params = types.ReferenceParams(context, identifier, place)
        found = await editor.client.text_document_references_async(params)
        assert told(list(found or [])) == wanted


async def test_highlights_tell_what_is_written(editor: Editor, tmp_path: Path) -> None:
    uri = await begin(editor, tmp_path)
    place = editor.at(uri, "{{ note", 4)
    params = types.DocumentHighlightParams(types.TextDocumentIdentifier(uri), place)
    found = await editor.client.text_document_document_highlight_async(params)
    kinds = types.DocumentHighlightKind
    assert [(one.range.start.line, one.range.start.character, one.kind) for one in found or []] == [
        (3, 29, kinds.Write),
        (3, 75, kinds.Read),
        (8, 26, kinds.Write),
    ]


async def test_rename_edits_every_file_and_says_why_not(editor: Editor, tmp_path: Path) -> None:
    uri = await begin(editor, tmp_path)
    identifier, place = types.TextDocumentIdentifier(uri), editor.at(uri, "{{ note", 4)
    prepared = await editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(identifier, place))
    assert isinstance(prepared, types.PrepareRenamePlaceholder) and prepared.placeholder == "note"
    assert prepared.range.start == editor.at(uri, "{{ note", 3)

    editor.type(uri, "# 😀 note", "# 😀😀 note")
    found = await editor.client.text_document_rename_async(types.RenameParams(identifier, place, "remark"))
    assert found is not None and found.document_changes is not None
    edits = {}
    for one in found.document_changes:
        assert isinstance(one, types.TextDocumentEdit)
        versions = {"page.adal": 2, "other.adal": None}
        assert one.text_document.version == versions[name_of(one.text_document.uri)]
        edits[name_of(one.text_document.uri)] = [
            (each.range.start.line, each.new_text) for each in one.edits if isinstance(each, types.TextEdit)
        ]
    assert edits == {
        "page.adal": [(3, "remark"), (3, "remark"), (8, "remark")],
        "other.adal": [(9, "\n  inputs = { remark = row.note }")],
    }

    with pytest.raises(JsonRpcException, match="`ticket` is declared twice"):
        await editor.client.text_document_rename_async(types.RenameParams(identifier, place, "ticket"))
    keyword = types.PrepareRenameParams(identifier, editor.at(uri, "-> shared", 1))
    with pytest.raises(JsonRpcException, match="Nothing here has a name"):
        await editor.client.text_document_prepare_rename_async(keyword)


async def test_rename_leaves_files_that_cannot_be_written(editor: Editor, tmp_path: Path) -> None:
    uri = await begin(editor, tmp_path)
    (tmp_path / "other.adal").chmod(0o444)
    params = types.RenameParams(types.TextDocumentIdentifier(uri), editor.at(uri, "shared.style", 8), "voice")
    with pytest.raises(JsonRpcException, match=r"other\.adal uses the name and cannot be written"):
        await editor.client.text_document_rename_async(params)


async def test_declaration_type_and_implementation(editor: Editor, tmp_path: Path) -> None:
    uri = await begin(editor, tmp_path)
    client, identifier = editor.client, types.TextDocumentIdentifier(uri)

    tool = editor.at(uri, "tool find", 6)
    found = await client.text_document_implementation_async(types.ImplementationParams(identifier, tool))
    assert isinstance(found, types.Location) and told([found]) == ["tools.py 3:4"]
    text = editor.at(uri, "tools.py", 3)
    links = await client.text_document_definition_async(types.DefinitionParams(identifier, text))
    assert isinstance(links, list) and isinstance(links[0], types.LocationLink)
    assert (name_of(links[0].target_uri), links[0].target_range.start) == ("tools.py", types.Position(3, 4))

    call = editor.at(uri, "return classify", 8)
    found = await client.text_document_declaration_async(types.DeclarationParams(identifier, call))
    assert isinstance(found, types.Location) and told([found]) == ["page.adal 3:7"]
    found = await client.text_document_type_definition_async(types.TypeDefinitionParams(identifier, call))
    assert isinstance(found, types.Location) and told([found]) == ["shared.adal 1:5"]
    nothing = types.TypeDefinitionParams(identifier, editor.at(uri, "note", 1))
    assert await client.text_document_type_definition_async(nothing) is None


async def test_calls_lead_through_files(editor: Editor, tmp_path: Path) -> None:
    uri = await begin(editor, tmp_path)
    client = editor.client
    place = editor.at(uri, "return classify", 8)
    params = types.CallHierarchyPrepareParams(types.TextDocumentIdentifier(uri), place)
    (item,) = await client.text_document_prepare_call_hierarchy_async(params) or []
    assert (item.name, item.detail, item.selection_range.start) == (
        "classify",
        "prompt in page.adal",
        types.Position(3, 7),
    )
    callers = await client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item)) or []
    assert [(one.from_.name, name_of(one.from_.uri), one.from_ranges[0].start.line) for one in callers] == [
        ("support", "page.adal", 8),
        ("quality", "other.adal", 8),
    ]
    outgoing = types.CallHierarchyOutgoingCallsParams(callers[1].from_)
    called = await client.call_hierarchy_outgoing_calls_async(outgoing) or []
    assert [(one.to.name, name_of(one.to.uri), one.from_ranges[0].start.line) for one in called] == [
        ("classify", "page.adal", 8)
    ]


async def test_workspace_symbols_and_linked_editing(editor: Editor, tmp_path: Path) -> None:
    uri = await begin(editor, tmp_path)
    found = await editor.client.workspace_symbol_async(types.WorkspaceSymbolParams("a"))
    assert [(one.name, one.container_name) for one in found or []] == [
        ("again", "other"),
        ("quality", "other"),
        ("Category", "shared"),
        ("classify", "page"),
    ]
    assert isinstance(found, list) and isinstance(found[0].location, types.Location)
    assert told([found[0].location]) == ["other.adal 4:7"]

    params = types.LinkedEditingRangeParams(types.TextDocumentIdentifier(uri), editor.at(uri, "{{ ticket", 4))
    linked = await editor.client.text_document_linked_editing_range_async(params)
    assert linked is not None and [one.start.character for one in linked.ranges] == [16, 86]
