"""What needs a model: run, evaluate, optimize, evaluate on save; and that nothing of it happens without trust."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.engine import test_better as colours
from tests.lsp.editor import Editor, capabilities, eventually
from tests.lsp.wire import Wire

PAGE = '''\
model offline = "builtin/lexical"

type Category = "billing" | "technical"

prompt classify(ticket: str) -> Category {
  model = offline
  param instruction = """
    - billing: words such as money
    - technical: words such as computers
    """
  system = """{{ instruction }}"""
  user = """{{ ticket }}"""
}

dataset tickets = "tickets.jsonl" { split = { val = 0.5, test = 0.5 } }

eval routing of classify {
  data = tickets
  expect = row.label
  metric = python("judge.py:judge")
  on_save = 4
}
'''
JUDGE = """\
import os, sys, time

def judge(output, expected):
    print("user code prints")
    os.write(1, b"user code writes to descriptor 1")
    sys.stdout.flush()
    while os.path.exists("hold"):
        time.sleep(0.05)
    return float(output == expected)
"""
ROWS = "".join(
    f'{{"ticket": "{what} {number}", "label": "{label}"}}\n'
    for number in range(20)
    for what, label in (("money was taken", "billing"), ("the computers crash", "technical"))
)


def workspace(folder: Path) -> Path:
    (folder / "adalang.toml").touch()
    (folder / "judge.py").write_text(JUDGE, encoding="utf-8")
    (folder / "tickets.jsonl").write_text(ROWS, encoding="utf-8")
    page = folder / "page.adal"
    page.write_text(PAGE, encoding="utf-8")
    return page


def workers(parent: int) -> list[int]:
    """Processes of the worker module whose parent is ``parent``."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
            status = (entry / "stat").read_text()
        except OSError:
            continue
        if b"adalang.engine.worker" in command and int(status.rpartition(")")[2].split()[1]) == parent:
            found.append(int(entry.name))
    return found


def server_pid(editor: Editor) -> int:
    process = editor.client._server
    assert process is not None
    return process.pid


async def test_run_evaluate_and_a_worker_that_dies(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    await editor.start(tmp_path, capabilities(), {"evaluateOnSave": False})
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: found == [])
    assert workers(server_pid(editor)) == [], "no worker before it is needed"

    assert (await editor.execute("run", uri, "classify"))["output"] == "billing"  # the first row's ticket
    ran = await editor.execute("run", uri, "classify", {"ticket": "my computers"})
    assert ran["output"] == "technical"
    assert any("technical" in one.message for one in editor.client.messages)

    result = await editor.execute("evaluate", uri, "routing")
    assert result["score"] == 1.0 and result["n"] > 10
    reports = [report for found in editor.client.progress_reports.values() for report in found]
    assert any(isinstance(one, types.WorkDoneProgressReport) and "so far" in (one.message or "") for one in reports)
    assert all(isinstance(found[-1], types.WorkDoneProgressEnd) for found in editor.client.progress_reports.values())

    async def scored() -> str | None:
        return next((title for title in await editor.lenses(uri) if title.startswith("100%")), None)

    assert f"on {result['n']} val examples" in await eventually(scored)

    with pytest.raises(JsonRpcException, match="no eval `nothing`; there are: routing"):
        await editor.execute("evaluate", uri, "nothing")

    (tmp_path / "hold").touch()
    editor.type(uri, "as money", "as money, cash")
    task = asyncio.create_task(editor.execute("evaluate", uri, "routing"))
    (worker,) = workers(server_pid(editor))
    await asyncio.sleep(0.3)
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(JsonRpcException, match=r"ended unexpectedly \(signal 9\)"):
        await task
    (tmp_path / "hold").unlink()
    assert (await editor.execute("evaluate", uri, "routing"))["score"] == 1.0


async def test_answers_are_told_to_clients_that_show_them(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    told: list[Any] = []

    @editor.client.feature("adalang/answer")
    def answered(params: Any) -> None:
        told.append(params)

    shows = capabilities()
    shows.experimental = {"answers": True}
    await editor.start(tmp_path, shows, {"evaluateOnSave": False})
    result = await editor.execute("run", editor.open(page), "classify", {"ticket": "money"})
    assert result["output"] == "billing"
    assert (told[-1].component, told[-1].value, told[-1].done) == ("classify", "billing", True)
    assert told[-1].run == result["run"] and told[-1].uri == page.as_uri()
    with pytest.raises(JsonRpcException):
        await editor.execute("run", page.as_uri(), "classify", {"wrong": "input"})
    assert told[-1].done and "has no input `wrong`" in told[-1].error
    assert len({one.id for one in told}) == 2


async def test_cancel_stops_the_work(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    (tmp_path / "hold").touch()
    await editor.start(tmp_path, capabilities(), {"evaluateOnSave": False})
    uri = editor.open(page)
    task = asyncio.create_task(editor.execute("evaluate", uri, "routing"))

    async def begun() -> str | int | None:
        return next((token for token, found in editor.client.progress_reports.items() if found), None)

    token = await eventually(begun)
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    (tmp_path / "hold").unlink()
    assert await task == {"cancelled": True}
    assert await editor.execute("cancel") == {"cancelled": 0}


async def test_where_little_can_be_gained_the_editor_asks_whether_to_search_anyway(
    editor: Editor, tmp_path: Path
) -> None:
    (tmp_path / "adalang.toml").touch()
    page = colours.write(tmp_path, ["Pick the colour."], wrong=[4])
    asked: list[types.ShowMessageRequestParams] = []
    answers = iter([None, "Search anyway"])

    @editor.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        asked.append(params)
        title = next(answers)
        return types.MessageActionItem(title) if title else None

    def told() -> list[str]:
        return [one.message for one in editor.client.messages if one.message.startswith("picking: ")]

    async def searched() -> str | None:
        return next(iter(told()), None)

    async def asked_twice() -> bool | None:
        return len(asked) == 2 or None

    await editor.start(tmp_path, capabilities(), {"evaluateOnSave": False})
    uri = editor.open(page)
    assert (await editor.execute("optimize", uri, "picking"))["little_to_gain"]
    result = await editor.execute("optimize", uri, "picking")
    assert result["little_to_gain"] and result["outcome"] == "nothing"
    await eventually(asked_twice)
    assert "little to gain: 99 %" in asked[0].message and [one.title for one in asked[0].actions or ()] == [
        "Search anyway"
    ]
    assert "little to gain" not in await eventually(searched), "the second time the user has said so"

    found = await editor.execute("optimize", uri, "picking", True)
    assert not found["little_to_gain"] and len(asked) == 2


async def test_save_evaluates_what_has_changed_and_nothing_else(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: found == [])

    async def finished(count: int) -> bool | None:
        found = editor.client.progress_reports.values()
        ended = [one for one in found if one and isinstance(one[-1], types.WorkDoneProgressEnd)]
        return True if len(ended) == count else None

    editor.save(uri)
    await eventually(lambda: finished(1))

    async def scored() -> bool | None:
        return any("on 4 val examples" in title for title in await editor.lenses(uri)) or None

    assert await eventually(scored)

    editor.type(uri, "model offline", "# a comment\nmodel offline")
    editor.save(uri)  # nothing that decides the score
    editor.type(uri, "as computers", "as computers, programs")
    editor.save(uri)
    await eventually(lambda: finished(2))
    await asyncio.sleep(0.5)
    assert len(editor.client.progress_reports) == 2
    assert editor.client.messages == []


async def test_an_evaluation_that_was_cancelled_is_made_at_the_next_save(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    (tmp_path / "hold").touch()
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: found == [])
    editor.save(uri)

    async def begun() -> str | int | None:
        return next((token for token, found in editor.client.progress_reports.items() if found), None)

    token = await eventually(begun)
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))

    async def stopped() -> bool | None:
        return isinstance(editor.client.progress_reports[token][-1], types.WorkDoneProgressEnd) or None

    await eventually(stopped)
    (tmp_path / "hold").unlink()

    async def scored() -> bool | None:
        editor.save(uri)
        return any("on 4 val examples" in title for title in await editor.lenses(uri)) or None

    assert await eventually(scored)


async def test_settings_change_evaluate_on_save_while_work_goes_on(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    (tmp_path / "hold").touch()
    await editor.start(tmp_path, capabilities(), {"evaluateOnSave": False})
    uri = editor.open(page)
    editor.save(uri)
    running = asyncio.create_task(editor.execute("evaluate", uri, "routing"))

    async def begun(count: int) -> bool | None:
        return len(editor.client.progress_reports) == count or None

    async def said(text: str) -> bool | None:
        return any(text in one.message for one in editor.client.messages) or None

    def set_to(settings: object) -> None:
        changed = types.DidChangeConfigurationParams(settings)
        editor.client.workspace_did_change_configuration(changed)
        editor.save(uri)

    await eventually(lambda: begun(1))
    for harmless in (None, {}, {"adalang": {"server": {"path": ""}}}, {"adalang": {"trusted": True}}):
        set_to(harmless)
    await asyncio.sleep(0.3)
    assert await begun(1) and editor.client.messages == []
    set_to({"adalang": {"evaluateOnSave": True}})
    await eventually(lambda: begun(2))
    (tmp_path / "hold").unlink()
    assert (await running)["score"] == 1.0

    set_to({"evaluateOnSave": "no"})
    await eventually(lambda: said("evaluateOnSave has to be true or false; it stays true"))
    set_to({"evaluateOnSave": False})
    editor.type(uri, "as computers", "as computers, programs")
    editor.save(uri)
    await asyncio.sleep(0.3)
    assert await begun(2)


async def test_without_trust_nothing_is_run_and_nothing_is_offered(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    await editor.start(tmp_path, capabilities(), {"trusted": False})
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: found == [])
    assert await editor.lenses(uri) == []
    for command, *arguments in (("run", uri, "classify"), ("evaluate", uri, "routing"), ("optimize", uri, "routing")):
        with pytest.raises(JsonRpcException, match="not trusted: nothing is run and nothing is spent"):
            await editor.execute(command, *arguments)
    editor.save(uri)
    hover = types.HoverParams(types.TextDocumentIdentifier(uri), editor.at(uri, "classify"))
    assert await editor.client.text_document_hover_async(hover) is not None
    await asyncio.sleep(0.3)
    assert workers(server_pid(editor)) == [] and not (tmp_path / ".adalang").exists()

    editor.client.protocol.notify("adalang/trust", {"trusted": True})
    assert "▶ Run" in await editor.lenses(uri)


def test_user_code_cannot_break_the_protocol_and_no_worker_outlives_the_server(tmp_path: Path) -> None:
    page = workspace(tmp_path)
    with Wire() as wire:  # fails on any byte that belongs to no frame
        wire.initialize(root=tmp_path)
        wire.open(page.as_uri(), PAGE)
        command = {"command": "adalang.server.evaluate", "arguments": [page.as_uri(), "routing"]}
        assert wire.result("workspace/executeCommand", command)["score"] == 1.0
        (worker,) = workers(wire.process.pid)
        wire.process.kill()
        wire.process.wait()

        async def gone() -> bool | None:
            return not os.path.exists(f"/proc/{worker}") or None  # noqa: ASYNC240, PTH110

        assert asyncio.run(eventually(gone, 6))


def test_what_the_server_asks_and_tells_while_it_works(tmp_path: Path) -> None:
    page = workspace(tmp_path)
    refreshes = {name: {"refreshSupport": True} for name in ("diagnostics", "codeLens", "inlayHint", "inlineValue")}
    able = {"window": {"workDoneProgress": True}, "workspace": refreshes, "textDocument": {"diagnostic": {}}}
    with Wire() as wire:
        wire.initialize(root=tmp_path, capabilities=able, initializationOptions={"evaluateOnSave": False})
        wire.notify("$/setTrace", {"value": "verbose"})
        wire.open(page.as_uri(), PAGE)
        uri, inputs = page.as_uri(), {"ticket": "the computers crash"}
        assert execute(wire, "run", uri, "classify", inputs)["output"] == "technical"
        execute(wire, "evaluate", uri, "routing")
        wanted = {
            "window/workDoneProgress/create",
            "$/progress",
            "window/logMessage",
            "window/showMessage",
            "workspace/inlineValue/refresh",
            "workspace/diagnostic/refresh",
            "workspace/codeLens/refresh",
            "workspace/inlayHint/refresh",
        }
        while not wanted <= {one.get("method") for one in wire.skipped}:
            wire.pull(uri)
        assert wire.result("shutdown") is None


def test_an_editor_that_cannot_ask_shows_why_no_search_is_made(tmp_path: Path) -> None:
    (tmp_path / "adalang.toml").touch()
    page = colours.write(tmp_path, ["Pick the colour."], wrong=[4])
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        arguments = [page.as_uri(), "picking"]
        wire.ask("workspace/executeCommand", {"command": "adalang.server.optimize", "arguments": arguments})
        while (asked := wire.message()).get("method") != "window/showMessageRequest":
            pass
        wire.send(id=asked["id"], error={"code": -32601, "message": "unknown"})
        assert wire.until("window/showMessage")["message"].startswith("picking: little to gain: 99 % of 100")


def execute(wire: Wire, command: str, *arguments: Any) -> Any:
    return wire.result(
        "workspace/executeCommand", {"command": f"adalang.server.{command}", "arguments": list(arguments)}
    )


PICTURE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAkQBADs=")


async def test_pictures_of_a_row_are_looked_for_beside_its_file(editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "adalang.toml").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dot.gif").write_bytes(PICTURE)
    (tmp_path / "data" / "rows.jsonl").write_text('{"photo": "dot.gif"}\n{"photo": "none.gif"}\n', encoding="utf-8")
    page = tmp_path / "page.adal"
    page.write_text(
        'model offline = "builtin/lexical"\n'
        'prompt see(photo: str) -> str { model = offline, user = """{{ image(photo) }} What is it?""" }\n'
        'dataset rows = "data/rows.jsonl"\n'
        "eval seen of see { data = rows, metric = contains, expect = row.photo }\n",
        encoding="utf-8",
    )
    await editor.start(tmp_path, capabilities(), {"evaluateOnSave": False})
    uri = editor.open(page)
    assert "output" in await editor.execute("run", uri, "see")
    assert "output" in await editor.execute("run", uri, "see", {"row": 1})
    with pytest.raises(JsonRpcException, match=r"there is no image 'none\.gif' in .*data"):
        await editor.execute("run", uri, "see", {"row": 2})
    assert "image/gif" in (await editor.execute("preview", uri, "see", 1))["markdown"]
    with pytest.raises(JsonRpcException, match="there is no image"):  # what a person gives starts at the .adal file
        await editor.execute("run", uri, "see", {"photo": "dot.gif"})
