"""Messages that no client should send, and more of them than one would: each request is answered exactly once, and the next works.

What is sent here goes over the pipes as bytes; nothing is known of the server but its table of methods.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lsp.shared import Shared
from tests.lsp.wire import PULL, Wire
from tests.lsp.wrong_params import is_request, params_of, right, wrong

from adalang.lsp.methods import METHODS

URI = "untitled:sturdy.adal"
PAGE = '''\
model offline = "builtin/lexical"

prompt greet(name: str) -> str {
  model = offline
  user = """Greet {{ name }}."""
}
'''
NAME = {"textDocument": {"uri": URI}, "position": {"line": 2, "character": 9}}
REQUESTS = sorted(name for name in METHODS if is_request(name))
NOTIFICATIONS = sorted(name for name in METHODS if params_of(name) and not is_request(name))


def start(wire: Wire) -> None:
    wire.initialize(capabilities=PULL)
    wire.open(URI, PAGE)


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    found = Shared(start)
    yield found
    found.close()


@pytest.fixture
def wire(shared: Shared) -> Iterator[Wire]:
    with shared.use() as wire:
        wire.skipped.clear()
        yield wire
        if not wire.hangs:
            works(wire)


def works(wire: Wire) -> None:
    wire.open(URI, PAGE, version=1)
    assert "greet(name: str)" in wire.result("textDocument/hover", NAME)["contents"]["value"]


# ---- params


@pytest.mark.parametrize("method", [name for name in REQUESTS if params_of(name) and name != "initialize"])
def test_wrong_params_of_a_request(wire: Wire, method: str) -> None:
    answers = [(given, wire.answer(wire.ask(method, given))) for given in (None, *wrong(method, {"uri": URI}))]
    assert [(given, answer) for given, answer in answers if answer.get("error", {}).get("code") != -32602] == []
    wire.send(id="without", method=method)
    assert wire.answer("without")["error"]["code"] == -32602


@pytest.mark.parametrize("method", NOTIFICATIONS)
def test_wrong_params_of_a_notification(wire: Wire, method: str) -> None:
    for given in (None, *wrong(method, {"uri": URI})):
        wire.notify(method, given)
    wire.send(method=method)
    works(wire)
    assert [one for one in wire.skipped if "error" in one] == [], "a notification is never answered"


def test_wrong_params_of_initialize_leave_the_server_to_be_initialized() -> None:
    with Wire() as wire:
        for given in (None, *wrong("initialize", {})):
            assert wire.error("initialize", given) == -32602
        assert wire.error("textDocument/hover", NAME) == -32002
        wire.initialize(capabilities=PULL)
        works(wire)


@pytest.mark.parametrize(
    "capabilities",
    [
        {"textDocument": None, "workspace": None, "general": None, "window": None},
        {"textDocument": {"hover": None, "completion": None, "publishDiagnostics": None, "codeAction": None}},
        {"textDocument": {"nobodyKnows": {"x": 1}}, "nobodyKnows": True, "experimental": [1, {"x": None}]},
        {"general": {"positionEncodings": []}},
        {"general": {"positionEncodings": ["utf-7", "nonsense"]}},
    ],
    ids=["null sections", "null features", "unknown names", "no encodings", "unknown encodings"],
)
def test_odd_capabilities(capabilities: dict[str, Any]) -> None:
    with Wire() as wire:
        answer = wire.initialize(capabilities=capabilities, initializationOptions=None, trace="off", rootPath=None)
        assert answer["capabilities"]["positionEncoding"] == "utf-16"
        works(wire)


def test_wrong_arguments_of_every_command() -> None:
    with Wire() as wire:
        answer = wire.initialize(capabilities=PULL)
        commands = answer["capabilities"]["executeCommandProvider"]["commands"]
        assert commands
        for command in commands:
            for arguments in ([5], [None], [{}], [[], []], ["x"] * 9, "x", 5):
                params = {"command": command, "arguments": arguments}
                assert wire.error("workspace/executeCommand", params) == -32602, params
        works(wire)


# ---- methods and ids


def test_unknown_methods(wire: Wire) -> None:
    for method in ("textDocument/nothing", "", "x", "hover", "textDocument/hover/", "\U0001f600", "$/unknown", "rpc.x"):
        assert wire.error(method, {}) == -32601
        wire.notify(method, {"x": 1})
    for params in (None, {}, {"id": None}, {"id": []}, {"id": "nobody's"}, {"id": 10**6}, [], "x"):
        wire.notify("$/cancelRequest", params)
        wire.notify("$/progress", params)
        wire.notify("$/logTrace", params)


def test_notifications_sent_as_requests_and_requests_sent_as_notifications(wire: Wire) -> None:
    """Nothing is left without an answer, and nothing is answered that did not ask."""
    for method in NOTIFICATIONS:
        if method not in ("textDocument/didClose", "initialized"):
            wire.answer(wire.ask(method, right(method, {"uri": URI})))
    for method in REQUESTS:
        if method not in ("initialize", "shutdown"):
            wire.notify(method, right(method, {"uri": URI}))
    works(wire)
    assert [one for one in wire.skipped if "method" not in one] == []


def test_every_kind_of_id(wire: Wire) -> None:
    for request_id in (0, -1, 2**31, 2**53, "", "x", "1", "\U0001f600", "a\nb"):
        wire.send(id=request_id, method="textDocument/hover", params=NAME)
        found = wire.message()
        assert (found["id"], "result" in found) == (request_id, True)
    for request_id in ([], {}, [1]):
        wire.send(id=request_id, method="textDocument/hover", params=NAME)
        assert wire.message()["error"]["code"] == -32600
    wire.send(id=1, method="textDocument/hover", params=NAME)
    wire.send(id="1", method="textDocument/hover", params=NAME)
    assert {repr(wire.message()["id"]) for _ in range(2)} == {"1", "'1'"}


def test_messages_that_are_no_requests(wire: Wire) -> None:
    for message in (
        {"jsonrpc": "2.0"},
        {"jsonrpc": "2.0", "method": 5},
        {"jsonrpc": "2.0", "id": 99, "method": None},
        {"jsonrpc": "1.0", "id": 98, "method": "textDocument/hover", "params": NAME},
        {"id": 97, "method": "textDocument/hover", "params": NAME},
        {"jsonrpc": "2.0", "id": 96, "result": 1, "error": {"code": 1, "message": "x"}},
        {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "x"}},
        {"jsonrpc": "2.0", "id": [], "result": None},
        {"jsonrpc": "2.0", "id": "x", "error": "no object"},
    ):
        wire.write(framed(json.dumps(message).encode()))
    works(wire)


# ---- frames


def framed(body: bytes, header: bytes | None = None) -> bytes:
    return (header or b"Content-Length: %d" % len(body)) + b"\r\n\r\n" + body


HOVER = json.dumps({"jsonrpc": "2.0", "id": "framed", "method": "textDocument/hover", "params": NAME}).encode()
LENGTH = len(HOVER)
GOOD_FRAMES = {
    "another case": framed(HOVER, b"CONTENT-length:%d" % LENGTH),
    "blanks around the length": framed(HOVER, b"Content-Length :  %d  " % LENGTH),
    "a content type": framed(HOVER, b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d" % LENGTH),
    "the content type that old clients send": framed(HOVER, b"Content-Length: %d\r\nContent-Type: a/b; charset=utf8" % LENGTH),
    "other headers": framed(HOVER, b"X-One: 1\r\nContent-Length: %d\r\nX-Two: Content-Length: 3" % LENGTH),
    "blanks around the JSON": framed(b" \r\n%s\n " % HOVER),
    "a length with zeros before it": framed(HOVER, b"Content-Length: 000%d" % LENGTH),
    "lines that end in LF alone": b"Content-Length: %d\n\n%s" % (LENGTH, HOVER),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD_FRAMES)
@pytest.mark.parametrize("pieces", ["whole", "byte by byte"])
def test_unusual_frames(wire: Wire, name: str, pieces: str) -> None:
    data = GOOD_FRAMES[name]
    for piece in [data] if pieces == "whole" else [data[at : at + 1] for at in range(len(data))]:
        wire.write(piece)
    assert "result" in wire.answer("framed")


BROKEN_FRAMES = {
    "no JSON": framed(b"{nope"),
    "half a JSON": framed(HOVER[:-5]),
    "two JSON values": framed(HOVER + HOVER),
    "an empty body": framed(b"", b"Content-Length: 0"),
    "not UTF-8": framed(b'{"jsonrpc": "2.0", "method": "\xff\xfe"}'),
    "UTF-16": framed(HOVER.decode().encode("utf-16")),
    "a null": framed(b"null"),
    "a number": framed(b"7"),
    "a text": framed(b'"x"'),
    "a batch": framed(b"[%s]" % HOVER),
    "an empty batch": framed(b"[]"),
    "NaN": framed(b'{"jsonrpc": "2.0", "method": "x", "params": [NaN, Infinity]}'),
    "deep nesting": framed(b'{"jsonrpc": "2.0", "method": "x", "params": %s' % (b"[" * 200_000)),
    "a huge number": framed(b'{"jsonrpc": "2.0", "method": "x", "params": [%s]}' % (b"9" * 5000)),
    "no length": b"Content-Type: x\r\n\r\n" + HOVER,
    "no header": b"\r\n\r\n" + HOVER,
    "a length that is a word": framed(HOVER, b"Content-Length: many"),
    "a negative length": framed(HOVER, b"Content-Length: -5"),
    "a fraction as length": framed(HOVER, b"Content-Length: 12.5"),
    "a length in other digits": framed(HOVER, "Content-Length: ١٢".encode()),
    "an empty length": framed(HOVER, b"Content-Length:"),
    "a length that is too small": framed(HOVER, b"Content-Length: %d" % (LENGTH - 7)),
    "a huge length": framed(HOVER, b"Content-Length: 99999999999999"),
    "a length beyond all numbers": framed(HOVER, b"Content-Length: %s" % (b"9" * 400)),
    "a length that is too long to read": framed(HOVER, b"Content-Length: %s" % (b"9" * 5000)),
    "noise": bytes(random.Random(1).randrange(256) for _ in range(4000)),
    "lines of noise": b"WARNING: something\r\nprinted: 5\r\n\r\nand more\n\n\n",
    "noise that ends in the middle of a line": b"100% done",
    "a header without its end": b"Content-Length: 12",
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN_FRAMES)
def test_broken_frames_cost_a_few_messages_at_most(wire: Wire, name: str) -> None:
    """Where a frame ends may be unknown for a moment; three messages later it has to be known again."""
    wire.write(BROKEN_FRAMES[name])
    asked = [wire.ask("textDocument/hover", NAME) for _ in range(3)]
    assert "result" in wire.answer(asked[-1])


def test_a_length_that_is_too_great_costs_what_it_covers(wire: Wire) -> None:
    wire.write(framed(HOVER, b"Content-Length: %d" % (LENGTH + 40)))
    asked = [wire.ask("textDocument/hover", NAME) for _ in range(3)]
    assert "result" in wire.answer(asked[-1])


@pytest.mark.parametrize("data", [b"Content-Length: 50\r\n\r\n{", b"Content-Le", b"{", b"\xff"])
def test_an_end_in_the_middle_of_a_frame_ends_the_server(data: bytes) -> None:
    with Wire() as wire:
        wire.initialize()
        wire.write(data)
        assert wire.process.stdin is not None
        wire.process.stdin.close()
        assert wire.exit_code() == 1


# ---- life


def test_every_request_before_initialize_and_after_shutdown() -> None:
    with Wire() as wire:
        for method in REQUESTS:
            if method != "initialize":
                assert wire.error(method, right(method, {"uri": URI})) == -32002, method
        assert wire.error("textDocument/nothing", {}) == -32002
        for method in NOTIFICATIONS:
            wire.notify(method, right(method, {"uri": URI}))
        wire.initialize(capabilities=PULL)
        works(wire)
        assert wire.result("shutdown") is None
        for method in REQUESTS:
            assert wire.error(method, right(method, {"uri": URI})) == -32600, method
        for method in NOTIFICATIONS:
            wire.notify(method, right(method, {"uri": URI}))
        wire.notify("exit")
        assert wire.exit_code() == 0


def test_requests_right_behind_initialize_are_answered(wire: Wire) -> None:
    """Some clients send `initialized`, documents and questions without waiting for the answer."""
    with Wire() as eager:
        first = eager.ask("initialize", {"processId": None, "rootUri": None, "capabilities": PULL})
        eager.notify("initialized", {})
        eager.open(URI, PAGE)
        second = eager.ask("textDocument/hover", NAME)
        assert "capabilities" in eager.answer(first)["result"]
        assert eager.answer(second)["result"]


@pytest.mark.parametrize(
    ("messages", "code"),
    [(["exit"], 1), (["shutdown", "exit"], 1), (["initialize", "exit"], 1), (["initialize", "shutdown", "exit"], 0)],
    ids=lambda given: " ".join(given) if isinstance(given, list) else str(given),
)
def test_exit_codes(messages: list[str], code: int) -> None:
    with Wire() as wire:
        for message in messages:
            if message == "exit":
                wire.notify(message)
            else:
                wire.answer(wire.ask(message, right(message, {})))
        assert wire.exit_code() == code
        assert wire.message() is None


# ---- many at once


def test_a_storm_of_requests_is_answered_one_by_one() -> None:
    """2,000 requests of all kinds, right and wrong, between edits; a third of them cancelled at once, later, or twice."""
    chance = random.Random(7)
    asked: list[Any] = []
    kinds = [name for name in REQUESTS if name not in ("initialize", "shutdown", "workspace/executeCommand")]
    with Wire() as wire:
        wire.initialize(capabilities=PULL)
        wire.open(URI, PAGE)
        for number in range(2000):
            request_id = number if number % 3 else f"storm {number}"
            method = chance.choice([*kinds, "textDocument/nothing", "workspace/executeCommand"])
            params = right(method, {"uri": URI, "command": "adalang.server.cancel"})
            wire.send(id=request_id, method=method, params=params if chance.random() < 0.9 else "wrong")
            asked.append(request_id)
            if chance.random() < 0.2:
                wire.notify("$/cancelRequest", {"id": request_id})
            if chance.random() < 0.2:
                wire.notify("$/cancelRequest", {"id": chance.choice(asked)})
            if chance.random() < 0.1:
                change = {"range": {"start": NAME["position"], "end": NAME["position"]}, "text": chance.choice("ab\n")}
                document = {"uri": URI, "version": number + 2}
                wire.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        wire.send(id="the end", method="shutdown")
        assert wire.answer("the end")["result"] is None
        wire.notify("exit")
        while (found := wire.message()) is not None:
            wire.skipped.append(found)
        assert wire.exit_code() == 0
    answers = Counter(repr(one["id"]) for one in wire.skipped if "id" in one and "method" not in one)
    assert answers == Counter(repr(one) for one in asked)
    codes = {one["error"]["code"] for one in wire.skipped if "error" in one}
    assert codes <= {-32602, -32601, -32800, -32801, -32803} and -32800 in codes
