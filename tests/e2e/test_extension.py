"""The VS Code extension without an editor: its types, its unit tests, its lock file, and snippets that parse."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import pytest

from adalang.ide.inlay_hints import Hints
from adalang.ide.legend import MODIFIERS, TYPES
from adalang.ide.lenses import ACTIONS
from adalang.language.syntax import parse
from adalang.language.text import SourceText
from adalang.lsp.capabilities import COMMANDS
from adalang.lsp.client import Options
from adalang.lsp.features.code_lenses import SHOW_REFERENCES

from .environment import EXTENSION, need_packages, run_node

SNIPPETS: dict[str, dict[str, object]] = json.loads((EXTENSION / "snippets" / "adal.json").read_text("utf-8"))
CONTRIBUTES = json.loads((EXTENSION / "package.json").read_text("utf-8"))["contributes"]

# Where a snippet that is not a declaration may stand.
AROUND = {
    "Demos": "prompt p(text: str) {{\n{}\n}}",
    "System message": "prompt p(text: str) {{\n{}\n}}",
    "User message": "prompt p(text: str) {{\n{}\n}}",
    "Assistant message": "prompt p(text: str) {{\n{}\n}}",
    "For each": "pipeline p(questions: str[]) -> str[] {{\n{}\n  return answers\n}}",
    "Match": "pipeline p(text: str) -> str {{\n  x =\n{}\n  return x\n}}",
    "Repeat": "pipeline p(text: str) -> str {{\n{}\n  return x\n}}",
}


@pytest.mark.timeout(180)
def test_types() -> None:
    need_packages()
    run_node("npm", "run", "--silent", "check", timeout=120)


@pytest.mark.timeout(180)
def test_units() -> None:
    need_packages()
    run_node("npm", "run", "--silent", "test", timeout=120)


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((EXTENSION / "package-lock.json").read_text("utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_the_settings_are_those_that_the_server_follows() -> None:
    declared = {name: one["default"] for name, one in CONTRIBUTES["configuration"]["properties"].items()}
    followed = {f"adalang.inlayHints.{name}": shown for name, shown in asdict(Hints()).items()}
    followed |= {f"adalang.codeLens.{name}": name in Options().lenses for name in ACTIONS}
    followed["adalang.evaluateOnSave"] = Options().evaluate_on_save
    assert {name: declared.get(name) for name in followed} == followed
    assert {
        name for name in declared if name.startswith(("adalang.inlayHints.", "adalang.codeLens."))
    } <= followed.keys()


# What VS Code knows of itself.
STANDARD_MODIFIERS = {"declaration", "documentation", "readonly", "modification", "defaultLibrary"}


def test_the_colours_are_for_tokens_that_the_server_sends() -> None:
    declared = {one["id"] for one in CONTRIBUTES["semanticTokenModifiers"]}
    assert declared | STANDARD_MODIFIERS == set(MODIFIERS)
    for one in CONTRIBUTES["semanticTokenScopes"]:
        for selector in one["scopes"]:
            kind, *modifiers = selector.split(".")
            assert kind in TYPES, selector
            assert set(modifiers) <= set(MODIFIERS), selector


def test_extension_and_server_know_the_same_commands() -> None:
    source = "".join(path.read_text("utf-8") for path in sorted((EXTENSION / "src").glob("*.ts")))
    sent = set(re.findall(r'"adalang\.server\.(\w+)"', source))
    assert sent, "the extension sends commands by their names"
    assert sent <= set(COMMANDS)
    assert f'"{SHOW_REFERENCES}":' in source


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_is_valid_as_it_is_inserted(name: str) -> None:
    body = SNIPPETS[name]["body"]
    assert isinstance(body, list)
    text = inserted("\n".join(body))
    around = AROUND.get(name)
    if around is not None:
        text = around.format("\n".join(f"  {line}" for line in text.splitlines()))
    tree = parse(SourceText(f"{text}\n".encode()))
    assert not tree.root_node.has_error, text


def inserted(body: str) -> str:
    """A snippet's text with the first choice taken and every placeholder left as it is."""
    body = re.sub(r"\$\{\d+\|([^,|]*)[^}]*\|\}", r"\1", body)
    body = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", body)
    return re.sub(r"\$\d+", "", body)
