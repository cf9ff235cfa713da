"""The shipped examples and the starter project: checked clean, and their READMEs' commands run as they are shown."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.commands import run_command
from tests.docs.blocks import run_page

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/README.md"))
SERVICES = {ROOT / "examples" / "fastapi"}
"""These show a program around a file, not how a file is made better."""
STARTER = ROOT / "server" / "adalang" / "cli" / "starter"


def adalang(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run_command(*map(str, arguments), cwd=cwd, environment=os.environ)


def test_every_example_says_how_to_use_it() -> None:
    assert {path.parent for path in (ROOT / "examples").rglob("*.adal")} == set(EXAMPLES)


@pytest.mark.parametrize("example", sorted({*EXAMPLES} - SERVICES), ids=lambda example: example.name)
def test_it_has_data_a_goal_and_an_optimization_that_its_readme_runs(example: Path) -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in example.glob("*.adal"))
    assert all(re.search(rf"^ *{word}\b", text, re.MULTILINE) for word in ("dataset", "eval", "goal", "optimize"))
    readme = (example / "README.md").read_text(encoding="utf-8")
    assert "$ adalang optimize " in readme and "held-out rows" in readme


@pytest.mark.parametrize("folder", ["examples", STARTER.relative_to(ROOT).as_posix()])
def test_nothing_is_found_in_them_and_nothing_is_to_format(folder: str) -> None:
    checked = adalang("check", folder, cwd=ROOT)
    assert (checked.returncode, checked.stdout.splitlines()[-1].partition(": ")[2]) == (0, "nothing found."), (
        checked.stdout
    )
    assert adalang("fmt", "--check", folder, cwd=ROOT).returncode == 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_its_readme_is_so(example: Path, tmp_path: Path) -> None:
    folder = tmp_path / example.name
    shutil.copytree(example, folder, ignore=shutil.ignore_patterns(".adalang", "__pycache__", "refunds.log"))
    assert run_page(folder / "README.md", folder) > 0


@pytest.mark.parametrize(
    "file",
    sorted([*(ROOT / "examples").rglob("*.jsonl"), *STARTER.glob("*.jsonl")]),
    ids=lambda file: f"{file.parent.name}/{file.name}",
)
def test_rows_have_ids_and_no_two_say_the_same(file: Path) -> None:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows)
    said = Counter(
        json.dumps({name: value for name, value in row.items() if name != "id"}, sort_keys=True).casefold()
        for row in rows
    )
    assert [text for text, count in said.items() if count > 1] == []


def test_the_starter_project_works_from_nothing_to_an_applied_proposal(tmp_path: Path) -> None:
    made = adalang("init", "mine", cwd=tmp_path)
    assert made.returncode == 0 and "adalang optimize mine/triage.adal" in made.stdout
    folder = tmp_path / "mine"
    assert adalang("init", cwd=folder).returncode == 2, "what is there is never overwritten"
    assert adalang("check", "--strict", cwd=folder).returncode == 0
    before = adalang("eval", "triage.adal", "--json", cwd=folder)
    assert before.returncode == 1, "the goal is missed, which is what the optimizer is for"
    assert adalang("optimize", "triage.adal", "--apply", cwd=folder).returncode == 0
    after = adalang("eval", "triage.adal", "--json", cwd=folder)
    assert after.returncode == 0
    assert json.loads(after.stdout)[0]["score"] > json.loads(before.stdout)[0]["score"]
