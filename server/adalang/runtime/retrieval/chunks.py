"""Long texts cut into passages of bounded length, at the ends of paragraphs, lines, sentences or words."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BREAKS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?])\s+|(?<=[。！？])"), re.compile(r"\s+"))
_ASCII_TO_A_TOKEN, _WIDE_TOKENS = 4, 0.8
"""As :func:`adalang.language.models.estimate_tokens` counts."""


def chunks(text: str, longest: int, overlap: int = 0) -> Iterator[str]:
    """The text in pieces of at most ``longest`` tokens (by estimate), of which neighbours share up to ``overlap``.

    A piece ends where a paragraph does if one ends in its second half, else a line, a sentence, a word; only what has none of
    these is cut in the middle.
    """
    overlap = min(overlap, longest // 2)
    text = text.strip()
    begin = 0
    while begin < len(text):
        end = _reach(text, begin, longest)
        if end < len(text):
            end = _last_break(text, begin + (end - begin) // 2, end)
        piece = text[begin:end].strip()
        if piece:
            yield piece
        if end >= len(text):
            return
        begin = _first_break(text, max(begin + 1, _back(text, end, overlap)), end)


def _reach(text: str, begin: int, tokens: float) -> int:
    """How far so many tokens go."""
    end = min(len(text), begin + int(tokens * _ASCII_TO_A_TOKEN))
    if text[begin:end].isascii():
        return end
    for at in range(begin, end):
        tokens -= _weight(text[at])
        if tokens < 0:
            return max(at, begin + 1)
    return end


def _back(text: str, end: int, tokens: float) -> int:
    """Where the last so many tokens before ``end`` begin."""
    at = end
    while at > 0 and (tokens := tokens - _weight(text[at - 1])) >= 0:
        at -= 1
    return at


def _weight(letter: str) -> float:
    return 1 / _ASCII_TO_A_TOKEN if letter.isascii() else _WIDE_TOKENS


def _last_break(text: str, begin: int, end: int) -> int:
    """The end of the last break between the two, of the kind that divides most; ``end`` without any."""
    for kind in _BREAKS:
        found = [one.end() for one in kind.finditer(text, begin, end) if one.end() > begin]
        if found:
            return found[-1]
    return end


def _first_break(text: str, begin: int, end: int) -> int:
    """Where what is shared begins: at a whole sentence, else a word."""
    for kind in _BREAKS[2:]:
        found = kind.search(text, begin, end)
        if found is not None and begin < found.end() < end:
            return found.end()
    return end
