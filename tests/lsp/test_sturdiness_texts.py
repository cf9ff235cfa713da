"""Odd texts, odd edits, odd names, many and large documents: the server knows the text that the client knows, and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.lsp.documents import (
    LINES,
    PULLED,
    PUSHED,
    URI,
    at,
    between,
    change,
    close,
    edit,
    fresh,
    place,
    symbols,
    view,
)
from tests.lsp.shared import Shared
from tests.lsp.wire import Wire

ENCODINGS = ("utf-8", "utf-16", "utf-32")


@pytest.fixture(scope="module", params=ENCODINGS)
def encoded(request: pytest.FixtureRequest) -> Iterator[tuple[Wire, str]]:
    """A server for each encoding that a client may count in."""
    with Wire() as wire:
        capabilities = {**PULLED, "general": {"positionEncodings": [request.param]}}
        answer = wire.initialize(capabilities=capabilities)
        assert answer["capabilities"]["positionEncoding"] == request.param
        yield wire, request.param


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    found = Shared(lambda wire: wire.initialize(capabilities=PULLED))
    yield found
    found.close()


@pytest.fixture
def wire(shared: Shared) -> Iterator[Wire]:
    """A server that has been through the tests before; whatever they did, it works."""
    with shared.use() as wire:
        yield wire
        if not wire.hangs:
            close(wire, URI)
            wire.open(URI, LINES)
            assert [name for name, _ in symbols(wire, URI)] == ["one", "two", "three"]


# ---- characters

PIECES = {
    "ascii": "plain",
    "tabs": "\ta\t\tb",
    "two bytes": "é ß ñ",
    "three bytes": "漢字 ไทย",
    "astral": "😀 𝒳 🏳️‍🌈 👩‍👩‍👧",
    "combining": "e\u0301 a\u0300\u0316 \u0301",
    "right to left": "שלום \u202eabc\u202c",
    "separators that end no line": "a\u2028b\u2029c\x85d\x0ce\x0bf\x1cg",
    "nul and control": "a\x00b\x01c\x1b[31m\x7f",
    "no characters": "\ufffe\uffff\U0010ffff",
    "a BOM inside": "a\ufeffb",
    "a high surrogate": "a\ud83db",
    "a low surrogate": "a\ude00b",
    "surrogates the wrong way round": "a\ude00\ud83db",
    "CRLF": "a\r\n b 😀",
    "CR": "a\r b 😀",
    "mixed ends": "a\n b\r\r\n\n c\r 😀",
}


@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "BOM"])
@pytest.mark.parametrize("name", PIECES)
def test_places_are_those_of_the_client(encoded: tuple[Wire, str], name: str, bom: str) -> None:
    wire, encoding = encoded
    piece = PIECES[name]
    line = "".join(one for one in piece if one not in "\r\n")
    text = (
        f'{bom}# {line}\nprompt p(name: str) -> str {{\n  user = """{piece}{{{{ nme }}}}{piece}{{{{ name }}}}"""\n}}\n'
    )
    wire.open(URI, text)
    wrong = text.index("nme")
    found = [one["range"] for one in wire.pull(URI) if one["code"] == "ADL301"]
    assert found == [between(text, wrong, wrong + 3, encoding)]

    right = text.rindex("name")
    asked = {"textDocument": {"uri": URI}, "position": place(text, right + 2, encoding)}
    assert wire.result("textDocument/hover", asked)["range"] == between(text, right, right + 4, encoding)

    change(wire, URI, 2, {"range": between(text, wrong, wrong + 3, encoding), "text": "name"})
    text = text.replace("nme", "name")
    assert view(wire, URI) == fresh(wire, text)
    assert not [one for one in wire.pull(URI) if one["code"] == "ADL301"]
    assert [name for name, _ in symbols(wire, URI)] == ["p"]


# ---- edits

CRLF = LINES.replace("\n", "\r\n")
INSIDE = LINES.splitlines()[1].index("😀") + 1


EDITS: dict[str, tuple[str, list[dict[str, Any]], set[str]]] = {
    "beyond the end of a line": (
        LINES,
        [edit((0, 14), (0, 999), "!")],
        {LINES.replace('"1"', '"1!')},
    ),
    "beyond the end of a line in CRLF": (
        CRLF,
        [edit((0, 999), (0, 999), " # x")],
        {CRLF.replace('"1"', '"1" # x')},
    ),
    "beyond the last line": (
        LINES,
        [edit((99, 0), (99, 5), 'param four = "4"\n')],
        {LINES + 'param four = "4"\n'},
    ),
    "from a line to beyond the last": (
        LINES,
        [edit((1, 0), (2**31 - 1, 2**31 - 1), "")],
        {'param one = "1"\n'},
    ),
    "the wrong way round": (
        LINES,
        [edit((1, 6), (0, 6), "x")],
        {'param xtwo = "2 😀 2"\nparam three = "3"\n'},
    ),
    "inside a character of two units": (
        LINES,
        [edit((1, INSIDE), (1, INSIDE), "x")],
        {LINES.replace("😀", "x😀"), LINES.replace("😀", "😀x")},
    ),
    "from inside such a character to its end": (
        LINES,
        [edit((1, INSIDE), (1, INSIDE + 1), "x")],
        {LINES.replace("😀", "x"), LINES.replace("😀", "😀x")},
    ),
    "several, each in the text that the one before has made": (
        LINES,
        [edit((0, 0), (1, 0), ""), edit((0, 6), (0, 9), "zwei"), edit((1, 0), (2, 0), "")],
        {'param zwei = "2 😀 2"\n'},
    ),
    "a whole text, then a part of it": (
        LINES,
        [{"text": 'param new = "0"\n'}, edit((0, 6), (0, 9), "newer")],
        {'param newer = "0"\n'},
    ),
    "a length that is not that of the range": (
        LINES,
        [{**edit((0, 6), (0, 9), "uno"), "rangeLength": 77}],
        {LINES.replace("one", "uno")},
    ),
    "nothing": (LINES, [], {LINES}),
    "a surrogate pair in two edits": (
        LINES,
        [edit((0, 13), (0, 13), "\ud83d"), edit((0, 14), (0, 14), "\ude00")],
        {LINES.replace('"1"', '"😀1"')},
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_edits_that_no_editor_should_make(wire: Wire, name: str) -> None:
    before, changes, possible = EDITS[name]
    wire.open(URI, before)
    change(wire, URI, 2, *changes)
    found = view(wire, URI)
    after = next((one for one in sorted(possible) if fresh(wire, one) == found), None)
    assert after is not None, found
    change(wire, URI, 3, {"text": LINES})
    assert view(wire, URI) == fresh(wire, LINES)


@pytest.mark.parametrize("number", [-1, 1.5, 2**31, 2**32, 2**53, 2**63, 2**64, 10**30, "1", None, True])
def test_edits_with_odd_numbers(wire: Wire, number: Any) -> None:
    """Cut to the text, or not understood; then the file is to be opened again, and all is well."""
    for broken in ({"line": number, "character": 0}, {"line": 0, "character": number}):
        wire.open(URI, LINES)
        change(wire, URI, 2, {"range": {"start": at(0, 0), "end": broken}, "text": ""})
        asked = {"textDocument": {"uri": URI}, "position": broken}
        assert wire.answer(wire.ask("textDocument/hover", asked)).get("error", {}).get("code") in (None, -32602)
        close(wire, URI)
        wire.open(URI, LINES, version=3)
        assert view(wire, URI) == fresh(wire, LINES)


def test_documents_in_odd_orders(wire: Wire) -> None:
    never = "untitled:never.adal"
    change(wire, never, 2, {"text": LINES})
    change(wire, never, 3, edit((0, 0), (0, 5), "x"))
    wire.notify("textDocument/didSave", {"textDocument": {"uri": never}})
    close(wire, never)
    assert not wire.result("textDocument/documentSymbol", {"textDocument": {"uri": never}})

    wire.open(URI, "broken {", version=7)
    wire.open(URI, LINES, version=3)  # opened twice: the second text counts
    assert view(wire, URI) == fresh(wire, LINES)
    for version in (9, 5, 5, -3):
        change(wire, URI, version, edit((0, 6), (0, 9), f"v{abs(version)}x"))
        change(wire, URI, version, edit((0, 6), (0, 8 + len(str(abs(version)))), "one"))
    assert view(wire, URI) == fresh(wire, LINES)
    close(wire, URI)
    close(wire, URI)
    change(wire, URI, 10, {"text": LINES})
    assert not wire.result("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    wire.open(URI, LINES)
    assert view(wire, URI) == fresh(wire, LINES)


# ---- names

NAMES = [
    "", "x", "no uri at all", "untitled:", "untitled:Untitled-1", "untitled:a/b/../c.adal", "untitled:/etc/x.adal",
    "file:", "file://", "file:///", "file:///x.adal", "file:///a%20b%C3%A9%F0%9F%98%80.adal", "file:///%00.adal", "file:///a%2Fb.adal",
    "file:///%FF%FE.adal", "file:///%zz.adal", "file:///a#b?c.adal", "file://server/share/x.adal", "file:///c%3A/Users/x.adal",
    "file:///../../x.adal", "file:x.adal", "file:///proc/self/mem", "file:///dev/null", "git:/a/b.adal?%7B%22ref%22%3A%22%22%7D",
    "vscode-notebook-cell:/a.ipynb#X1", "https://example.org/x.adal", "inmemory://model/1", "a\x00b", "\ud800", "😀",
    "file:///" + "d/" * 3000 + "x.adal", "file:///" + "n" * 300 + ".adal",
]  # fmt: skip


@pytest.mark.parametrize("uri", NAMES, ids=lambda uri: repr(uri)[:40].encode("ascii", "replace").decode())
def test_documents_of_any_name(wire: Wire, uri: str) -> None:
    wire.open(uri, LINES)
    found, problems = view(wire, uri)
    assert ([name for name, _ in found], problems) == (["one", "two", "three"], [])
    change(wire, uri, 2, edit((0, 6), (0, 9), "uno"))
    wire.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert [name for name, _ in symbols(wire, uri)] == ["uno", "two", "three"]
    wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 3}]})
    folders = {"added": [{"uri": uri, "name": "x"}], "removed": []}
    wire.notify("workspace/didChangeWorkspaceFolders", {"event": folders})
    wire.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": folders["added"]}})
    close(wire, uri)
    assert wire.result("textDocument/hover", {"textDocument": {"uri": uri}, "position": at(0, 0)}) is None


# ---- much

PROMPT = 'prompt hello{}(name: str) -> str {{\n  user = """Greet {{{{ name }}}}."""\n}}\n\n'


@pytest.mark.parametrize("capabilities", [PULLED, PUSHED], ids=["pull", "push"])
def test_a_thousand_open_files(capabilities: dict[str, Any]) -> None:
    uris = [f"untitled:{number}.adal" for number in range(1000)]
    with Wire() as wire:
        wire.initialize(capabilities=capabilities)
        for number, uri in enumerate(uris):
            wire.open(uri, PROMPT.format(number))
        if capabilities is PULLED:
            assert all(wire.pull(uri) == [] for uri in uris)
        waiting = set() if capabilities is PULLED else set(uris)
        while waiting:
            waiting.discard(wire.until("textDocument/publishDiagnostics")["uri"])
        middle = uris[500]
        change(wire, middle, 2, edit((1, 21), (1, 25), "nme"))
        if capabilities is PULLED:
            assert "ADL301" in [one["code"] for one in wire.pull(middle)]
        else:
            while (told := wire.until("textDocument/publishDiagnostics")) and (told["uri"], told["version"]) != (
                middle,
                2,
            ):
                pass
            assert "ADL301" in [one["code"] for one in told["diagnostics"]]
        for uri in uris:
            close(wire, uri)
        wire.open(middle, PROMPT.format("o"))
        assert [name for name, _ in symbols(wire, middle)] == ["helloo"]


def test_a_file_of_50_000_lines(wire: Wire) -> None:
    text = "".join(PROMPT.format(number) for number in range(12_500))
    assert text.count("\n") == 50_000
    wire.open(URI, text)
    assert wire.pull(URI) == []
    change(wire, URI, 2, edit((25_001, 21), (25_001, 25), "nme"))
    assert [one["range"]["start"] for one in wire.pull(URI) if one["code"] == "ADL301"] == [at(25_001, 21)]
    change(wire, URI, 3, edit((25_001, 21), (25_001, 24), "name"))
    assert wire.pull(URI) == []
    found = symbols(wire, URI)
    assert (len(found), found[-1][0]) == (12_500, "hello12499")
    close(wire, URI)


def test_a_text_of_5_megabytes(wire: Wire) -> None:
    lines = ("  lorem ipsum dolor sit amet 😀\n" * 49 + "  lorem ipsum dolor {{ name }} 😀\n") * 3_000
    text = f'prompt p(name: str) -> str {{\n  user = """\n{lines}  """\n}}\n'
    assert len(text.encode()) > 5_000_000
    wire.open(URI, text)
    assert not [one for one in wire.pull(URI) if one["severity"] == 1]
    change(wire, URI, 2, edit((100_001, 23), (100_001, 27), "nme"))
    assert [one["range"]["start"] for one in wire.pull(URI) if one["code"] == "ADL301"] == [at(100_001, 23)]


@pytest.mark.parametrize(
    "text",
    [
        "param x = " + "[" * 20_000,
        "param x = " + "[" * 20_000 + "]" * 20_000,
        'prompt p(a: str) -> str = """' + "{{ " * 2_000 + '"""',
        'prompt p(a: str) -> str = """' + "{% if a %}" * 5_000 + '"""',
        "type T = " + "{ a: " * 5_000,
        "pipeline p(a: str) -> str {\n return " + "(" * 20_000 + "a" + ")" * 20_000 + "\n}",
        "pipeline p(a: str) -> str {\n return " + "not " * 20_000 + "a\n}",
        "x" * 1_000_000,
        '"' * 100_000,
        "prompt " * 5_000,
        "\n" * 300_000,
        "# x\n" * 100_000,
    ],
    ids=["open lists", "lists", "interpolations", "statements", "types", "parentheses", "not", "one word", "quotes",
         "keywords", "empty lines", "comments"],
)  # fmt: skip
def test_texts_that_go_deep_or_far(wire: Wire, text: str) -> None:
    wire.open(URI, text)
    wire.pull(URI)
    symbols(wire, URI)
    wire.result("textDocument/completion", {"textDocument": {"uri": URI}, "position": place(text, len(text))})
