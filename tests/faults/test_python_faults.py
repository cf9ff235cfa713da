"""Python tools that do what tools should not: an agent hears of each in one sentence, and nothing else of it is left."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.test_cli import adalang, one_clear_line
from tests.faults.world import observed, processes_of

FAULTY = Path(__file__).parent.parent / "runtime" / "tools" / "faulty.py"
IN_TIME = r"it did not come back within 0\.5 s; where it needs more, set `timeout`"
TOLD = {
    "hangs": IN_TIME,
    "hangs_async": IN_TIME,
    "hangs_deaf": IN_TIME,
    "raises": r"t\.py:\d+: KeyError: 'no such\\norder'",
    "raises_base": r"t\.py:\d+: Unusual: at the base",
    "exits": r"t\.py:\d+: SystemExit: bye",
    "interrupts": r"t\.py:\d+: KeyboardInterrupt",
    "leaves": r"it ended its process \(exit code 3\)",
    "segfaults": r"it ended its process \(signal SIGSEGV\)",
    "prints_much": r"it printed more than 10 MB",
    "prints_much_to_stderr": r"it printed more than 10 MB",
    "gives_much": r"it gave 95 MB; a tool may give 16",
    "takes_memory": r"it needed more than the 512 MB that `memory` allows",
    "writes_between": r"what it writes cannot be read",
}
"""What is told of each tool's only fault."""
SETTINGS = dict.fromkeys(("hangs", "hangs_async", "hangs_deaf"), "timeout = 0.5") | {"takes_memory": "memory = 512"}
FINE = {"forks": "all", "thread": "all", "echo": "all"}
"""Tools that leave something behind, and still give something."""


def tool(name: str) -> str:
    return f'tool {name}(x: str) -> str = python("t.py:{name}") {{ {SETTINGS.get(name, "")} }}\n'


async def test_an_agent_hears_of_all_faults_at_once_and_goes_on(tmp_path: Path) -> None:
    shutil.copy(FAULTY, tmp_path / "t.py")
    names = [*TOLD, *FINE, "daemon"]
    found = await observed(tmp_path, "".join(map(tool, names)), {name: {"x": "all"} for name in names})
    for name, told in TOLD.items():
        assert re.fullmatch(f"Error: `{name}`: {told}", found[name]), found[name]
    assert {name: found[name] for name in FINE} == FINE
    assert found["daemon"].isdigit()


@pytest.mark.parametrize("name", ["leaves", "prints_much", "hangs"])
def test_a_command_ends_with_one_clear_line(tmp_path: Path, name: str) -> None:
    shutil.copy(FAULTY, tmp_path / "t.py")
    (tmp_path / "main.adal").write_text(tool(name))
    done = adalang("run", f"main.adal:{name}", "--set", "x=a", cwd=tmp_path)
    last = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert (done.returncode, done.stdout) == (2, "")
    assert len(last) == 1 and re.fullmatch(f"error: `{name}`: {TOLD[name]}", last[0]), done.stderr
    assert "Traceback" not in done.stderr and not processes_of(tmp_path)


def test_each_call_begins_in_the_folder_and_the_environment_of_the_first(tmp_path: Path) -> None:
    shutil.copy(FAULTY, tmp_path / "t.py")
    (tmp_path / "main.adal").write_text(
        tool("wanders") + tool("whereabouts") + "pipeline p() -> str[] {\n"
        '  before = whereabouts("a")\n  there = wanders(before)\n  after = whereabouts(there)\n'
        "  return [before, there, after]\n}\n"
    )
    done = adalang("run", "main.adal:p", cwd=tmp_path, env={"PLACE": "home"})
    assert done.returncode == 0, one_clear_line(done)
    home = f"{tmp_path} home None"
    assert [line.strip(' ",') for line in done.stdout.splitlines()[1:-1]] == [home, "/ changed new", home]
