"""The files that a program can name, by their endings; those of folders, and how a line is added to one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

LINES = (".jsonl", ".ndjson")
"""Rows of which each is a line, so that one more can be added at the end."""
ROWS = (*LINES, ".json", ".csv", ".tsv")
CORPUS = (".md", ".txt", ".html", ".htm", ".jsonl", ".csv", ".pdf")
DESCRIPTIONS = (".json", ".yaml", ".yml")
"""OpenAPI descriptions of what `http(…)` calls."""

NAMED = tuple(dict.fromkeys((".adal", ".py", *ROWS, *CORPUS, *DESCRIPTIONS)))
"""All of them: a change of one of these may change what there is to say about a program."""

_FOREIGN = frozenset({"node_modules", "__pycache__", "venv", "site-packages", "dist", "build"})
"""Folders that hold what others wrote, or what a tool made of the files beside them."""


def source_files(*folders: Path) -> Iterator[Path]:
    """The ``.adal`` files below the folders, each once; those of a folder before those of its subfolders, by name. Hidden
    folders and files are passed over, as are folders of installed packages and of builds; links to folders are not followed."""
    seen: set[Path] = set()
    for folder in folders:
        for place, inner, files in os.walk(folder):
            inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in _FOREIGN)
            for name in sorted(files):
                path = Path(place, name)
                if name.endswith(".adal") and not name.startswith(".") and path not in seen:
                    seen.add(path)
                    yield path


def glob(*endings: str) -> str:
    """The pattern of all files with one of the endings, in any folder."""
    return f"**/*.{{{','.join(one.removeprefix('.') for one in endings)}}}"


def one_more_line(line: str, newline: str, *, is_ended: bool) -> str:
    """What adds a line to a text whose last line is ended, or that is empty; a last line without an end gets one."""
    lead = "" if is_ended else newline
    return f"{lead}{line}{newline}"


def append_line(path: Path, line: str) -> None:
    """Add a line to a file in one write that has reached the disk when this returns. A last line without an end gets one.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("a+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        is_ended = file.read() in (b"", b"\n")
        file.write(one_more_line(line, _newline(path), is_ended=is_ended).encode())
        file.flush()
        os.fsync(file.fileno())


def _newline(path: Path) -> str:
    with path.open("rb") as file:
        return "\r\n" if file.readline().endswith(b"\r\n") else "\n"
