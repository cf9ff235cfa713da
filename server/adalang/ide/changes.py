"""What an action does to a workspace: edits by file, and files that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from adalang.language.text import Edit, SourceText, Span


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is made; one that is there already is never overwritten."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """``edits`` refer to the files as the program has them; no two edits of a file overlap."""

    edits: Mapping[Path, tuple[Edit, ...]] = field(default_factory=dict)
    created: tuple[NewFile, ...] = ()


def in_file(path: Path, *edits: Edit) -> Change:
    """The change of one file."""
    return Change({path: tuple(sorted(edits, key=lambda edit: edit.span))})


def merged(parts: Iterable[tuple[Path, Edit]], created: tuple[NewFile, ...] = ()) -> Change:
    """One change out of edits of several files; the same edit twice is one edit."""
    edits: dict[Path, dict[Edit, None]] = {}
    for path, edit in parts:
        edits.setdefault(path, {})[edit] = None
    return Change({path: tuple(sorted(found, key=lambda one: one.span)) for path, found in edits.items()}, created)


def shrunk(source: SourceText, edit: Edit) -> Edit:
    """The same edit without what it leaves as it is at its start and end, so that an editor keeps its cursors there."""
    before, after = source.slice(edit.span), edit.text
    if len(before.encode()) != edit.span.end - edit.span.start:
        return edit
    same = sum(1 for _ in takewhile(_is_equal, zip(before, after, strict=False)))
    same -= before[:same].endswith("\r")  # no place lies inside a line end
    rest = zip(reversed(before[same:]), reversed(after[same:]), strict=False)
    tail = sum(1 for _ in takewhile(_is_equal, rest))
    tail -= tail > 0 and before[len(before) - tail] == "\n"
    start = edit.span.start + len(before[:same].encode())
    end = edit.span.end - len(before[len(before) - tail :].encode())
    return Edit(Span(start, end), after[same : len(after) - tail])


def _is_equal(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]
