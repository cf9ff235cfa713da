"""The files that a program can name, by their endings; those of folders, and how a line is added to one."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from pathlib import Path, PurePath

LINES = (".jsonl", ".ndjson")
"""Rows of which each is a line, so that one more can be added at the end."""
ROWS = (*LINES, ".json", ".csv", ".tsv")
CORPUS = (".md", ".markdown", ".txt", ".html", ".htm", *ROWS, ".pdf")
UTF_8 = "utf-8"
SIGNS = "*?["
"""What makes a pattern of a path."""
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


def encoding_name(written: str) -> str | None:
    """Python's name of a text encoding, such as `utf-8` or `iso8859-1`; None for one that it does not know."""
    try:
        "".encode(written)  # refuses those that are not of text, such as base64
        return codecs.lookup(written).name
    except (LookupError, ValueError):
        return None


def no_corpus(written: str) -> str:
    """Why a path or pattern can name no files to search, and the mend; empty if it can."""
    ending = PurePath(written).suffix.lower()
    if "://" in written:
        return f"`{written}` is an address: save what is there as a file, and name that."
    if written.startswith("~"):
        return f"`{written}`: `~` is no folder here; write the path from this file, or a whole one."
    if not ending and "*" not in written:
        return f'`{written}` has no ending; for the files of a folder write "{written.rstrip("/")}/**/*".'
    if ending and ending not in CORPUS and not any(sign in ending for sign in SIGNS):
        return f"`{written}` cannot be searched: files are {', '.join(CORPUS)}."
    return ""


def matching(path: Path) -> list[Path]:
    """The files and folders that a path means, sorted. ``*``, ``?`` and ``[`` stand for names only where no file or folder is
    called so; a ``**`` at the end means all below.

    Raises:
        OSError, ValueError: no file can be meant by such a pattern.
    """
    there = next((one for one in (path, *path.parents) if os.path.lexists(one)), Path(path.anchor))
    rest = path.relative_to(there).parts
    if not rest:
        return [path]
    if not any(sign in part for part in rest for sign in SIGNS):
        return []
    return sorted(there.glob("/".join((*rest, "*") if rest[-1] == "**" else rest)))


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
