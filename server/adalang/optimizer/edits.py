"""Edit scripts: how a text is changed, exactly or not at all."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adalang.optimizer.schema import closed

Action = Literal["replace", "append"]


class EditRefused(Exception):
    """An edit that cannot be carried out exactly; the message says why."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`replace`: `find`, which must stand in the text exactly once, becomes `text` (empty: it is deleted).
    `append`: `text` becomes new last lines."""

    action: Action
    text: str
    find: str = ""


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of whole lines that differs between two texts; `at` is its first line in the old one."""

    at: int
    before: tuple[str, ...]
    after: tuple[str, ...]


_EDIT = {
    "action": {"enum": ["replace", "append"]},
    "find": {
        "type": "string",
        "description": "for replace: a piece of the text that occurs in it exactly once, letter for letter",
    },
    "text": {"type": "string", "description": "what stands there afterwards; empty to delete"},
}

EDITS_SCHEMA = closed({"edits": {"type": "array", "items": closed(_EDIT)}})


def read_edits(answer: Any) -> list[Edit]:
    """The edits of a teacher's answer. Raises EditRefused if any part of it is not what was asked for."""
    entries = answer.get("edits") if isinstance(answer, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise EditRefused("the answer holds no edits")
    return [_read_edit(entry) for entry in entries]


def _read_edit(entry: Any) -> Edit:
    if not isinstance(entry, Mapping) or not isinstance(text := entry.get("text"), str):
        raise EditRefused("an edit has no text")
    if entry.get("action") == "append":
        return Edit("append", text)
    find = entry.get("find")
    if entry.get("action") == "replace" and isinstance(find, str) and find:
        return Edit("replace", text, find)
    raise EditRefused("an edit is neither a replacement of something nor an addition")


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text after all edits, one after the other. Raises EditRefused if any of them does not fit."""
    for edit in edits:
        text = _applied(text, edit)
    return text


def trimmed(text: str, edits: Sequence[Edit]) -> list[Edit]:
    """The same change with the lines that a replacement leaves as they are taken out of it, so that it fits other versions
    of the text too. Raises EditRefused if an edit does not fit."""
    found = []
    for edit in edits:
        after = _applied(text, edit)
        smaller = _trimmed(edit)
        fits = _count(text, smaller.find) == 1 and _applied(text, smaller) == after
        found.append(smaller if fits else edit)
        text = after
    return found


def _trimmed(edit: Edit) -> Edit:
    """Without equal first and last lines; one line stays to show the place."""
    old, new = edit.find.split("\n"), edit.text.split("\n")
    most = min(len(old), len(new)) - 1
    head = next((at for at in range(most) if old[at] != new[at]), most)
    most -= head
    tail = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    return Edit(edit.action, "\n".join(new[head : len(new) - tail]), "\n".join(old[head : len(old) - tail]))


def _applied(text: str, edit: Edit) -> str:
    if edit.action == "append":
        if not edit.text.strip():
            raise EditRefused("an addition is empty")
        return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{edit.text}"
    found = _count(text, edit.find)
    if found != 1:
        raise EditRefused(f"what is to be replaced stands in the text {found} times")
    return text.replace(edit.find, edit.text)


def _count(text: str, piece: str) -> int:
    """How often a piece occurs, overlaps included: in `aaa`, `aa` is ambiguous."""
    return sum(text.startswith(piece, at) for at in range(len(text) - len(piece) + 1)) if piece else 0


def hunks(before: str, after: str) -> list[Hunk]:
    """The lines that differ. With all of them put back, `before` is `after` again (`with_hunks`)."""
    old, new = before.split("\n"), after.split("\n")
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    found: list[Hunk] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "insert":
            # Lines that were added side by side are separate thoughts: each can be taken out alone.
            found.extend(Hunk(a, (), (line,)) for line in new[c:d])
        elif tag != "equal":
            found.append(Hunk(a, tuple(old[a:b]), tuple(new[c:d])))
    return found


def with_hunks(before: str, chosen: Sequence[Hunk]) -> str:
    """`before` with only the chosen hunks carried out, which must be in the order that `hunks` gave."""
    old = before.split("\n")
    lines: list[str] = []
    at = 0
    for hunk in chosen:
        lines += old[at : hunk.at]
        lines += hunk.after
        at = hunk.at + len(hunk.before)
    return "\n".join(lines + old[at:])
