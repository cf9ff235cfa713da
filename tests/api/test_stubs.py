"""``adalang stubs``: what it writes is accepted by the type checkers, finds mistakes, and runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.api.stubs import module_files, module_name
from adalang.api.stubs.names import docstring, quoted
from adalang.language.program import load
from tests.commands import run_command

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "stubs"
EXAMPLES = [path for path in (ROOT / "examples").rglob("*.adal") if path.parent.name != "fastapi"]
WRONG_LINES = list(range(4, 18))
"""Each of the calls in wrong.py has one mistake."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stubs")
    shutil.copytree(FIXTURES, folder, dirs_exist_ok=True)
    assert stubs("desk.adal", cwd=folder).returncode == 0
    written = stubs(*map(str, EXAMPLES), "--out", "shown", cwd=folder)
    assert written.returncode == 0, written.stderr
    return folder


def stubs(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run_command("stubs", *arguments, cwd=cwd, environment=os.environ)


def test_mypy_accepts_what_is_right_and_finds_what_is_wrong(folder: Path) -> None:
    others = ["engine", "evaluation", "optimizer", "report", "store", "language", "runtime.models"]
    skipped = ",".join(f"adalang.{room}.*" for room in others)  # what the stubs do not speak of: it would take long
    (folder / "mypy.ini").write_text(f"[mypy]\nstrict = true\n[mypy-{skipped}]\nfollow_imports = skip\n")
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--cache-dir", os.devnull]
    found = subprocess.run(
        [*command, "right.py", "examples.py", "wrong.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT / "server")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    errors = re.findall(r"^(.+):(\d+): error", found.stdout, re.MULTILINE)
    assert [(file, int(line)) for file, line in errors] == [("wrong.py", line) for line in WRONG_LINES], found.stdout


def test_pyright_accepts_what_is_right_and_finds_what_is_wrong(folder: Path) -> None:
    config = {
        "include": ["right.py", "examples.py", "wrong.py", "desk_adal.py", "desk_adal.pyi", "shown"],
        "extraPaths": [str(ROOT / "server")],
        "typeCheckingMode": "strict",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    found = subprocess.run(
        [*command, "-p", "pyrightconfig.json"], cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )
    told = json.loads(found.stdout)["generalDiagnostics"]
    places = sorted({(Path(one["file"]).name, one["range"]["start"]["line"] + 1) for one in told})
    assert places == [("wrong.py", line) for line in WRONG_LINES], found.stdout


def test_the_module_loads_its_file_from_anywhere_and_has_the_types(folder: Path, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "from typing import get_args\n"
        "from desk_adal import Owner, Program, Team, load\n"
        "with load(model='builtin/lexical') as program:\n"
        "    assert isinstance(program, Program)\n"
        "    assert program.classify('returns') in get_args(Team)\n"
        "    assert program['check']('a', y='b') == ['a', 'b']\n"
        "    assert program.import_it('', 'a') == program.import_it(**{'class': 'a'}) == 'a'\n"
        "assert Owner.__required_keys__ == {'name', 'nick'}\n"
        "assert not {'litellm', 'numpy'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_check_writes_nothing_and_says_what_is_not_current(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES, tmp_path, dirs_exist_ok=True)
    missing = stubs("--check", "desk.adal", "--out", "made", cwd=tmp_path)
    assert missing.returncode == 1 and "is not current: made/desk_adal.pyi" in missing.stderr
    assert not (tmp_path / "made").exists()
    assert stubs("desk.adal", "--out", "made", cwd=tmp_path).returncode == 0
    assert 'parent / "../desk.adal"' in (tmp_path / "made" / "desk_adal.py").read_text()
    assert stubs("--check", "desk.adal", "--out", "made", cwd=tmp_path).stderr == "1 module current.\n"
    with (tmp_path / "desk.adal").open("a") as file:
        file.write('prompt more(a: str) -> int = """{{ a }}"""\n')
    stale = stubs("--check", "desk.adal", "--out", "made", cwd=tmp_path)
    assert stale.returncode == 1 and stale.stderr == "is not current: made/desk_adal.pyi\n", "its .py is"


def test_a_file_with_errors_and_two_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "desk.adal").write_text('prompt p(a: Nothing) -> int = """{{ a }}"""\n')
    broken = stubs(".", cwd=tmp_path)
    assert broken.returncode == 2 and "Nothing" in broken.stderr and not list(tmp_path.rglob("*.py"))
    (tmp_path / "a" / "desk.adal").write_text('prompt p(a: str) -> int = """{{ a }}"""\n')
    (tmp_path / "desk.adal").write_text('prompt q(a: str) -> int = """{{ a }}"""\n')
    both = stubs(".", "--out", "made", cwd=tmp_path)
    assert both.returncode == 2 and "two files want the module desk_adal" in both.stderr
    assert stubs(".", cwd=tmp_path).returncode == 0


def test_module_names_are_names() -> None:
    names = [module_name(Path(name)) for name in ("support.adal", "my-desk.adal", "2nd line.adal", "class.adal")]
    assert names == ["support_adal", "my_desk_adal", "_2nd_line_adal", "class_adal"]


@given(st.text())
def test_any_comment_is_a_docstring_and_any_label_a_literal(text: str) -> None:
    scope: dict[str, Any] = {}
    exec("\n".join([f"label = {quoted(text)}", "class Doc:", *docstring(text, "    "), "    pass"]), scope)
    assert scope["label"] == text
    said, meant = ([line.strip() for line in one.strip().split("\n")] for one in (scope["Doc"].__doc__ or "", text))
    assert said == meant


def test_the_same_program_gives_the_same_module() -> None:
    program = load(FIXTURES / "desk.adal")
    assert program is not None
    assert module_files(program, FIXTURES) == module_files(program, FIXTURES)
