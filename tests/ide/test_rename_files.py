"""Renamed and moved files: every written path and imported name follows."""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.ide.fixtures import Case, cases, changed, read

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


@cases("rename_files")
def test_rename_files(case: Case, update: bool) -> None:
    """The changed lines of all files when those of the first lines (``# move: old -> new``) move."""
    home, found = case.path.parent, re.findall(r"# move: (.+) -> (.+?)\r?\n", case.text.decode())
    moves = {home / old: home / new for old, new in found}
    others = [read(path).program for path in sorted((home / "imported").rglob("*.adal"))]
    change = renamed(moves, [case.program, *others])
    assert not change.created
    modules = {path: module for one in (*others, case.program) for path, module in one.modules.items()}
    lines: list[str] = []
    for path, edits in change.edits.items():
        lines += [path.relative_to(home).as_posix(), *(f"  {line}" for line in changed(modules[path].source, edits))]
    case.check(lines, update)


NAMES = st.sampled_from(["main.adal", "lib/common.adal", "lib/other.adal", "data/rows.jsonl", "tools.py"])


@given(NAMES, st.sampled_from(["x", "deep/er/x", "lib/x", "out/of/x"]))
def test_there_and_back_again_is_the_same(old: str, to: str) -> None:
    new = os.path.normpath(to + Path(old).suffix)
    there = after({old: new})
    back = after({new: old}, there)
    clean = {name: text.replace("./data", "data") for name, text in FILES.items()}
    assert {name: text.replace("./data", "data") for name, text in back.items()} == clean
