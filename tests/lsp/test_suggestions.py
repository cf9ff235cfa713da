"""Completion, signature help and hover through the protocol; what the answers hold is tested with fixtures in tests/ide."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lsp.wire import Wire

from adalang.language.fingerprint import disk_hash, fingerprint
from adalang.language.program import load
from adalang.store import Store
from adalang.store.records import EvaluationRecord

PAGE = '''\
# 😀 Sorts a ticket
prompt classify(ticket: str, größe: str = "é") -> str {
  user = """😀 {{ ticket }} {{ größe }}"""
}

pipeline desk(ticket: str) -> str {
  kind = classify(ticket)
  return kind
}

dataset tickets = "data/tickets.jsonl"

eval routing of classify {
  data = tickets
  expect = row.label
  metric = exact_match
}
'''
OTHER = '# How the house writes\nparam style = "Short."\n\nprompt ask(question: str) -> str = """{{ question }}"""\n'
MODERN: dict[str, Any] = {
    "textDocument": {
        "completion": {
            "completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]},
            "completionList": {"itemDefaults": ["editRange"]},
        },
        "hover": {"contentFormat": ["markdown"]},
        "signatureHelp": {
            "signatureInformation": {
                "documentationFormat": ["markdown"],
                "parameterInformation": {"labelOffsetSupport": True},
                "noActiveParameterSupport": True,
            }
        },
    }
}


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path.resolve()
    (root / "adalang.toml").write_text('model = "openai/gpt-4o-mini"\n')
    (root / "data").mkdir()
    (root / "data" / "tickets.jsonl").write_text('{"ticket": "a", "label": "billing"}\n')
    (root / "other.adal").write_text(OTHER, encoding="utf-8")
    (root / "page.adal").write_text(PAGE, encoding="utf-8")
    return root


class Page:
    """One open document whose text changes as a whole. ``$0`` is the cursor."""

    def __init__(self, wire: Wire, folder: Path, capabilities: dict[str, Any]) -> None:
        wire.initialize(capabilities=capabilities, root=folder)
        self._wire, self.uri, self._version = wire, (folder / "page.adal").as_uri(), 1
        wire.open(self.uri, PAGE)

    def ask(self, method: str, text: str) -> Any:
        """What the server says at the cursor of ``text``."""
        at = text.index("$0")
        line, column = text.count("\n", 0, at), len(text[text.rfind("\n", 0, at) + 1 : at].encode("utf-16-le")) // 2
        self._version += 1
        document = {"uri": self.uri, "version": self._version}
        changes = [{"text": text.replace("$0", "")}]
        self._wire.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
        position = {"line": line, "character": column}
        return self._wire.result(method, {"textDocument": {"uri": self.uri}, "position": position})

    def resolve(self, item: dict[str, Any]) -> Any:
        return self._wire.result("completionItem/resolve", item)


def test_completion_shares_ranges_and_resolves_late(wire: Wire, folder: Path) -> None:
    page = Page(wire, folder, MODERN)
    found = page.ask("textDocument/completion", PAGE.replace("kind = classify(ticket)", "kind = cla$0"))
    assert found["isIncomplete"] is False
    start, end = {"line": 6, "character": 9}, {"line": 6, "character": 12}
    assert found["itemDefaults"]["editRange"] == {"start": start, "end": end}
    item = next(one for one in found["items"] if one["label"] == "classify")
    assert "documentation" not in item and "textEdit" not in item
    assert (item["textEditText"], item["insertTextFormat"]) == ("classify(${1:ticket})", 2)
    said = page.resolve(item)
    assert said["detail"] == "prompt classify(ticket: str, größe: str = …) -> str"
    assert said["documentation"] == {"kind": "markdown", "value": "😀 Sorts a ticket"}
    assert {name: said[name] for name in item if name != "detail"} == {
        name: item[name] for name in item if name != "detail"
    }
    assert page.resolve({"label": "x", "data": 3}) == {"label": "x", "data": 3}


def test_a_plain_client_gets_plain_texts(wire: Wire, folder: Path) -> None:
    page = Page(wire, folder, {})
    found = page.ask("textDocument/completion", PAGE.replace("kind = classify(ticket)", "kind = cla$0"))
    assert "itemDefaults" not in found
    item = next(one for one in found["items"] if one["label"] == "classify")
    assert item["textEdit"]["newText"] == "classify" and "insertTextFormat" not in item
    assert page.resolve(item)["documentation"]["kind"] == "plaintext"
    helped = page.ask("textDocument/signatureHelp", PAGE.replace("classify(ticket)", "classify(ticket, größ$0"))
    assert helped["signatures"][0]["parameters"][1]["label"] == 'größe: str = "é"'
    helped = page.ask("textDocument/signatureHelp", PAGE.replace("classify(ticket)", "classify(ticket, ticket, $0)"))
    assert "activeParameter" not in helped  # an index behind the last one would mean the first one as well


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ('import "$0"', {"data/", "other.adal", "page.adal"}),
        ('dataset rows = "data/$0"', {"tickets.jsonl", "more.tsv"}),
        ('tool find(x: str) -> str = python("tools.py:$0")', {"find"}),
        ('tool find(x: str) -> str = http("$0")', {"data/", "api.yaml"}),
    ],
)
def test_the_first_answer_has_what_is_on_the_disk(wire: Wire, folder: Path, written: str, labels: set[str]) -> None:
    (folder / "data" / "more.tsv").touch()
    (folder / "api.yaml").touch()
    (folder / "tools.py").write_text("def find(x): ...\n")
    found = Page(wire, folder, MODERN).ask("textDocument/completion", f"{written}\n")
    assert {one["label"] for one in found["items"]} == labels and not found["isIncomplete"]


def test_folders_and_files_of_the_workspace_come_as_soon_as_they_are_read(wire: Wire, folder: Path) -> None:
    page = Page(wire, folder, MODERN)

    def until(text: str, wanted: str) -> dict[str, Any]:
        for _ in range(200):
            found = page.ask("textDocument/completion", text)
            items = [one for one in found["items"] if one["label"] == wanted]
            if items:
                return dict(items[0])
            time.sleep(0.02)
        raise AssertionError(f"{wanted} never came")

    assert until(PAGE.replace("data/tickets.jsonl", "data/$0"), "tickets.jsonl")["kind"] == 17
    item = until(PAGE.replace("kind = classify(ticket)", "kind = oth$0"), "other.ask")
    assert item["detail"] == 'import "other.adal"'
    edit = item["additionalTextEdits"][0]
    assert edit["newText"] == 'import "other.adal"\n\n'
    assert page.resolve(item)["detail"] == "prompt ask(question: str) -> str"


def test_signature_help_counts_in_utf_16(wire: Wire, folder: Path) -> None:
    page = Page(wire, folder, MODERN)
    found = page.ask("textDocument/signatureHelp", PAGE.replace("classify(ticket)", "classify(ticket, größ$0"))
    signature = found["signatures"][0]
    assert signature["label"] == 'classify(ticket: str, größe: str = "é") -> str'
    start, end = signature["parameters"][found["activeParameter"]]["label"]
    assert signature["label"][start:end] == 'größe: str = "é"'
    assert signature["documentation"]["value"] == "😀 Sorts a ticket"
    found = page.ask("textDocument/signatureHelp", PAGE.replace("classify(ticket)", "classify(ticket, ticket, $0)"))
    assert found["activeParameter"] is None  # behind the last one
    assert page.ask("textDocument/signatureHelp", PAGE.replace("return kind", "return ki$0nd")) is None


def test_hover_tells_the_default_model_and_the_last_score(wire: Wire, folder: Path) -> None:
    program = load(folder / "page.adal")
    assert program is not None
    print_ = fingerprint(program, "classify", disk_hash)
    store = Store.open(folder)
    store.put_evaluation(EvaluationRecord("page.adal", "routing", "val", print_, 150, 0.78, 0.71, 0.84))
    store.close()
    page = Page(wire, folder, MODERN)

    def until(text: str, *wanted: str) -> str:
        for _ in range(200):
            value = str(page.ask("textDocument/hover", text)["contents"]["value"])
            if all(one in value for one in wanted):
                return value
            time.sleep(0.02)
        raise AssertionError(value)

    asked = PAGE.replace("prompt classify", "prompt class$0ify")
    value = until(asked, "`routing`: 78% [71, 84] on 150 val examples", "the default of adalang.toml")
    assert "before the last change" not in value
    changed = asked.replace("😀 {{ ticket }}", "Sort: {{ ticket }}")
    until(changed, "`routing`: 78% [71, 84] on 150 val examples", "before the last change")
