"""Every feature once through a real editor's messages; what the answers hold is tested with fixtures in tests/ide."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from tests.lsp.editor import Editor, capabilities, eventually

PAGE = '''\
import "shared.adal"

# 😀 Sorts a ticket
prompt classify(ticket: str) -> Category {
  model = fast
  param instruction = "Sort 😀 it."
  user = """😀 {{ instruction }} {{ ticket }} {{ shared.style }}"""
}

model fast = "builtin/lexical"

type Category = "billing" | "technical"

dataset tickets = "tickets.jsonl"

eval routing of classify {
  data = tickets
  expect = row.label
  metric = exact_match
}
'''
SHARED = 'param style = "Short."\n'
ROWS = "".join(f'{{"ticket": "ticket {number}", "label": "billing"}}\n' for number in range(40))


def workspace(folder: Path) -> Path:
    (folder / "adalang.toml").touch()
    (folder / "shared.adal").write_text(SHARED, encoding="utf-8")
    (folder / "tickets.jsonl").write_text(ROWS, encoding="utf-8")
    page = folder / "page.adal"
    page.write_text(PAGE, encoding="utf-8")
    return page


def said(found: list[types.Diagnostic]) -> list[str]:
    return [f"{one.range.start.line}:{one.range.start.character} {one.code} {one.message}" for one in found]


async def test_diagnostics_are_sent_with_their_version_and_follow_other_files(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: found == [])
    editor.type(uri, "{{ ticket }}", "{{ tickt }}")
    found = await editor.diagnostics(uri, lambda found: any(one.code == "ADL301" for one in found))
    assert [line for line in said(found) if "ADL301" in line] == [
        "6:36 ADL301 `tickt` is no input or param of `classify`. Did you mean `ticket`?"
    ]
    editor.type(uri, "{{ tickt }}", "{{ ticket }}")
    await editor.diagnostics(uri, lambda found: found == [])

    shared = editor.open(tmp_path / "shared.adal")  # open documents come before the disk
    editor.type(shared, "param style", "param tone")
    await editor.diagnostics(uri, lambda found: any("`shared` has no param `style`" in line for line in said(found)))
    editor.type(shared, "param tone", "param style")
    await editor.diagnostics(uri, lambda found: found == [])

    (tmp_path / "tickets.jsonl").unlink()  # the disk is looked at again when the editor says that it changed
    gone = types.FileEvent((tmp_path / "tickets.jsonl").as_uri(), types.FileChangeType.Deleted)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([gone]))
    await editor.diagnostics(uri, lambda found: [one.code for one in found] == ["ADL501"])

    editor.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def cleared() -> bool | None:
        return list(editor.published[uri].diagnostics) == [] or None

    assert await eventually(cleared)


async def test_diagnostics_are_pulled_with_result_ids(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    (tmp_path / "other.adal").write_text("prompt broken(\n", encoding="utf-8")
    started = await editor.start(tmp_path, capabilities(pull=True))
    assert started.capabilities.diagnostic_provider is not None
    uri = editor.open(page)
    identifier = types.TextDocumentIdentifier(uri)
    editor.type(uri, "exact_match", "exact_mach")

    async def settled() -> types.RelatedFullDocumentDiagnosticReport | None:
        report = await editor.client.text_document_diagnostic_async(types.DocumentDiagnosticParams(identifier))
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        return report if [one.code for one in report.items] == ["ADL101"] else None

    report = await eventually(settled)
    params = types.DocumentDiagnosticParams(identifier, previous_result_id=report.result_id)
    again = await editor.client.text_document_diagnostic_async(params)
    assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
    assert again.result_id == report.result_id
    editor.type(uri, "exact_mach", "exact_match")
    assert isinstance(
        await editor.client.text_document_diagnostic_async(params), types.RelatedFullDocumentDiagnosticReport
    )
    assert editor.published == {}, "who asks is not sent any"

    whole = await editor.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
    found = {Path(one.uri).name: one for one in whole.items}
    assert set(found) == {"page.adal", "other.adal", "shared.adal"}
    other = found["other.adal"]
    assert isinstance(other, types.WorkspaceFullDocumentDiagnosticReport) and other.items
    known = [types.PreviousResultId(one.uri, one.result_id or "") for one in whole.items]
    (tmp_path / "shared.adal").unlink()
    later = await editor.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(known))
    kinds = {Path(one.uri).name: type(one) for one in later.items}
    assert kinds["other.adal"] is types.WorkspaceUnchangedDocumentDiagnosticReport
    assert kinds["shared.adal"] is types.WorkspaceFullDocumentDiagnosticReport  # taken back: the file is gone


async def test_questions_about_a_place_count_in_the_clients_units(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: found == [])
    client, identifier = editor.client, types.TextDocumentIdentifier(uri)
    place = editor.at(uri, "{{ instruction", 4)

    hover = await client.text_document_hover_async(types.HoverParams(identifier, place))
    assert hover is not None and hover.range is not None and isinstance(hover.contents, types.MarkupContent)
    assert (hover.range.start.character, hover.range.end.character) == (18, 29)
    assert "(param) instruction: str" in hover.contents.value

    links = await client.text_document_definition_async(types.DefinitionParams(identifier, place))
    assert isinstance(links, list) and isinstance(links[0], types.LocationLink)
    assert (links[0].target_uri, links[0].target_range.start) == (uri, types.Position(5, 8))
    imported = editor.at(uri, "shared.style", 8)
    links = await client.text_document_definition_async(types.DefinitionParams(identifier, imported))
    assert isinstance(links, list) and isinstance(links[0], types.LocationLink)
    assert (links[0].target_uri, links[0].target_range.start) == (
        (tmp_path / "shared.adal").as_uri(),
        types.Position(0, 6),
    )

    found = await client.text_document_completion_async(types.CompletionParams(identifier, place))
    assert isinstance(found, types.CompletionList)
    assert [one.label for one in found.items][:2] == ["ticket", "instruction"]
    edit = found.items[1].text_edit
    assert isinstance(edit, types.TextEdit)
    assert (edit.range.start.character, edit.range.end.character) == (18, 29)

    symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(identifier))
    assert [one.name for one in symbols or []] == ["shared.adal", "classify", "fast", "Category", "tickets", "routing"]


async def test_mends_formatting_and_lenses(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: found == [])
    assert await editor.lenses(uri) == ["▶ Run", "▶ Evaluate", "✦ Optimize"]

    editor.type(uri, "{{ ticket }}", "{{ tickt }}")
    actions = await editor.actions(uri, "tickt }}", only=["quickfix"])
    assert [(one.title, one.kind, bool(one.is_preferred)) for one in actions] == [
        ("Change to `ticket`", types.CodeActionKind.QuickFix, True),
        ("Add the input `tickt: str`", types.CodeActionKind.QuickFix, False),
    ]
    assert actions[0].edit is not None
    editor.apply(actions[0].edit)
    assert editor.documents[uri].text == PAGE

    editor.type(uri, "model = fast\n", "model: fast\n")
    editor.type(uri, 'model fast = "', 'model fast: "')
    assert await editor.actions(uri, "prompt", only=["refactor"]) == []
    (everything,) = await editor.actions(uri, "prompt", only=["source.fixAll"])
    assert everything.kind == "source.fixAll.adalang" and everything.edit is not None
    editor.apply(everything.edit)
    assert editor.documents[uri].text == PAGE

    editor.type(uri, "  model = fast", "      model=fast")
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    params = types.DocumentFormattingParams(types.TextDocumentIdentifier(uri), options)
    editor.change(uri, list(await editor.client.text_document_formatting_async(params) or []))
    assert editor.documents[uri].text == PAGE
