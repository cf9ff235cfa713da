"""Quick fixes, refactorings and renamed files on the wire: what each client can do, no more and no less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.lsp.wire import PULL, Wire

PAGE = '''\
# 😀
model quick = "builtin/lexical"

prompt answer(question: str) -> str {
  model = quick
  system = """😀 Answer in one sentence. {{ question }}"""
  user = """{{ question }}"""
}

dataset rows = [{ question = "?", expected = "!" }]
'''
USER = 'import "page.adal"\n\nprompt ask(q: str) {\n  model = page.quick\n  user = """{{ q }}"""\n}\n'
LITERALS: dict[str, Any] = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}
ABLE: dict[str, Any] = {
    "workspace": {
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
            "changeAnnotationSupport": {},
        }
    },
    "textDocument": {
        **PULL["textDocument"],
        "codeAction": {
            **LITERALS,
            "disabledSupport": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
    },
}
PLAIN: dict[str, Any] = {"textDocument": {**PULL["textDocument"], "codeAction": LITERALS}}


class Client:
    """One open page, and one file that imports it and is not open."""

    def __init__(self, wire: Wire, folder: Path, able: Mapping[str, Any]) -> None:
        self.wire, self.folder = wire, folder
        self.page = (folder / "page.adal").as_uri()
        (folder / "adalang.toml").touch()
        (folder / "page.adal").write_text(PAGE, encoding="utf-8")
        (folder / "user.adal").write_text(USER, encoding="utf-8")
        self.capabilities = wire.initialize(capabilities=able, root=folder)["capabilities"]
        wire.open(self.page, PAGE)
        self.text = PAGE

    def type(self, text: str, version: int) -> None:
        self.text = text
        change = {"textDocument": {"uri": self.page, "version": version}, "contentChanges": [{"text": text}]}
        self.wire.notify("textDocument/didChange", change)

    def place(self, index: int) -> dict[str, int]:
        before = self.text[:index]
        line = before.count("\n")
        return {"line": line, "character": len(before[before.rfind("\n") + 1 :].encode("utf-16-le")) // 2}

    def actions(self, first: str, last: str | None = None, **context: Any) -> list[dict[str, Any]]:
        """Of the selection from the start of ``first`` to the end of ``last``; without that of a cursor."""
        start = self.text.index(first)
        end = self.text.index(last, start) + len(last) if last is not None else start
        place = {"start": self.place(start), "end": self.place(end)}
        params = {"textDocument": {"uri": self.page}, "range": place, "context": {"diagnostics": [], **context}}
        return list(self.wire.result("textDocument/codeAction", params))

    def action(self, title: str, *where: str, **context: Any) -> dict[str, Any]:
        return next(one for one in self.actions(*where, **context) if one["title"] == title)

    def resolved(self, action: dict[str, Any]) -> dict[str, Any]:
        return dict(self.wire.result("codeAction/resolve", action)["edit"])

    def applied(self, edit: dict[str, Any]) -> dict[str, str]:
        """The texts of all changed files, by name."""
        found: dict[str, str] = {}
        for one in edit.get("documentChanges") or [
            {"textDocument": {"uri": uri}, "edits": edits} for uri, edits in edit["changes"].items()
        ]:
            if one.get("kind") == "create":
                assert one["options"] == {"overwrite": False, "ignoreIfExists": False}
                found[one["uri"].rpartition("/")[2]] = ""
                continue
            name = one["textDocument"]["uri"].rpartition("/")[2]
            before = found.get(name, {"page.adal": self.text, "user.adal": USER}.get(name, ""))
            found[name] = changed(before, one["edits"])
        return found


def changed(text: str, edits: list[dict[str, Any]]) -> str:
    def index(place: dict[str, int]) -> int:
        start = 0
        for _ in range(place["line"]):
            start = text.index("\n", start) + 1
        line = text[start:].split("\n")[0].encode("utf-16-le")
        return start + len(line[: 2 * place["character"]].decode("utf-16-le"))

    spans = [(index(one["range"]["start"]), index(one["range"]["end"]), one["newText"]) for one in edits]
    for start, end, new in sorted(spans, key=lambda one: one[:2], reverse=True):
        text = text[:start] + new + text[end:]
    return text


@pytest.fixture
def able(tmp_path: Path) -> Iterator[Client]:
    with Wire() as wire:
        yield Client(wire, tmp_path, ABLE)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Client]:
    with Wire() as wire:
        yield Client(wire, tmp_path, PLAIN)


def test_refactoring_is_worked_out_when_it_is_chosen(able: Client) -> None:
    assert able.capabilities["codeActionProvider"]["resolveProvider"] is True
    chosen = able.action("Extract to the param `instruction`", "Answer in", "sentence.")
    assert chosen["kind"] == "refactor.extract" and "edit" not in chosen
    edit = able.resolved(chosen)
    assert edit["documentChanges"][0]["textDocument"]["version"] == 1
    text = able.applied(edit)["page.adal"]
    assert (
        '  param instruction = "Answer in one sentence."\n  system = """😀 {{ instruction }} {{ question }}"""' in text
    )


def test_choice_of_an_older_version_is_refused(able: Client) -> None:
    chosen = able.action("Extract to the param `instruction`", "Answer in", "sentence.")
    able.type(PAGE.replace("# 😀\n", ""), 2)
    assert able.wire.error("codeAction/resolve", chosen) == -32801


def test_move_makes_a_file_and_follows_in_files_that_are_not_open(able: Client) -> None:
    chosen = able.action("Move `quick` to the new file models.adal", "quick", only=["refactor.move"])
    found = able.applied(able.resolved(chosen))
    assert found["models.adal"] == '# 😀\nmodel quick = "builtin/lexical"\n'
    assert found["page.adal"].startswith('import "models.adal"\n') and "model = models.quick" in found["page.adal"]
    assert found["user.adal"].startswith('import "page.adal"\nimport "models.adal"\n')
    assert "model = models.quick" in found["user.adal"]


def test_client_that_cannot_wait_gets_the_edit_at_once_and_none_that_makes_files(plain: Client) -> None:
    found = {one["title"]: one for one in plain.actions("quick", only=["refactor"])}
    assert not any("new file" in title for title in found)
    (extract,) = plain.actions("Answer in", "sentence.", only=["refactor.extract"])[:1]
    assert "data" not in extract
    assert "param instruction" in plain.applied(extract["edit"])["page.adal"]
    titles = {one["title"] for one in plain.actions("rows =", only=["refactor"])}
    assert not any("new file" in title for title in titles)


def test_kinds_and_reasons_only_for_those_who_ask(able: Client) -> None:
    where = ("sentence.", "question }}")
    assert able.actions(*where) == []
    assert able.actions(*where, only=["refactor"], triggerKind=2) == []
    refused = able.actions(*where, only=["refactor"], triggerKind=1)
    assert [one["disabled"]["reason"] for one in refused] == [
        "The selection holds a Jinja tag, and a param is plain text."
    ] * 2
    assert {one["kind"] for one in able.actions("quick", only=["refactor.rewrite"])} <= {"refactor.rewrite"}
    assert able.actions("quick", only=["source.organizeImports"]) == []
    assert able.actions("quick", only=["quickfix"]) == []


def test_client_without_disabled_support_is_told_of_no_refusals(plain: Client) -> None:
    assert plain.actions("sentence.", "question }}", only=["refactor"], triggerKind=1) == []


def test_unknown_name_is_imported_from_a_file_that_nobody_has_opened(able: Client) -> None:
    (able.folder / "lib.adal").write_text('param tone = "Be kind."\n', encoding="utf-8")
    able.type(PAGE.replace("Answer in one", "{{ tone }} Answer in one"), 2)
    chosen = able.action("Import lib.adal and write `lib.tone`", "tone")
    text = able.applied(chosen["edit"])["page.adal"]
    assert 'import "lib.adal"' in text and "{{ lib.tone }}" in text
    assert chosen["diagnostics"][0]["code"] == "ADL301"


def test_all_of_one_kind(able: Client) -> None:
    able.type(PAGE.replace("{{ question }}", "{{ qestion }}"), 2)
    chosen = able.action("Fix all 2 of this kind: unknown-variable", "qestion")
    assert able.applied(chosen["edit"])["page.adal"] == PAGE


def test_missing_import_is_made_where_the_client_makes_files(able: Client) -> None:
    able.type('import "lib.adal"\n' + PAGE, 2)
    edit = able.action("Create lib.adal", '"lib.adal"')["edit"]
    assert edit["documentChanges"] == [
        {
            "kind": "create",
            "uri": (able.folder / "lib.adal").as_uri(),
            "options": {"overwrite": False, "ignoreIfExists": False},
        }
    ]


def test_organize_imports(able: Client) -> None:
    (able.folder / "a.adal").write_text('model m = "builtin/lexical"\n', encoding="utf-8")
    page = 'import "user.adal"\nimport "a.adal"\n\nprompt x(q: str) {\n  model = a.m\n  user = """{{ q }}"""\n}\n'
    (able.folder / "page.adal").write_text(page, encoding="utf-8")
    able.wire.notify("textDocument/didClose", {"textDocument": {"uri": able.page}})
    able.text = page
    able.wire.open(able.page, page, 3)
    (chosen,) = able.actions("prompt x", only=["source.organizeImports"])
    assert able.applied(able.resolved(chosen))["page.adal"].startswith('import "a.adal"\n\nprompt')


def test_paths_follow_a_file_that_gets_another_name(able: Client) -> None:
    filters = able.capabilities["workspace"]["fileOperations"]["willRename"]["filters"]
    assert filters[0]["pattern"]["glob"].startswith("**/*.{adal,")
    new = (able.folder / "deep" / "house.adal").as_uri()
    edit = able.wire.result("workspace/willRenameFiles", {"files": [{"oldUri": able.page, "newUri": new}]})
    found = able.applied(edit)
    assert found == {"user.adal": USER.replace("page.adal", "deep/house.adal").replace("page.quick", "house.quick")}
    able.wire.notify("workspace/didRenameFiles", {"files": [{"oldUri": able.page, "newUri": new}]})
    able.wire.notify("workspace/didCreateFiles", {"files": [{"uri": new}]})
    able.wire.notify("workspace/didDeleteFiles", {"files": [{"uri": new}]})
    nobody = (able.folder / "nobody.md").as_uri()
    assert able.wire.result("workspace/willRenameFiles", {"files": [{"oldUri": nobody, "newUri": new}]}) is None


@pytest.mark.parametrize("data", [None, 3, {"uri": "file:///nowhere.adal", "version": 1, "span": [0, 0]}])
def test_action_of_somebody_else_is_refused(able: Client, data: Any) -> None:
    assert able.wire.error("codeAction/resolve", {"title": "x", "data": data}) == -32602


def test_a_client_that_knows_commands_only_gets_no_literals(tmp_path: Path) -> None:
    with Wire() as wire:
        client = Client(wire, tmp_path, {"textDocument": PULL["textDocument"]})
        assert client.capabilities["codeActionProvider"] is True
        client.type(PAGE.replace("model = quick", "model = quik"), 2)
        assert client.actions("quik") == []


@pytest.mark.parametrize("tagged", [False, True])
def test_tags_go_to_those_who_know_them(tmp_path: Path, tagged: bool) -> None:
    abilities = {"publishDiagnostics": {"tagSupport": {"valueSet": [1, 2]}} if tagged else {}}
    with Wire() as wire:
        wire.initialize(capabilities={"textDocument": abilities}, root=tmp_path)
        wire.open((tmp_path / "page.adal").as_uri(), 'prompt p(a: str, b: str) = """{{ a }}"""\n')
        (found,) = wire.until("textDocument/publishDiagnostics")["diagnostics"]
    assert found["code"] == "ADL302" and found.get("tags") == ([1] if tagged else None)
