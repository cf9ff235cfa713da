"""The contract of the language: each of its constructs is written in one of these files, and runs with no key.

A file's first comment has the commands that are run (`# $ …`), each with lines that it prints.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks import DiskFacts, check
from adalang.language.program import Program, load
from adalang.language.settings import ALLOWED, FUNCTIONS, KEYWORDS, NUMBERS, RETRIEVAL_METHODS, SETTINGS, TOOL_OPTIONS
from tests.docs.blocks import run_page

FOLDER = Path(__file__).parents[1] / "fixtures" / "contract"
FILES = sorted(path for path in FOLDER.glob("*.adal") if path.name != "common.adal")
SEPARATE = {"base", "operation", "query"}
"""What an HTTP tool may be told besides: run against a real server in tests/runtime/tools."""


def loaded(file: Path) -> Program:
    program = load(file)
    assert program is not None
    return program


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_file_shows_runs(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "contract"
    shutil.copytree(FOLDER, folder)
    (folder / "adalang.toml").touch()
    lines = [line.removeprefix("#").removeprefix(" ") for line in file.read_text().split("\n\n")[0].splitlines()]
    start = next(at for at, line in enumerate(lines) if line.startswith("$ "))
    page = folder / f"{file.stem}.md"
    page.write_text("\n".join(["```console", *lines[start:], "```", ""]))
    assert run_page(page, folder) == 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_in_it_is_an_error(file: Path) -> None:
    assert [one.message for one in check(loaded(file), facts=DiskFacts()) if one.severity == "error"] == []


def test_every_declaration_setting_function_and_metric_is_in_one_of_them() -> None:
    written: dict[str, set[str]] = {kind: set() for kind in SETTINGS}
    for file in FILES:
        for item in loaded(file).root.items:
            declaration = item.declaration
            kind = type(declaration).__name__.removesuffix("Declaration").lower()
            written.setdefault(kind, set()).update(one.name.text for one in getattr(declaration, "settings", ()))
            for demos in getattr(declaration, "demos", ()):
                written["demos"].update(one.name.text for one in demos.settings)
    assert {kind: {*SETTINGS[kind]} - written[kind] for kind in SETTINGS if {*SETTINGS[kind]} - written[kind]} == {}
    text = "\n".join(file.read_text() for file in FILES)
    options = {name for table in TOOL_OPTIONS.values() for name in table} - SEPARATE
    words = [*KEYWORDS, *METRIC_SIGNATURES, *FUNCTIONS, *RETRIEVAL_METHODS, *ALLOWED, *options]
    words += [key for table in NUMBERS.values() for key in table]
    assert [word for word in words if not re.search(rf"\b{word}\b", text)] == []
