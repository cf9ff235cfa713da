"""The lifecycle, and what the server does with messages that no client should send."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.lsp.wire import PULL, SERVER, Wire

from adalang.engine.protocol import FrameWriter
from adalang.ide.on_type_formatting import TRIGGERS
from adalang.ide.refactorings import KINDS
from adalang.lsp import types
from adalang.lsp.capabilities import CODE_ACTIONS, COMMANDS, FIX_ALL, capabilities
from adalang.lsp.client import Client
from adalang.lsp.features import commands
from adalang.lsp.methods import METHODS
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Document
from adalang.lsp.transport import Inbox

HELLO = 'prompt hello(name: str) -> str = """Greet {{ name }}."""\n'
URI = "untitled:hello.adal"
AT_NAME = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 9}}


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as wire:
        yield wire


def test_order_of_the_lifecycle(wire: Wire) -> None:
    assert wire.error("textDocument/hover", AT_NAME) == -32002
    wire.open(URI, HELLO)  # before initialize: dropped
    wire.initialize(capabilities=PULL)
    assert wire.error("initialize", {"processId": None, "rootUri": None, "capabilities": {}}) == -32600
    assert wire.result("textDocument/hover", AT_NAME) is None
    wire.open(URI, HELLO)
    assert "hello(name: str)" in wire.result("textDocument/hover", AT_NAME)["contents"]["value"]
    assert wire.result("shutdown") is None
    assert wire.error("textDocument/hover", AT_NAME) == -32600
    assert wire.error("shutdown") == -32600
    wire.notify("exit")
    assert wire.exit_code() == 0
    assert wire.message() is None


@pytest.mark.parametrize("ending", ["exit", "end of input"])
def test_leaving_without_shutdown_is_exit_code_1(wire: Wire, ending: str) -> None:
    wire.initialize()
    if ending == "exit":
        wire.notify("exit")
    else:
        assert wire.process.stdin is not None
        wire.process.stdin.close()
    assert wire.exit_code() == 1


def test_what_cannot_be_understood_is_answered_and_the_next_request_works(wire: Wire) -> None:
    wire.initialize(capabilities=PULL)
    wire.open(URI, HELLO)
    for params in (
        {},
        None,
        [],
        "x",
        {"textDocument": {"uri": URI}, "position": "x"},
        {"textDocument": 1, "position": {}},
    ):
        assert wire.error("textDocument/hover", params) == -32602
    assert wire.error("textDocument/nothing", {}) == -32601
    assert wire.error("workspace/executeCommand", {"command": "adalang.server.nothing"}) == -32602
    assert wire.error("workspace/executeCommand", {"command": "adalang.server.run", "arguments": [URI]}) == -32602
    wire.notify("textDocument/nothing", {"x": 1})
    wire.notify("$/somethingOptional", None)
    for position in ({"line": 10**6, "character": 0}, {"line": 0, "character": 10**6}):
        wire.result("textDocument/hover", {"textDocument": {"uri": URI}, "position": position})
    assert wire.result("textDocument/hover", AT_NAME)["contents"]["value"]
    assert wire.result("textDocument/hover", {**AT_NAME, "textDocument": {"uri": "file:///not/open.adal"}}) is None


def test_broken_frames_cost_themselves_only(wire: Wire) -> None:
    wire.initialize(capabilities=PULL)
    wire.write(b"Content-Length: 5\r\n\r\n{nope")
    assert wire.message()["error"]["code"] == -32700
    wire.write(b"Content-Length: 2\r\n\r\n[]")
    assert wire.message()["error"]["code"] == -32600
    wire.write(b"some noise\r\nContent-Type: x\r\n\r\n")
    body = json.dumps({"jsonrpc": "2.0", "id": "a", "method": "textDocument/nothing"}).encode()
    wire.write(
        b"content-length:%d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n%s" % (len(body), body)
    )
    assert wire.message()["id"] == "a"
    wire.send(id=[1], method="textDocument/hover")
    assert wire.message()["error"]["code"] == -32600
    wire.send(id=7, result="an answer to nothing")
    wire.open(URI, HELLO)
    assert wire.pull(URI) == []


def test_a_change_that_cannot_be_read_makes_the_document_untrusted_until_it_is_opened_again(wire: Wire) -> None:
    wire.initialize(capabilities=PULL)
    wire.open(URI, HELLO)
    wire.notify(
        "textDocument/didChange",
        {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"range": 5, "text": "x"}]},
    )
    assert "open it again" in wire.until("window/showMessage")["message"]
    assert wire.result("textDocument/hover", AT_NAME) is None
    wire.open(URI, HELLO, version=3)
    assert wire.result("textDocument/hover", AT_NAME) is not None


def test_a_change_that_cannot_be_made_makes_the_document_untrusted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Document:
        raise RuntimeError("a bug")

    async def drive() -> None:
        sent = BytesIO()
        server = AdalServer(METHODS, FrameWriter(sent))
        server.protocol.initialized = True
        document = {"uri": URI, "languageId": "adal", "version": 1, "text": HELLO}
        change = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": "x"}]}
        server.protocol.inbox.put(
            {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}}
        )
        server.protocol.inbox.put({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": change})
        server.protocol.wake()
        await asyncio.sleep(0.1)
        assert server.snapshot.documents[URI].lost
        assert b"open it again" in sent.getvalue()
        await server.wind_down()

    monkeypatch.setattr(Document, "changed", fails)
    asyncio.run(drive())


def test_a_document_that_lost_a_change_stops_edits_of_all_files(wire: Wire, tmp_path: Path) -> None:
    shared, page = tmp_path / "shared.adal", tmp_path / "page.adal"
    shared.write_text('param tone = "kind"\n', encoding="utf-8")
    page.write_text('import "shared.adal"\nprompt p(a: str) = """{{ shared.tone }} {{ a }}"""\n', encoding="utf-8")
    wire.initialize(root=tmp_path, capabilities=PULL)
    wire.open(shared.as_uri(), shared.read_text(encoding="utf-8"))
    wire.open(page.as_uri(), page.read_text(encoding="utf-8"))
    broken = {"textDocument": {"uri": page.as_uri(), "version": 2}, "contentChanges": [{"range": 5, "text": "x"}]}
    wire.notify("textDocument/didChange", broken)
    at = {"textDocument": {"uri": shared.as_uri()}, "position": {"line": 0, "character": 7}}
    answer = wire.answer(wire.ask("textDocument/rename", {**at, "newName": "voice"}))
    assert "page.adal could not be read" in answer["error"]["message"]


def test_what_waited_is_forgotten_once_it_is_taken() -> None:
    inbox = Inbox()
    for number in range(100):
        inbox.put({"id": number, "method": "textDocument/hover"})
        inbox.put({"method": "textDocument/didChange", "params": {"textDocument": {"uri": f"file:///{number}"}}})
        inbox.put({"method": "$/cancelRequest", "params": {"id": number}})
    while inbox.take() is not None:
        pass
    assert not inbox._waiting and not inbox._changes and not inbox._cancelled


def test_a_client_that_answers_no_refresh_is_not_asked_over_and_over(wire: Wire, tmp_path: Path) -> None:
    page, data = tmp_path / "page.adal", tmp_path / "rows.jsonl"
    page.write_text('dataset rows = "rows.jsonl"\n', encoding="utf-8")
    wire.initialize(root=tmp_path, capabilities={**PULL, "workspace": {"diagnostics": {"refreshSupport": True}}})
    wire.open(page.as_uri(), page.read_text(encoding="utf-8"))
    asked = 0
    for number in range(20):
        data.write_text(f'{{"a": {number}}}\n' * (number + 1), encoding="utf-8")
        wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": data.as_uri(), "type": 2}]})
        pulled = wire.ask("textDocument/diagnostic", {"textDocument": {"uri": page.as_uri()}})
        while (message := wire.message()).get("id") != pulled:
            asked += message.get("method") == "workspace/diagnostic/refresh"
    assert asked <= 1


def test_requests_that_were_cancelled_while_they_waited_are_not_computed(wire: Wire) -> None:
    wire.initialize(capabilities=PULL)
    big = "\n".join(HELLO.replace("hello", f"hello{number}") for number in range(2000))
    wire.open(URI, big)  # keeps the loop busy while the rest arrives
    asked = [wire.ask("textDocument/hover", AT_NAME) for _ in range(20)]
    for request_id in asked:
        wire.notify("$/cancelRequest", {"id": request_id})
    last = wire.ask("textDocument/hover", AT_NAME)
    answers = [wire.answer(request_id) for request_id in [*asked, last]]
    assert [one.get("error", {}).get("code") for one in answers[:-1]] == [-32800] * 20
    assert answers[-1]["result"]


def test_queries_about_a_version_that_is_outdated_already_are_refused(wire: Wire) -> None:
    wire.initialize(capabilities=PULL)
    wire.open(URI, "\n".join(HELLO.replace("hello", f"hello{number}") for number in range(2000)))
    asked = wire.ask("textDocument/hover", AT_NAME)
    change = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": HELLO}]}
    wire.notify("textDocument/didChange", change)
    after = wire.ask("textDocument/hover", AT_NAME)
    assert wire.answer(asked)["error"]["code"] == -32801
    assert "hello(name" in wire.answer(after)["result"]["contents"]["value"]


def test_server_goes_when_the_client_dies_with_the_pipes_held_open() -> None:
    with Wire() as wire:
        client = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        wire.initialize(processId=client.pid)
        client.kill()
        client.wait()
        assert wire.exit_code() == 1


def test_the_server_process_stays_small() -> None:
    """Start-up time and memory are imports; and litellm would even ask the network."""
    code = (
        "import sys, adalang.lsp.server, adalang.lsp.methods;"
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " & {'litellm', 'numpy', 'pydantic', 'typer', 'rich', 'jinja2', 'aiohttp', 'httpx', 'openai'}),"
        " sorted(name for name in sys.modules if name.startswith('adalang.') and name.split('.')[1]"
        " in ('runtime', 'evaluation', 'optimizer')))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[] []"


def registered(able: dict[str, Any]) -> list[Any]:
    """What the server registers with a client."""
    with Wire() as wire:
        wire.initialize(capabilities={**PULL, "workspace": {"didChangeWatchedFiles": able}})
        wire.open(URI, HELLO)
        wire.pull(URI)
    asked = [one["params"] for one in wire.skipped if one["method"] == "client/registerCapability"]
    return [each for one in asked for each in one["registrations"]]


def test_files_are_watched_where_the_client_can() -> None:
    assert registered({}) == []
    (watched,) = registered({"dynamicRegistration": True})
    assert watched["method"] == "workspace/didChangeWatchedFiles"
    (watcher,) = watched["registerOptions"]["watchers"]
    endings = watcher["globPattern"].removeprefix("**/*.{").removesuffix("}").split(",")
    assert {"adal", "toml", "jsonl", "csv", "py"} <= set(endings)


def test_tcp(tmp_path: Path) -> None:
    import socket

    code = "from adalang.lsp.server import serve; serve(('127.0.0.1', 0))"
    process = subprocess.Popen([SERVER[0], "-c", code], stderr=subprocess.PIPE, env=dict(os.environ))
    try:
        assert process.stderr is not None
        port = int(process.stderr.readline().rsplit(b":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "shutdown"}).encode()
            connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            assert b"-32002" in connection.recv(4096)
        assert process.wait(timeout=10) == 1
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_what_is_offered_is_what_there_is() -> None:
    """The offers are written down without importing the features; here they are compared."""
    assert all(callable(method.handler) for method in METHODS.values())
    assert (types.CodeActionKind.QuickFix, FIX_ALL, *KINDS) == CODE_ACTIONS
    assert [f"adalang.server.{name}" for name in COMMANDS] == list(commands.COMMANDS)
    offered = capabilities(Client())["documentOnTypeFormattingProvider"]
    assert (offered["firstTriggerCharacter"], *offered["moreTriggerCharacter"]) == TRIGGERS


def test_a_start_imports_no_feature() -> None:
    code = (
        "import sys\nfrom adalang.lsp.server import AdalServer\nfrom adalang.lsp.methods import METHODS\n"
        "print([name for name in sys.modules if name.startswith(('adalang.lsp.features.', 'litellm', 'pydantic', 'jinja2'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
