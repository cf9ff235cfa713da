"""What an editor shows of a file beside its text, over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lsp.wire import Wire

from adalang.ide.legend import MODIFIERS, TYPES

TEXT = """import "common.adal"

# Sorts a ticket
prompt classify(ticket: str) -> "a" | "b" {
  param instruction = "Sort the ticket into the categories that the handbook has, and never guess."
  user = \"\"\"
    {% if ticket %}
    😀 {{ ticket }} {{ instruction }}
    {% endif %}
    \"\"\"
}

pipeline support(text: str) -> str {
  kind = classify(text)
  return kind
}
"""


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    (tmp_path / "common.adal").write_text('param tone = "kind"\n', encoding="utf-8")
    with Wire() as found:
        yield found


def start(wire: Wire, root: Path, text: str = TEXT, **given: Any) -> str:
    """Initialize, open a document; gives its URI."""
    wire.initialize(root=root, **given)
    uri = (root / "page.adal").as_uri()
    wire.open(uri, text)
    return uri


def ask(wire: Wire, method: str, uri: str, **params: Any) -> Any:
    return wire.result(f"textDocument/{method}", {"textDocument": {"uri": uri}, **params})


def whole(text: str = TEXT) -> dict[str, Any]:
    return {"start": {"line": 0, "character": 0}, "end": {"line": text.count("\n"), "character": 0}}


def change(wire: Wire, uri: str, version: int, line: int, character: int, inserted: str) -> None:
    place = {"line": line, "character": character}
    changes = [{"range": {"start": place, "end": place}, "text": inserted}]
    wire.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes})


def test_capabilities(wire: Wire, tmp_path: Path) -> None:
    found = wire.initialize(root=tmp_path)["capabilities"]
    assert found["semanticTokensProvider"] == {
        "legend": {"tokenTypes": list(TYPES), "tokenModifiers": list(MODIFIERS)},
        "full": {"delta": True},
        "range": True,
    }
    assert found["documentOnTypeFormattingProvider"] == {
        "firstTriggerCharacter": "\n",
        "moreTriggerCharacter": ["}", "]", ")", '"'],
    }
    assert found["documentRangeFormattingProvider"] == {"rangesSupport": True}
    assert found["codeLensProvider"] == {"resolveProvider": True}
    for name in ("foldingRange", "selectionRange", "inlayHint", "inlineValue"):
        assert found[f"{name}Provider"] is True


# ---- semantic tokens


def words(data: list[int], text: str) -> list[tuple[str, str]]:
    """The tokens' texts and types; columns are UTF-16."""
    lines = [line.encode("utf-16-le") for line in text.split("\n")]
    found, line, column = [], 0, 0
    for at in range(0, len(data), 5):
        down, right, length, kind, _ = data[at : at + 5]
        line, column = line + down, right if down else column + right
        word = lines[line][2 * column : 2 * (column + length)].decode("utf-16-le")
        found.append((word, TYPES[kind]))
    return found


def test_semantic_tokens(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path)
    found = words(ask(wire, "semanticTokens/full", uri)["data"], TEXT)
    assert found[:4] == [
        ("import", "keyword"),
        ('"common.adal"', "string"),
        ("# Sorts a ticket", "comment"),
        ("prompt", "keyword"),
    ]
    at = found.index(("    😀 ", "string"))
    assert found[at + 1 : at + 4] == [("{{", "decorator"), ("ticket", "parameter"), ("}}", "decorator")]
    assert ("classify", "function") in found[at:]
    place = {"start": {"line": 7, "character": 0}, "end": {"line": 7, "character": 4}}
    assert ("😀", "string") not in found and ask(wire, "semanticTokens/range", uri, range=place)["data"]


def test_semantic_tokens_delta_leads_to_the_full_answer(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path)
    known = ask(wire, "semanticTokens/full", uri)
    for version, (line, column, text) in enumerate([(7, 4, "a "), (3, 0, "\n\n"), (0, 0, 'model m = "x/y"\n')], 2):
        change(wire, uri, version, line, column, text)
        delta = ask(wire, "semanticTokens/full/delta", uri, previousResultId=known["resultId"])
        data = list(known["data"])
        for edit in delta["edits"]:
            data[edit["start"] : edit["start"] + edit["deleteCount"]] = edit.get("data", [])
        assert sum(len(edit.get("data", [])) for edit in delta["edits"]) < len(data) / 2
        known = ask(wire, "semanticTokens/full", uri)
        assert data == known["data"]
    unchanged = ask(wire, "semanticTokens/full/delta", uri, previousResultId=known["resultId"])
    assert unchanged["edits"] == []


def test_semantic_tokens_delta_to_what_is_not_known_is_all(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path)
    full = ask(wire, "semanticTokens/full", uri)
    assert ask(wire, "semanticTokens/full/delta", uri, previousResultId="what?")["data"] == full["data"]


def test_names_of_imported_files_are_known(wire: Wire, tmp_path: Path) -> None:
    text = 'import "common.adal"\nprompt p(a: str) = """{{ a }} {{ common.tone }}"""\n'
    uri = start(wire, tmp_path, text)
    found = words(ask(wire, "semanticTokens/full", uri)["data"], text)
    assert found[-4:-1] == [("common", "namespace"), ("tone", "variable"), ("}}", "decorator")]


def test_names_of_files_that_changed_outside_are_asked_for_again(wire: Wire, tmp_path: Path) -> None:
    text = 'import "common.adal"\nprompt p(a: str) = """{{ a }} {{ common.voice }}"""\n'
    uri = start(wire, tmp_path, text, capabilities={"workspace": {"semanticTokens": {"refreshSupport": True}}})
    assert ("voice", "property") in words(ask(wire, "semanticTokens/full", uri)["data"], text)
    common = tmp_path / "common.adal"
    common.write_text('param voice = "kind"\n', encoding="utf-8")
    changes = [{"uri": common.as_uri(), "type": 2}]
    wire.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    while (message := wire.message()).get("method") != "workspace/semanticTokens/refresh":
        assert message is not None
    wire.send(id=message["id"], result=None)
    assert ("voice", "variable") in words(ask(wire, "semanticTokens/full", uri)["data"], text)


# ---- folding, selection, links


def test_folding_of_lines(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path, capabilities={"textDocument": {"foldingRange": {"lineFoldingOnly": True}}})
    lines = [(one["startLine"], one["endLine"]) for one in ask(wire, "foldingRange", uri)]
    assert lines == [(3, 9), (5, 8), (6, 7), (12, 14)]


def test_folding_of_characters_with_a_limit(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path, capabilities={"textDocument": {"foldingRange": {"rangeLimit": 2}}})
    first, second = ask(wire, "foldingRange", uri)
    assert (first["startLine"], first["startCharacter"], first["endLine"], first["endCharacter"]) == (3, 43, 10, 0)
    assert (second["startLine"], second["endLine"]) == (5, 9)


def test_selection_ranges(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path)
    places = [{"line": 7, "character": 11}, {"line": 100, "character": 0}]
    inner, outside = ask(wire, "selectionRange", uri, positions=places)
    assert inner["range"] == {"start": {"line": 7, "character": 10}, "end": {"line": 7, "character": 16}}
    assert inner["parent"]["range"]["start"] == {"line": 7, "character": 7}
    while "parent" in inner:
        inner = inner["parent"]
    assert inner["range"] == outside["range"] == whole()


def test_document_links(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path)
    (link,) = ask(wire, "documentLink", uri)
    assert link["range"]["start"] == {"line": 0, "character": 8}
    assert link["target"] == (tmp_path / "common.adal").as_uri()


# ---- hints and lenses


def hints(wire: Wire, uri: str) -> list[tuple[int, str]]:
    return [(one["position"]["line"], one["label"]) for one in ask(wire, "inlayHint", uri, range=whole())]


def test_inlay_hints(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path)
    assert hints(wire, uri) == [(4, "~15 tokens"), (13, ': "a" | "b"'), (13, "ticket =")]


def test_inlay_hints_and_lenses_can_be_switched_off(wire: Wire, tmp_path: Path) -> None:
    options = {"inlayHints": {"tokens": False, "arguments": False}, "codeLens": {"references": False}}
    uri = start(wire, tmp_path, initializationOptions=options)
    assert hints(wire, uri) == [(13, ': "a" | "b"')]
    titles = [one["command"]["title"] for one in ask(wire, "codeLens", uri)]
    assert titles == ["▶ Run", "▶ Run", "◇ Graph"]
    section = {"inlayHints": False, "codeLens": {"run": False, "graph": "no"}}
    wire.notify("workspace/didChangeConfiguration", {"settings": {"adalang": section}})
    assert hints(wire, uri) == []
    assert [one["command"]["title"] for one in ask(wire, "codeLens", uri)] == ["◇ Graph"]
    told = [one["params"]["message"] for one in wire.skipped if one["method"] == "window/showMessage"]
    assert "adalang.codeLens.graph has to be true or false; it is not used." in told


def test_references_are_counted_when_a_lens_is_shown(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path, capabilities={"experimental": {"commands": ["adalang.showReferences"]}})
    found = [one for one in ask(wire, "codeLens", uri) if "command" not in one]
    assert [one["range"]["start"]["line"] for one in found] == [3, 12]
    classify, support = (wire.result("codeLens/resolve", one)["command"] for one in found)
    assert classify["title"] == "1 reference" and support["title"] == "0 references"
    assert classify["command"] == "adalang.showReferences" and support["command"] == ""
    of, place, locations = classify["arguments"]
    assert (of, place["line"]) == (uri, 3)
    assert locations[0]["range"]["start"] == {"line": 13, "character": 9}


def test_a_lens_of_a_file_that_is_gone_resolves(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path)
    lens = next(one for one in ask(wire, "codeLens", uri) if "command" not in one)
    wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert wire.result("codeLens/resolve", lens)["command"]["command"] == ""


def test_values_of_the_last_run(wire: Wire, tmp_path: Path) -> None:
    text = "pipeline p(a: str) -> str {\n  b = a\n  return b\n}\n"
    uri = start(wire, tmp_path, text)
    place = {"range": whole(text), "context": {"frameId": 1, "stoppedLocation": whole(text)}}
    assert ask(wire, "inlineValue", uri, **place) == []
    wire.result("workspace/executeCommand", {"command": "adalang.server.run", "arguments": [uri, "p", {"a": "héllo"}]})
    found = ask(wire, "inlineValue", uri, **place)
    assert [one["text"] for one in found] == ['a = "héllo"', 'b = "héllo"', 'return = "héllo"']


# ---- formatting


def test_range_formatting(wire: Wire, tmp_path: Path) -> None:
    text = 'model  a = "x/y"\n\nmodel  b = "x/y"\n\nmodel  c = "x/y"\n'
    uri = start(wire, tmp_path, text)
    options = {"tabSize": 2, "insertSpaces": True}
    middle = {"start": {"line": 2, "character": 3}, "end": {"line": 2, "character": 3}}
    (edit,) = ask(wire, "rangeFormatting", uri, range=middle, options=options)
    assert (edit["range"]["start"]["line"], edit["newText"]) == (2, 'model b = "x/y"\n')
    last = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 1}}
    edits = ask(wire, "rangesFormatting", uri, ranges=[middle, last], options=options)
    assert [one["range"]["start"]["line"] for one in edits] == [2, 4]


def test_on_type_formatting(wire: Wire, tmp_path: Path) -> None:
    uri = start(wire, tmp_path, "prompt p(a: str) {\n\n  model = m\n    }\n")
    options = {"tabSize": 2, "insertSpaces": True}
    place = {"position": {"line": 1, "character": 0}, "ch": "\n", "options": options}
    (edit,) = ask(wire, "onTypeFormatting", uri, **place)
    assert edit["newText"] == "  " and edit["range"]["end"] == {"line": 1, "character": 0}
    place = {"position": {"line": 3, "character": 5}, "ch": "}", "options": options}
    (edit,) = ask(wire, "onTypeFormatting", uri, **place)
    assert edit["newText"] == "" and edit["range"]["end"] == {"line": 3, "character": 4}
    assert ask(wire, "onTypeFormatting", uri, **{**place, "ch": "?"}) == []


# ---- symbols


def test_symbols_move_with_the_text(wire: Wire, tmp_path: Path) -> None:
    nested = {"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": True}}}
    uri = start(wire, tmp_path, capabilities=nested)
    before = ask(wire, "documentSymbol", uri)
    change(wire, uri, 2, 2, 0, "\n\n")
    after = ask(wire, "documentSymbol", uri)
    assert [one["name"] for one in after] == [one["name"] for one in before] == ["common.adal", "classify", "support"]
    moved = [
        two["range"]["start"]["line"] - one["range"]["start"]["line"] for one, two in zip(before, after, strict=True)
    ]
    assert moved == [0, 2, 2]


def test_symbols_of_a_client_without_nested_ones(wire: Wire, tmp_path: Path) -> None:
    found = ask(wire, "documentSymbol", start(wire, tmp_path))
    assert [(one["name"], one.get("containerName")) for one in found[:4]] == [
        ("common.adal", None),
        ("classify", None),
        ("ticket", "classify"),
        ("instruction", "classify"),
    ]
