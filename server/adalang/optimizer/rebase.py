"""A change of a text, made to another version of that text: word by word, and as much of it as still fits."""

from __future__ import annotations

import difflib
import re

_TOKENS = re.compile(r"\s+|\w+|[^\w\s]")


def rebased(before: str, after: str, current: str) -> str:
    """`current` with what `after` changed in `before`; parts of the change whose place is gone are left out.

    Unlike a merge of files this may leave something out: its result is a candidate, which has to show what it is worth.
    """
    if current == before:
        return after
    old, new, now = (tokens(text) for text in (before, after, current))
    place = _places(old, now)
    result: list[str] = []
    at = 0
    for tag, a, b, c, d in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        start, end = place[a], place[b] if b > a else place[a]
        untouched = start is not None and end is not None and now[start:end] == old[a:b] and start >= at
        if not untouched:
            continue
        assert start is not None and end is not None
        result += now[at:start] + new[c:d]
        at = end
    return "".join(result + now[at:])


def likeness(first: str, second: str) -> float:
    """The share of words that two texts have in common, in their order: 0..1."""
    return difflib.SequenceMatcher(a=tokens(first), b=tokens(second), autojunk=False).ratio()


def tokens(text: str) -> list[str]:
    """Words, marks and white space, which together are the text."""
    return _TOKENS.findall(text)


def _places(old: list[str], now: list[str]) -> list[int | None]:
    """For each boundary between tokens of `old` the same boundary in `now`; None inside of what was changed."""
    place: list[int | None] = [None] * (len(old) + 1)
    place[0], place[len(old)] = 0, len(now)
    for block in difflib.SequenceMatcher(a=old, b=now, autojunk=False).get_matching_blocks():
        for offset in range(block.size + 1 if block.size else 0):
            place[block.a + offset] = block.b + offset
    return place
