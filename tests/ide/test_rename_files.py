"""Renamed and moved files: every written path and imported name follows."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from adalang.ide.rename_files import renamed
from adalang.language.program import Module, Program, link
from adalang.language.text import SourceText

HOME = Path("/project")
FILES = {
    "main.adal": 'import "lib/common.adal"\n\n'
    'tool find(id: str) -> str = python("tools.py:find")\n'
    'dataset rows = "data/rows.jsonl"\n'
    'dataset split { train = "data/a.jsonl", test = "./data/b.jsonl" }\n'
    'retriever docs(query: str) -> Passage[] {\n  corpus = ["docs/**/*.md", "*.txt", "/abs/*.md"]\n}\n'
    'model said = "replay/data/said.jsonl"\n'
    "prompt ask(q: str, common: str) -> common.Kind {\n"
    '  model = common.fast\n  user = """{{ q }} {{ common }}"""\n}\n'
    'prompt tell(q: str) = """{{ common.tone }} {{ q }}"""\n'
    "eval good of ask {\n  data = rows\n"
    '  metric = python("tools.py:score")\n}\n',
    "lib/common.adal": 'type Kind = "a" | "b"\nmodel fast = "builtin/lexical"\nparam tone = "Be kind."\n',
    "lib/other.adal": 'import "common.adal"\nimport "../main.adal"\nprompt say(q: str) = """{{ common.tone }} {{ q }}"""\n',
}


def programs(files: Mapping[str, str]) -> list[Program]:
    modules = {HOME / name: Module.parse(HOME / name, SourceText.of(text)) for name, text in files.items()}
    return [link(module, modules.get) for module in modules.values()]


def after(moves: Mapping[str, str], files: Mapping[str, str] = FILES) -> dict[str, str]:
    """The files under their new names with the edits made."""
    change = renamed({HOME / old: HOME / new for old, new in moves.items()}, programs(files))
    found = {}
    for name, text in files.items():
        new = next((moves[old] + name[len(old) :] for old in moves if name == old or name.startswith(old + "/")), name)
        found[new] = str(SourceText.of(text).apply(change.edits.get(HOME / name, ())))
    return found


def lines(new: str, old: str) -> list[str]:
    return [line for line in new.splitlines() if line not in old.splitlines()]


def test_imported_file_with_another_name() -> None:
    found = after({"lib/common.adal": "lib/house.adal"})
    assert lines(found["main.adal"], FILES["main.adal"]) == [
        'import "lib/house.adal"',
        "prompt ask(q: str, common: str) -> house.Kind {",
        "  model = house.fast",
        'prompt tell(q: str) = """{{ house.tone }} {{ q }}"""',
    ]
    assert lines(found["lib/other.adal"], FILES["lib/other.adal"]) == [
        'import "house.adal"',
        'prompt say(q: str) = """{{ house.tone }} {{ q }}"""',
    ]


def test_file_in_another_folder_takes_its_paths_along() -> None:
    found = after({"main.adal": "app/main.adal"})
    assert lines(found["app/main.adal"], FILES["main.adal"]) == [
        'import "../lib/common.adal"',
        'tool find(id: str) -> str = python("../tools.py:find")',
        'dataset rows = "../data/rows.jsonl"',
        'dataset split { train = "../data/a.jsonl", test = "../data/b.jsonl" }',
        '  corpus = ["../docs/**/*.md", "../*.txt", "/abs/*.md"]',
        'model said = "replay/../data/said.jsonl"',
        '  metric = python("../tools.py:score")',
    ]
    assert 'import "../app/main.adal"' in found["lib/other.adal"]


def test_folder() -> None:
    found = after({"data": "rows", "docs": "pages", "lib": "shared"})
    assert lines(found["main.adal"], FILES["main.adal"]) == [
        'import "shared/common.adal"',
        'dataset rows = "rows/rows.jsonl"',
        'dataset split { train = "rows/a.jsonl", test = "rows/b.jsonl" }',
        '  corpus = ["pages/**/*.md", "*.txt", "/abs/*.md"]',
        'model said = "replay/rows/said.jsonl"',
    ]
    assert found["shared/other.adal"] == FILES["lib/other.adal"]


def test_python_file() -> None:
    found = after({"tools.py": "code/tools.py"})
    assert 'python("code/tools.py:find")' in found["main.adal"]
    assert 'python("code/tools.py:score")' in found["main.adal"]


def test_name_that_is_no_word_changes_the_path_alone() -> None:
    found = after({"lib/common.adal": "lib/our-house.adal"})
    assert 'import "lib/our-house.adal"' in found["main.adal"]
    assert "common.fast" in found["main.adal"]


NAMES = st.sampled_from(["main.adal", "lib/common.adal", "lib/other.adal", "data/rows.jsonl", "tools.py"])


@given(NAMES, st.sampled_from(["x", "deep/er/x", "lib/x", "out/of/x"]))
def test_there_and_back_again_is_the_same(old: str, to: str) -> None:
    new = os.path.normpath(to + Path(old).suffix)
    there = after({old: new})
    back = after({new: old}, there)
    clean = {name: text.replace("./data", "data") for name, text in FILES.items()}
    assert {name: text.replace("./data", "data") for name, text in back.items()} == clean
