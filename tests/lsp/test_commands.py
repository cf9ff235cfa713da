"""Commands: previews, graphs, saving a run as a row, chosen rows; and what stands in their way."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import Editor, capabilities, eventually, plain
from tests.lsp.test_work import PAGE, server_pid, workers, workspace
from tests.lsp.wire import Wire

PIPELINE = """
pipeline sort(ticket: str) -> Category {
  found = classify(ticket)
  return found
}
"""


def modern() -> types.ClientCapabilities:
    """An editor that reads the server's pages and shows inline values."""
    found = capabilities()
    assert found.workspace is not None
    found.workspace.text_document_content = types.TextDocumentContentClientCapabilities(dynamic_registration=True)
    found.workspace.inline_value = types.InlineValueWorkspaceClientCapabilities(refresh_support=True)
    return found


class Pages:
    """What the editor is shown, and what it is told to read again."""

    def __init__(self, editor: Editor) -> None:
        self.client = editor.client
        self.shown: list[str] = []
        self.refreshed: list[str] = []
        self.inline_values = 0
        features = editor.client.protocol.fm.features
        features.pop(types.WINDOW_SHOW_DOCUMENT, None)

        @editor.client.feature(types.WINDOW_SHOW_DOCUMENT)
        def show(params: types.ShowDocumentParams) -> types.ShowDocumentResult:
            self.shown.append(params.uri)
            return types.ShowDocumentResult(success=True)

        @editor.client.feature(types.WORKSPACE_TEXT_DOCUMENT_CONTENT_REFRESH)
        def refresh(params: types.TextDocumentContentRefreshParams) -> None:
            self.refreshed.append(params.uri)

        @editor.client.feature(types.WORKSPACE_INLINE_VALUE_REFRESH)
        def refresh_values(params: None) -> None:
            self.inline_values += 1

    async def read(self, uri: str) -> str:
        params = types.TextDocumentContentParams(uri)
        return (await self.client.workspace_text_document_content_async(params)).text

    async def refresh_of(self, uri: str) -> None:
        async def told() -> bool | None:
            return uri in self.refreshed or None

        await eventually(told)
        self.refreshed.clear()


def messages(page: str) -> list[str]:
    """The texts of a preview's messages."""
    return [part.split("\n```")[0] for part in page.split("```text\n")[1:]]


async def test_preview_follows_text_row_and_data_without_trust_or_store(editor: Editor, tmp_path: Path) -> None:
    page, pages = workspace(tmp_path), Pages(editor)
    await editor.start(tmp_path, modern(), {"trusted": False})
    uri = editor.open(page)

    found = await editor.execute("preview", uri, "classify")
    assert (found["row"], found["rows"]) == (1, 40)
    assert [one["text"] for one in found["messages"]][-1] == "money was taken 0"
    (shown,) = pages.shown
    assert shown == found["uri"] and shown.startswith("adalang:/preview/") and shown.endswith("/page.adal/classify.md")
    text = await pages.read(shown)
    assert text == found["markdown"] and "model builtin/lexical" in text and "nothing was sent" in text

    editor.type(uri, "words such as money", "words such as cash")
    await pages.refresh_of(shown)
    assert "words such as cash" in await pages.read(shown), "the page follows the unsaved text"

    await editor.execute("preview", shown, "", "next")
    await pages.refresh_of(shown)
    assert messages(await pages.read(shown))[-1] == "the computers crash 0"
    assert (await editor.execute("preview", uri, "classify", 40))["row"] == 40
    assert (await editor.execute("preview", uri, "classify", "next"))["row"] == 40
    assert (await editor.execute("preview", uri, "classify", "previous"))["row"] == 39

    await pages.read(shown)
    pages.refreshed.clear()
    (tmp_path / "tickets.jsonl").write_text('{"ticket": "a new one", "label": "billing"}\n', encoding="utf-8")
    changed = types.FileEvent((tmp_path / "tickets.jsonl").as_uri(), types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
    await pages.refresh_of(shown)
    assert messages(await pages.read(shown))[-1] == "a new one"
    assert not (tmp_path / ".adalang").exists(), "a preview leaves nothing behind"


AGENT = """
tool find(order: str) -> str = python("t.py:find")
agent helper(ticket: str) -> str { tools = [find, classify] }
"""


async def test_an_agents_preview_is_its_first_request_with_its_tools(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    page.write_text(page.read_text(encoding="utf-8") + AGENT, encoding="utf-8")
    await editor.start(tmp_path, capabilities(), {"trusted": False})
    uri = editor.open(page)
    found = await editor.execute("preview", uri, "helper")
    assert [one["name"] for one in found["tools"]] == ["find", "classify"]
    assert found["messages"][-1] == {"role": "user", "text": "‹ticket›"}
    with pytest.raises(JsonRpcException, match="Only prompts and agents have messages, and `find` is another kind"):
        await editor.execute("preview", uri, "find")


async def test_unsaved_texts_of_imported_files_count_in_previews_runs_and_evaluations(
    editor: Editor, tmp_path: Path
) -> None:
    page = workspace(tmp_path)
    (tmp_path / "shared.adal").write_text('param tone = "Be old."\n', encoding="utf-8")
    text = PAGE.replace("{{ ticket }}", "{{ shared.tone }} {{ ticket }}")
    page.write_text(f'import "shared.adal"\n{text}', encoding="utf-8")
    Pages(editor)
    await editor.start(tmp_path, modern(), {"evaluateOnSave": False})
    uri, shared = editor.open(page), editor.open(tmp_path / "shared.adal")

    editor.type(shared, "Be old.", "Be new.")
    found = await editor.execute("preview", uri, "classify")
    assert found["messages"][-1]["text"] == "Be new. money was taken 0"

    editor.type(shared, "tone", "voice")
    editor.type(uri, "shared.tone", "shared.voice")
    assert (await editor.execute("run", uri, "classify"))["output"] == "billing"
    assert (await editor.execute("evaluate", uri, "routing"))["n"] > 0


async def test_page_of_a_half_typed_file_says_what_is_wrong_and_recovers(editor: Editor, tmp_path: Path) -> None:
    page, pages = workspace(tmp_path), Pages(editor)
    await editor.start(tmp_path, modern())
    uri = editor.open(page)
    found = await editor.execute("preview", uri, "classify")
    editor.type(uri, "expect = row.label", "expect = row.nothing")
    text = await pages.read(found["uri"])
    assert "This would not run: page.adal:19: ADL511" in text and "money was taken 0" in text
    editor.type(uri, "{{ ticket }}", "{{ tick }}")
    assert "'tick' is undefined" in await pages.read(found["uri"])
    editor.type(uri, "prompt classify", "prompt sorted")
    assert "has no component `classify`; there are: sorted" in await pages.read(found["uri"])
    editor.type(uri, "prompt sorted", "prompt classify")
    editor.type(uri, "{{ tick }}", "{{ ticket }}")
    editor.type(uri, "row.nothing", "row.label")
    assert await pages.read(found["uri"]) == found["markdown"]

    with pytest.raises(JsonRpcException, match="no component `nothing`"):
        await editor.execute("preview", uri, "nothing")
    with pytest.raises(JsonRpcException, match='a number from 1 on, "next" or "previous"'):
        await editor.execute("preview", uri, "classify", 0)
    with pytest.raises(JsonRpcException, match="There is no page adalang:/nothing"):
        await pages.read("adalang:/nothing")


async def test_template_that_takes_too_long_costs_its_worker_and_nothing_else(editor: Editor, tmp_path: Path) -> None:
    page, _ = workspace(tmp_path), Pages(editor)
    await editor.start(tmp_path, modern())
    uri = editor.open(page)
    await editor.execute("run", uri, "classify")
    (engine,) = workers(server_pid(editor))
    loops = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    editor.type(uri, '"""{{ ticket }}"""', f'"""{{{{ ticket }}}}{loops}"""')
    task = asyncio.create_task(editor.execute("preview", uri, "classify"))
    with pytest.raises(JsonRpcException, match="take more than 10 s to render"):
        await task
    editor.type(uri, loops, "")
    assert (await editor.execute("preview", uri, "classify"))["row"] == 1
    assert engine in workers(server_pid(editor))


async def test_editor_without_pages_is_shown_files_and_one_without_windows_gets_the_text(
    editor: Editor, tmp_path: Path
) -> None:
    page = workspace(tmp_path)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    found = await editor.execute("preview", uri, "classify")
    shown = tmp_path / ".adalang" / "shown" / "preview-classify.md"
    assert found["uri"] is None and shown.read_text(encoding="utf-8") == found["markdown"]
    assert [one.uri for one in editor.client.shown_documents] == [shown.as_uri()]
    graph = await editor.execute("showGraph", uri)
    assert (tmp_path / ".adalang" / "shown" / "graph-page.md").read_text(encoding="utf-8") == graph["markdown"]


async def test_graph_of_a_file_and_of_a_component(editor: Editor, tmp_path: Path) -> None:
    page, pages = workspace(tmp_path), Pages(editor)
    page.write_text(page.read_text(encoding="utf-8") + PIPELINE, encoding="utf-8")
    await editor.start(tmp_path, modern(), {"trusted": False})
    uri = editor.open(page)
    whole = await editor.execute("showGraph", uri)
    assert {one["id"] for one in whole["graph"]["components"]} == {"classify", "sort"}
    assert "```mermaid\nflowchart" in whole["markdown"]
    part = await editor.execute("showGraph", uri, "sort")
    assert [(one["caller"], one["callee"]) for one in part["graph"]["edges"]] == [("sort", "classify")]
    assert pages.shown == [whole["uri"], part["uri"]] and whole["uri"].endswith("/page.adal/component%20graph.md")
    assert await pages.read(part["uri"]) == part["markdown"]
    editor.type(uri, "pipeline sort", "pipeline arrange")
    await pages.refresh_of(part["uri"])
    assert "no component `sort`; there are: classify, arrange" in await pages.read(part["uri"])


async def test_run_with_a_chosen_row_keeps_values_for_the_editor_and_is_saved_as_a_row(
    editor: Editor, tmp_path: Path
) -> None:
    page, pages = workspace(tmp_path), Pages(editor)
    page.write_text(page.read_text(encoding="utf-8") + PIPELINE, encoding="utf-8")
    await editor.start(tmp_path, modern(), {"evaluateOnSave": False})
    uri = editor.open(page)
    tickets = tmp_path / "tickets.jsonl"
    before = tickets.read_bytes()

    offered = await editor.execute("inputs", uri, "classify")
    ticket = {"name": "ticket", "type": "str", "required": True, "kind": "text", "choices": []}
    assert offered["inputs"] == [ticket]
    assert (offered["eval"], len(offered["rows"])) == ("routing", 40)
    assert (await editor.execute("run", uri, "classify", {"row": 2}))["output"] == "technical"
    with pytest.raises(JsonRpcException, match="The eval `routing` has no row 41; it has 40"):
        await editor.execute("run", uri, "classify", {"row": 41})
    with pytest.raises(JsonRpcException, match="`sort` needs inputs, and no eval of it has an example"):
        await editor.execute("run", uri, "sort")
    ran = await editor.execute("run", uri, "sort", {"ticket": "my computers"})
    assert ran["bindings"] == {"found": '"technical"'} and ran["run"]

    async def refreshed() -> bool | None:
        return pages.inline_values >= 2 or None

    await eventually(refreshed)

    saved = await editor.execute("saveRow", uri, "classify")
    assert not saved["saved"], "the second row, with the label that it has"
    assert tickets.read_bytes() == before
    with pytest.raises(JsonRpcException, match=r"row 2 of tickets\.jsonl with these inputs and `label` = .*technical"):
        await editor.execute("saveRow", uri, "classify", "billing")
    with pytest.raises(JsonRpcException, match="No eval of `sort` has data"):
        await editor.execute("saveRow", uri, "sort")

    await editor.execute("run", uri, "classify", {"ticket": "Ünïcödé"})
    with pytest.raises(JsonRpcException, match="The output of `classify`"):
        await editor.execute("saveRow", uri, "classify", "no label")
    both = await asyncio.gather(*(editor.execute("saveRow", uri, "classify", "billing") for _ in range(2)))
    assert sorted(one["saved"] for one in both) == [False, True]
    assert tickets.read_bytes() == before + '{"ticket": "Ünïcödé", "label": "billing"}\n'.encode()
    assert len((await editor.execute("inputs", uri, "classify"))["rows"]) == 41


async def test_row_is_edited_into_a_program_and_refused_when_nothing_was_run(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    text = page.read_text(encoding="utf-8").replace(
        'dataset tickets = "tickets.jsonl" { split = { val = 0.5, test = 0.5 } }',
        'dataset tickets = [\n  { ticket = "money was taken", label = "billing" },\n]',
    )
    page.write_text(text, encoding="utf-8")
    await editor.start(tmp_path, capabilities(), {"evaluateOnSave": False})
    uri = editor.open(page)
    with pytest.raises(JsonRpcException, match="`classify` has not been run"):
        await editor.execute("saveRow", uri, "classify")
    await editor.execute("run", uri, "classify", {"ticket": "my computers"})
    assert (await editor.execute("saveRow", uri, "classify"))["saved"]
    assert '  { ticket = "my computers", label = "technical" },\n]' in editor.documents[uri].text
    assert page.read_text(encoding="utf-8") == text, "the editor's text, unsaved"
    editor.refuses_edits = True
    await editor.execute("run", uri, "classify", {"ticket": "more computers"})
    with pytest.raises(JsonRpcException, match="did not apply the edit: not now"):
        await editor.execute("saveRow", uri, "classify")


def test_an_edit_is_asked_for_of_the_version_that_the_editor_has(tmp_path: Path) -> None:
    page = workspace(tmp_path)
    text = page.read_text(encoding="utf-8").replace(
        '"tickets.jsonl" { split = { val = 0.5, test = 0.5 } }', '[{ ticket = "money was taken", label = "billing" }]'
    )
    uri, able = page.as_uri(), {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}

    def command(name: str, *arguments: Any) -> dict[str, Any]:
        given = {"command": f"adalang.server.{name}", "arguments": [uri, "classify", *arguments]}
        return wire.answer(wire.ask("workspace/executeCommand", given))

    with Wire() as wire:
        wire.initialize(capabilities={"workspace": able}, root=tmp_path)
        wire.open(uri, text, 7)
        assert command("run", {"ticket": "my computers"})["result"]["output"] == "technical"
        refused = command("saveRow")
    assert "did not apply the edit" in refused["error"]["message"], "the answer to the edit was null"
    (asked,) = (one["params"] for one in wire.skipped if one["method"] == "workspace/applyEdit")
    (change,) = asked["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": uri, "version": 7}
    (edit,) = change["edits"]
    assert edit["newText"] == ', { ticket = "my computers", label = "technical" }'
    assert "row of" in asked["label"]


async def test_untitled_documents_and_files_with_errors(editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "adalang.toml").touch()
    await editor.start(tmp_path, modern())
    Pages(editor)
    uri = "untitled:Untitled-1"
    text = 'prompt echo(text: str) -> str {\n  user = """{{ text }}"""\n}\n'
    item = types.TextDocumentItem(uri, "adal", 1, text)
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    ran = await editor.execute("run", uri, "echo", {"text": "hello"})
    assert isinstance(ran["output"], str)
    found = await editor.execute("preview", uri, "echo")
    assert found["messages"] == [{"role": "user", "text": "‹text›"}]
    assert "echo" in (await editor.execute("showGraph", uri))["markdown"]

    broken = tmp_path / "broken.adal"
    broken.write_text(text.replace("{{ text }}", "{{ nothing }}"), encoding="utf-8")
    uri = editor.open(broken)
    with pytest.raises(JsonRpcException, match=r"broken\.adal:2:\d+: ADL301 "):
        await editor.execute("run", uri, "echo", {"text": "hello"})
    with pytest.raises(JsonRpcException, match="is not open and no file"):
        await editor.execute("run", "untitled:Untitled-2", "echo", {"text": "hello"})
    with pytest.raises(JsonRpcException, match=r"nowhere\.adal cannot be read"):
        await editor.execute("preview", (tmp_path / "nowhere.adal").as_uri(), "echo")


async def test_settings_follow_their_file_and_what_is_wrong_in_it_is_told_once(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    page.write_text(page.read_text(encoding="utf-8").replace("  model = offline\n", ""), encoding="utf-8")
    settings = tmp_path / "adalang.toml"
    settings.write_text('model = "replay/answers.jsonl"\n', encoding="utf-8")
    await editor.start(tmp_path, capabilities(), {"evaluateOnSave": False})
    uri = editor.open(page)

    def warnings() -> list[str]:
        return [one.message for one in editor.client.messages if one.type == types.MessageType.Warning]

    def changed() -> None:
        event = types.FileEvent(settings.as_uri(), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    with pytest.raises(JsonRpcException, match=r"answers\.jsonl"):
        await editor.execute("run", uri, "classify")
    (worker,) = workers(server_pid(editor))
    settings.write_text('model = "builtin/lexical"\ncache = false\nconcurrency = 2\n', encoding="utf-8")
    changed()
    assert (await editor.execute("run", uri, "classify"))["output"] == "billing"
    assert workers(server_pid(editor)) == [worker] and warnings() == []

    settings.write_text("model = \n", encoding="utf-8")
    changed()

    async def told() -> bool | None:
        return bool(warnings()) or None

    await eventually(told)
    changed()
    await editor.execute("run", uri, "classify")
    assert len(warnings()) == 1 and warnings()[0].startswith("adalang.toml cannot be read: ")
    settings.write_text('nodel = "x"\n', encoding="utf-8")
    changed()
    await editor.execute("run", uri, "classify")
    assert len(warnings()) == 2 and "there is no setting `nodel`" in warnings()[1]


async def test_worker_killed_while_it_renders_or_runs_is_told_and_the_next_command_works(
    editor: Editor, tmp_path: Path
) -> None:
    page = workspace(tmp_path)
    (tmp_path / "hold").touch()
    await editor.start(tmp_path, modern(), {"evaluateOnSave": False})
    Pages(editor)
    uri = editor.open(page)
    await editor.execute("preview", uri, "classify")
    for worker in workers(server_pid(editor)):
        os.kill(worker, signal.SIGKILL)
    assert (await editor.execute("preview", uri, "classify"))["row"] == 1

    task = asyncio.create_task(editor.execute("evaluate", uri, "routing"))

    async def begun() -> bool | None:
        return bool(editor.client.progress_reports) or None

    await eventually(begun)
    await asyncio.sleep(0.5)
    for worker in workers(server_pid(editor)):
        os.kill(worker, signal.SIGKILL)
    with pytest.raises(JsonRpcException, match=r"ended unexpectedly \(signal 9\)"):
        await task
    (tmp_path / "hold").unlink()
    assert (await editor.execute("run", uri, "classify"))["output"] == "billing"


COMMANDS: list[list[Any]] = [
    ["run", "classify"],
    ["evaluate", "routing"],
    ["optimize", "routing"],
    ["preview", "classify"],
]


@pytest.mark.parametrize("how", ["request", "command"])
def test_each_command_is_answered_once_when_it_is_cancelled(tmp_path: Path, how: str) -> None:
    page = workspace(tmp_path)
    (tmp_path / "hold").touch()
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        uri = page.as_uri()
        wire.open(uri, page.read_text(encoding="utf-8"))
        asked = {}
        for name, *arguments in COMMANDS:
            params = {"command": f"adalang.server.{name}", "arguments": [uri, *arguments]}
            asked[wire.ask("workspace/executeCommand", params)] = name
        wire.pull(uri)
        if how == "command":
            stopped = 0
            while not stopped:  # until the first is at work
                stopped = wire.result("workspace/executeCommand", {"command": "adalang.server.cancel"})["cancelled"]
        for request in asked:
            wire.notify("$/cancelRequest", {"id": request})
        (tmp_path / "hold").unlink()
        answers: list[dict[str, Any]] = []
        while {one["id"] for one in answers} != asked.keys():
            message = wire.message()
            answers += [one for one in (*wire.skipped, message) if "method" not in one and one.get("id") in asked]
            wire.skipped.clear()
        wire.result("shutdown")
        answers += [one for one in wire.skipped if one.get("id") in asked]
        assert sorted(one["id"] for one in answers) == sorted(asked)
        for one in answers:
            assert one.get("error", {}).get("code") == -32800 or "result" in one, (asked[one["id"]], one)


def test_cancelling_one_request_stops_nothing_else(tmp_path: Path) -> None:
    page = workspace(tmp_path)
    (tmp_path / "hold").touch()
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        uri = page.as_uri()
        wire.open(uri, page.read_text(encoding="utf-8"))
        kept, stopped = (
            wire.ask("workspace/executeCommand", {"command": f"adalang.server.{name}", "arguments": [uri, of]})
            for name, of in COMMANDS[:2]
        )
        wire.notify("$/cancelRequest", {"id": stopped})
        (tmp_path / "hold").unlink()
        answers: dict[int, dict[str, Any]] = {}
        while len(answers) < 2:
            message = wire.message()
            if "method" not in message and message.get("id") in (kept, stopped):
                answers[message["id"]] = message
        assert answers[stopped]["error"]["code"] == -32800
        assert answers[kept]["result"]["output"] == "billing"


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("run", []),
        ("run", ["u", "n", [1]]),
        ("run", ["u", 5]),
        ("preview", ["u", "n", {}]),
        ("showGraph", ["u", 5]),
        ("saveRow", ["u", "n", 1, 2]),
        ("cancel", [1]),
        ("nothing", []),
    ],
)
def test_wrong_arguments_are_invalid_params(command: str, arguments: list[Any]) -> None:
    with Wire() as wire:
        wire.initialize()
        params = {"command": f"adalang.server.{command}", "arguments": arguments}
        assert wire.error("workspace/executeCommand", params) == -32602


def test_what_needs_trust_is_refused_without_it(tmp_path: Path) -> None:
    page = workspace(tmp_path)
    with Wire() as wire:
        wire.initialize(root=tmp_path, initializationOptions={"trusted": False})
        for command in ("run", "evaluate", "optimize", "saveRow"):
            params = {"command": f"adalang.server.{command}", "arguments": [page.as_uri(), "classify"]}
            assert wire.error("workspace/executeCommand", params) == -32803
        shown = wire.result(
            "workspace/executeCommand", {"command": "adalang.server.preview", "arguments": [page.as_uri(), "classify"]}
        )
        assert plain(shown)["uri"] is None and "money was taken" in shown["markdown"]
        assert not (tmp_path / ".adalang").exists()
