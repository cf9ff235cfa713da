"""A text as an editor holds it, and somebody who types at random."""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Any

from generate import generate

ENCODINGS = ("utf-8", "utf-16", "utf-32")
_LINE_END = re.compile(r"\r\n|\n|\r")
_WORD = re.compile(r"\w+")
_LINES = 100
_LONGEST = 12_000
_CHARACTERS = (*"abcxyz_019 \t\"'{}[]()|=:,.#%-><?\\", *"\n\n\n", "\r\n", "\r", "é", "ß", "名", "😀", "e\u0301")
_STRANGE = (
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x00",
    "\ufeff",
    "\u200d",
    "👩‍👩‍👧",
    "\U0010ffff",
    "\u0301",
)
_SNIPPETS = (
    '"""',
    "{{ ",
    " }}",
    "{% if message %}",
    "{% for fact in facts %}\n    {{ fact | upper }}\n    {% endfor %}",
    'prompt more(a: str) = """Say {{ a }}."""\n',
    '\nmodel other = "builtin/lexical"\n',
    '\nparam tone = """\n  Be kind – 😀.\n  """\n',
    'type Kind = "a" | "b"\n',
    '\ndataset few = [\n  { message = "a", label = "b" },\n]\n',
    'import "other.adal"\n',
    "  # a comment\n",
    "  demos shots { max = 2 }\n",
    "match kind {\n",
    "-> ",
    "\n",
    "\r\n\r\n",
    "\r\r",
    "}\n",
    "😀\u2028é",
)


@dataclass(frozen=True)
class Change:
    """Replace the code points ``start`` to ``end``; without ``start``, the whole text. ``beyond``: at a line's end, the position that is
    sent lies so far behind it, which means the line's end."""

    text: str
    start: int | None = None
    end: int = 0
    beyond: int = 0

    def fitted(self, text: str) -> Change:
        """The change where it can be made: inside the text, and not between the two characters of a line's end."""
        if self.start is None:
            return self
        start = _outside_line_end(text, min(self.start, len(text)))
        end = _outside_line_end(text, min(max(self.end, start), len(text)))
        return replace(self, start=start, end=end)

    def applied(self, text: str) -> str:
        return self.text if self.start is None else text[: self.start] + self.text + text[self.end :]

    def as_lsp(self, text: str, encoding: str) -> dict[str, Any]:
        if self.start is None:
            return {"text": self.text}
        end = position(text, self.end, encoding)
        if self.end == len(text) or text[self.end] in "\r\n":
            end["character"] += self.beyond
        return {"range": {"start": position(text, self.start, encoding), "end": end}, "text": self.text}


def position(text: str, index: int, encoding: str) -> dict[str, int]:
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    line = bisect_right(starts, index) - 1
    before = text[starts[line] : index]
    if encoding == "utf-32":
        return {"line": line, "character": len(before)}
    width = 2 if encoding == "utf-16" else 1
    return {"line": line, "character": len(before.encode(f"{encoding}-le" if width == 2 else encoding)) // width}


def _outside_line_end(text: str, index: int) -> int:
    return index - 1 if text[index - 1 : index + 1] == "\r\n" and index else index


class Typist:
    """Types at a cursor most of the time, so that there is something to read; and does everything else, too."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._cursor = 0

    def whole_text(self) -> str:
        """A valid file, in one of the ways in which files are written."""
        text = generate("adal", self._chance.randint(_LINES // 4, _LINES)).text
        text = text.replace("\n", self._chance.choice(("\n", "\n", "\n", "\r\n", "\r")))
        return self._chance.choice(("", "", "", "\ufeff")) + text

    def changes(self, text: str) -> list[Change]:
        """One notification's changes, each of which refers to the text behind the one before."""
        if len(text) > _LONGEST:
            return [Change("", *self._range(text, len(text) // 2))]
        kinds = (
            self._type,
            self._snippet,
            self._remove,
            self._replace,
            self._copy,
            self._move,
            self._several,
            self._line_end,
        )
        return self._chance.choices(kinds, weights=(45, 12, 14, 8, 5, 5, 6, 5))[0](text)

    def place(self, text: str) -> int:
        return _outside_line_end(text, self._chance.randint(0, len(text)))

    def _type(self, text: str) -> list[Change]:
        if self._chance.random() < 0.1:
            self._cursor = self.place(text)
        at = min(self._cursor, len(text))
        typed = self._chance.choice(_STRANGE if self._chance.random() < 0.05 else _CHARACTERS)
        self._cursor = at + len(typed)
        return [Change(typed, at, at, beyond=self._beyond())]

    def _snippet(self, text: str) -> list[Change]:
        at = self.place(text)
        return [Change(self._chance.choice(_SNIPPETS), at, at)]

    def _remove(self, text: str) -> list[Change]:
        return [Change("", *self._range(text, self._chance.choice((1, 1, 2, 5, 40, 200))), beyond=self._beyond())]

    def _replace(self, text: str) -> list[Change]:
        words = list(_WORD.finditer(text))
        if not words:
            return self._snippet(text)
        old, new = self._chance.choice(words), self._chance.choice(words)
        return [Change(new.group(), old.start(), old.end())]

    def _copy(self, text: str) -> list[Change]:
        start, end = self._range(text, 400)
        at = self.place(text)
        return [Change(text[start:end], at, at)]

    def _move(self, text: str) -> list[Change]:
        start, end = self._range(text, 200)
        at = self._chance.randint(0, len(text) - (end - start))
        return [Change("", start, end), Change(text[start:end], at, at)]

    def _several(self, text: str) -> list[Change]:
        return [
            change for _ in range(self._chance.randint(2, 4)) for change in (*self._remove(text), *self._snippet(text))
        ]

    def _line_end(self, text: str) -> list[Change]:
        ends = list(_LINE_END.finditer(text))
        if not ends:
            return self._snippet(text)
        end = self._chance.choice(ends)
        return [Change(self._chance.choice(("\n", "\r\n", "\r", "\n\r", "")), end.start(), end.end())]

    def _range(self, text: str, longest: int) -> tuple[int, int]:
        start = self.place(text)
        return start, min(len(text), start + self._chance.randint(1, longest))

    def _beyond(self) -> int:
        return self._chance.choice((0, 0, 0, 7))
