"""The VS Code extension without an editor: its types, its unit tests, its lock file, and snippets that parse."""

from __future__ import annotations

import json
import re

import pytest

from adalang.language.syntax import parse
from adalang.language.text import SourceText

from .environment import EXTENSION, need_packages, run_node

SNIPPETS: dict[str, dict[str, object]] = json.loads((EXTENSION / "snippets" / "adal.json").read_text("utf-8"))

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
