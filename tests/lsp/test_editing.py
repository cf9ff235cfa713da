"""After any series of edits the server knows the text that the client knows, and says of it what it would say of a fresh one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from tests.lsp.editor import Editor, capabilities
from tests.lsp.wire import PULL, Wire

from adalang.language.program import Module
from adalang.language.text import Encoding, SourceText
from adalang.lsp.state import Document

PAGE = (Path(__file__).parent.parent / "fixtures" / "symbols" / "page.adal").read_text(encoding="utf-8")
PIECES = [
    "\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x0c", "😀", "é", "e\u0301", '"', '"""', "{", "}", "{{ ", " }}", "{% ",
    "prompt ", "x", " = ", "# ", "(", ")", "\t", "\nmodel m = \"builtin/lexical\"\n", "a😀b\u2028c\r\nd",
]  # fmt: skip
ENDS = ("\r\n", "\n", "\r")


class Text:
    """A client's text as the protocol has it: lines end at \\n, \\r\\n and \\r, columns count UTF-16 units."""

    def __init__(self, text: str) -> None:
        self.text = text

    def position(self, index: int) -> dict[str, int]:
        line, start, at = 0, 0, 0
        while at < index:
            step = next((len(end) for end in ENDS if self.text.startswith(end, at)), 0)
            at += step or 1
            if step and at <= index:
                line, start = line + 1, at
        return {"line": line, "character": len(self.text[start:index].encode("utf-16-le")) // 2}

    def replace(self, start: int, end: int, new: str) -> dict[str, object]:
        change = {"range": {"start": self.position(start), "end": self.position(end)}, "text": new}
        self.text = self.text[:start] + new + self.text[end:]
        return change

    def index(self, wanted: int) -> int:
        """A place near ``wanted`` that a cursor can have: never within \\r\\n."""
        return wanted - 1 if self.text[max(0, wanted - 1) : wanted + 1] == "\r\n" else wanted


@pytest.mark.parametrize("seed", [1, 2])
def test_random_edits_equal_a_fresh_open(seed: int) -> None:
    chance, text = random.Random(seed), Text(PAGE.replace("\n", "\r\n") if seed == 2 else PAGE)
    uri, version = "untitled:edited.adal", 1
    with Wire() as wire:
        wire.initialize(capabilities=PULL)
        wire.open(uri, text.text)
        for step in range(1, 501):
            start = text.index(chance.randrange(len(text.text) + 1))
            end = text.index(min(len(text.text), start + chance.choice([0, 0, 0, 1, 3, 10])))
            change = text.replace(min(start, end), max(start, end), chance.choice([*PIECES, ""]))
            version += 1
            document = {"uri": uri, "version": version}
            wire.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
            if step % 50 == 0:
                fresh = f"untitled:fresh{step}.adal"
                wire.open(fresh, text.text)
                edited, opened = wire.pull(uri), wire.pull(fresh)
                if edited != opened:  # whether a file is there, the server may have learnt in between
                    edited, opened = wire.pull(uri), wire.pull(fresh)
                assert edited == opened, f"after {step} edits"
                assert symbols(wire, uri) == symbols(wire, fresh), f"after {step} edits"
                wire.notify("textDocument/didClose", {"textDocument": {"uri": fresh}})


def symbols(wire: Wire, uri: str) -> object:
    found = wire.result("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    return [(one["name"], one["location"]["range"]) for one in found]


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.sampled_from('ab\n\r\u2028\x0c😀é"{}#= '), max_size=60),
    edits=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.text('a\n\r😀\u2028"', max_size=5)), max_size=8),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_document_in_every_encoding(text: str, edits: list[tuple[float, float, str]], encoding: Encoding) -> None:
    known = Text(text)
    document = Document("x", 1, Module.parse(Path("/x.adal"), SourceText.of(text)), Path("/"))
    for version, (one, other, new) in enumerate(edits, 2):
        low, high = sorted(known.index(round(share * len(known.text))) for share in (one, other))
        spans = [document.source.position(len(known.text[:index].encode()), encoding) for index in (low, high)]
        known.replace(low, high, new)
        start, end = (types.Position(place.line, place.column) for place in spans)
        change = types.TextDocumentContentChangePartial(range=types.Range(start, end), text=new)
        document = document.changed(version, [change], encoding)
        assert str(document.source) == known.text
    assert document.module.items == Module.parse(Path("/x.adal"), SourceText.of(known.text)).items


def test_range_beyond_the_text_is_cut_to_it() -> None:
    document = Document("x", 1, Module.parse(Path("/x.adal"), SourceText.of("ab")), Path("/"))
    place = types.Position(99, 99)
    change = types.TextDocumentContentChangePartial(range=types.Range(place, place), text="c")
    assert str(document.changed(2, [change], "utf-16").source) == "abc"


async def test_a_path_that_no_file_can_have_stops_nothing(editor: Editor, tmp_path: Path) -> None:
    page = tmp_path / "page.adal"
    page.write_text(f'dataset rows = "{"long" * 100}.jsonl"\ndataset none = "nu\\u0000l.jsonl"\n', encoding="utf-8")
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: any(one.code == "ADL501" for one in found))
    editor.type(uri, "long" * 100, "missing")
    await editor.diagnostics(uri, lambda found: any("`missing.jsonl`" in one.message for one in found))


@pytest.mark.parametrize("number", range(5))
def test_what_is_asked_for_while_the_disk_is_read_is_read_too(number: int, tmp_path: Path) -> None:
    """A completion asks for a folder, the next keystroke for a file: neither wish may get lost."""
    for name in range(number * 10):
        (tmp_path / f"rows{name}.jsonl").touch()
    uri, text = (tmp_path / "page.adal").as_uri(), 'dataset rows = ""\n'
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        wire.open(uri, text)
        for version, letter in enumerate("nowhere.jsonl", 2):
            place = {"line": 0, "character": 14 + version}
            change = {"range": {"start": place, "end": place}, "text": letter}
            wire.notify(
                "textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}
            )
            wire.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place})
        while True:
            found = wire.until("textDocument/publishDiagnostics")
            if found["version"] == 14 and [one["code"] for one in found["diagnostics"] if one["code"] == "ADL501"]:
                break
