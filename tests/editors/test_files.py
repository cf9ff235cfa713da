"""The set-ups of ``editors/`` that no editor reads here: each is well-formed, starts the server, and knows the language's words."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EDITORS = ROOT / "editors"
QUERIES = ROOT / "prompts-schema" / "tree-sitter-adal" / "queries" / "highlights.scm"
HIGHLIGHTERS = [
    "emacs/adal-mode.el",
    "kate/adal.xml",
    "neovim/syntax/adal.vim",
    "sublime/Adalang.sublime-syntax",
]


def words() -> set[str]:
    """The words of the language, as the grammar's own colours list them."""
    text = QUERIES.read_text("utf-8").partition("; Names where they are declared")[0]
    return set(re.findall(r'"(\w+)"', text)) | {
        "system",
        "user",
        "assistant",
        "str",
        "int",
        "float",
        "bool",
        "Passage",
        "Turn",
    }


@pytest.mark.parametrize("name", HIGHLIGHTERS)
def test_every_word_of_the_language_has_a_colour(name: str) -> None:
    text = (EDITORS / name).read_text("utf-8")
    assert len(words()) > 25
    assert {word for word in words() if not re.search(rf"\b{word}\b", text)} == set()


def test_helix() -> None:
    found = tomllib.loads((EDITORS / "helix" / "languages.toml").read_text("utf-8"))
    (language,) = found["language"]
    assert language["file-types"] == ["adal"]
    (server,) = language["language-servers"]
    assert [found["language-server"][server]["command"], *found["language-server"][server]["args"]] == [
        "adalang",
        "server",
    ]


def test_zed() -> None:
    folder = EDITORS / "zed"
    extension = tomllib.loads((folder / "extension.toml").read_text("utf-8"))
    language = tomllib.loads((folder / "languages" / "adal" / "config.toml").read_text("utf-8"))
    tomllib.loads((folder / "Cargo.toml").read_text("utf-8"))
    assert language["path_suffixes"] == ["adal"]
    assert extension["language_servers"]["adalang"]["languages"] == [language["name"]]
    assert language["grammar"] in extension["grammars"]
    assert (ROOT / extension["grammars"]["adal"]["path"] / "grammar.js").is_file()


def test_kate() -> None:
    server = json.loads((EDITORS / "kate" / "settings.json").read_text("utf-8"))["servers"]["adalang"]
    language = ElementTree.parse(EDITORS / "kate" / "adal.xml").getroot()
    assert server["command"] == ["adalang", "server"]
    assert re.match(server["highlightingModeRegex"], language.attrib["name"])
    assert language.attrib["extensions"] == "*.adal"


def test_sublime() -> None:
    clients = json.loads((EDITORS / "sublime" / "LSP.sublime-settings").read_text("utf-8"))["clients"]
    syntax = yaml.safe_load((EDITORS / "sublime" / "Adalang.sublime-syntax").read_text("utf-8").partition("---")[2])
    assert clients["adalang"]["command"] == ["adalang", "server"]
    assert (clients["adalang"]["selector"], syntax["file_extensions"]) == (syntax["scope"], ["adal"])
    for rules in syntax["contexts"].values():
        for rule in rules:
            re.compile(rule.get("match", ""))


@pytest.mark.parametrize("editor", ["emacs", "helix", "kate", "neovim", "sublime", "zed"])
def test_every_editor_says_whether_it_was_tried(editor: str) -> None:
    assert re.search(r"^(Tried|Untried)\b", (EDITORS / editor / "README.md").read_text("utf-8"), re.MULTILINE)
