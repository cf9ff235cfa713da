"""Runs the fenced blocks of a Markdown page, so that what documents say stays true.

- ```console: each line that starts with `$ ` is run; the lines below it have to occur in its output, in this order.
  Numbers and proposals' ids stand for any, and `…` for anything; what `adalang eval` tells before a search is exact. It has
  to end with 0, unless `$ echo $?` follows and says otherwise.
- ```python: is run, in the same folder as the console blocks, all blocks of a page in one process's order; ```python FILE and
  ```json FILE are written to FILE instead.
- ```adal: must have no errors; ```adal FILE is written to FILE first, for the blocks below it.
- Others (```sh, ```text, ```lua, ```toml …) are only shown.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.commands import run_command

_FENCE = re.compile(r"^( *)```(\S*) *(.*)$")
_QUOTED = re.compile(r"'[^']*'|\"[^\"$`\\]*\"")
_SHELL = re.compile(r"[|&;<>()$`*?~#\\\"']")
_LEFT_OUT = re.compile("…")
_ANYTHING = re.compile(r"…|\b[0-9a-f]{8}\b|\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the rest of the fence's line, its text, and the line of the page that it starts on."""

    language: str
    info: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    fence: tuple[str, str, int] | None = None
    inside: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        match = _FENCE.match(line)
        if match and fence is None:
            fence, inside = (match[2], match[3], number), []
            indent = len(match[1])
        elif match and fence is not None and not match[2]:
            yield Block(fence[0], fence[1], "\n".join(inside) + "\n", fence[2])
            fence = None
        elif fence is not None:
            inside.append(line[indent:] if not line[:indent].strip() else line)
    assert fence is None, f"{page}: the block of line {fence[2] if fence else 0} is never closed"


def run_page(page: Path, folder: Path) -> int:
    """Run a page's blocks in ``folder``; gives how many were run."""
    here = Here(folder, page.name)
    count = 0
    for block in blocks(page):
        match block.language:
            case "python" | "json" if block.info:
                here.write(block)
            case "console":
                here.console(block)
            case "python":
                here.python(block)
            case "adal":
                here.adal(block)
            case _:
                continue
        count += 1
    return count


class Here:
    """A folder where a page's blocks are run one after another."""

    def __init__(self, folder: Path, page: str) -> None:
        self._folder = folder
        self._page = page
        self._searched = False
        keep = {name: value for name, value in os.environ.items() if not name.startswith("ADALANG_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment = keep | {"PATH": path, "NO_COLOR": "1", "COLUMNS": "120"}

    def console(self, block: Block) -> None:
        steps = _steps(block.text)
        for at, (command, expected) in enumerate(steps):
            if command == "echo $?":
                continue
            if command.startswith("cd "):
                self._folder = (self._folder / shlex.split(command)[1]).resolve()
                assert self._folder.is_dir(), f"{self._page}:{block.line}: {command}"
                continue
            self._searched = self._searched or "adalang optimize" in command
            following = steps[at + 1] if at + 1 < len(steps) else ("", [])
            code = int(following[1][0]) if following[0] == "echo $?" else 0
            self._run(["bash", "-c", command], block, command, code, expected)

    def write(self, block: Block) -> None:
        (self._folder / block.info).write_text(block.text, encoding="utf-8")

    def python(self, block: Block) -> None:
        self._run([sys.executable, "-c", block.text], block, block.text, 0, [])

    def adal(self, block: Block) -> None:
        file = self._folder / (block.info or f"block-{block.line}.adal")
        file.write_text(block.text, encoding="utf-8")
        command = [sys.executable, "-m", "adalang", "check", "--quiet", file.name]
        self._run(command, block, block.text, 0, [])
        if not block.info:
            file.unlink()

    def _run(self, command: list[str], block: Block, shown: str, code: int, expected: list[str]) -> None:
        done = self._done(command)
        where = f"{self._page}:{block.line}: {shown}"
        assert done.returncode == code, f"{where} ended with {done.returncode}, not {code}:\n{done.stdout}"
        assert "Traceback" not in done.stdout, f"{where}:\n{done.stdout}"
        lines = iter(done.stdout.splitlines())
        stands_for_any = _ANYTHING if self._searched or not shown.startswith("adalang eval") else _LEFT_OUT
        for line in expected:
            pattern = _pattern(line, stands_for_any)
            assert any(pattern.search(" ".join(one.split())) for one in lines), (
                f"{where} does not print {line!r}:\n{done.stdout}"
            )

    def _done(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        arguments = _plain(command[-1]) if command[0] == "bash" else None
        if arguments is not None:
            return run_command(*arguments, cwd=self._folder, environment=self._environment, together=True)
        return subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )


def _plain(command: str) -> list[str] | None:
    """The arguments of an `adalang` command that needs no shell: it is run without the seconds that a new process imports for."""
    if not command.startswith("adalang ") or _SHELL.search(_QUOTED.sub("", command)):
        return None
    return shlex.split(command)[1:]


def _steps(text: str) -> list[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines that it should print."""
    steps: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:].strip(), []))
        elif line.strip() not in ("", "…"):
            assert steps, f"a console block starts with a command, not with {line!r}"
            steps[-1][1].append(line)
    return steps


def _pattern(line: str, stands_for_any: re.Pattern[str]) -> re.Pattern[str]:
    words = " ".join(line.split())
    pieces, at = [], 0
    for match in stands_for_any.finditer(words):
        pieces += [re.escape(words[at : match.start()]), ".*" if match[0] == "…" else r"[0-9a-f.,]+"]
        at = match.end()
    return re.compile("".join(pieces) + re.escape(words[at:]))
