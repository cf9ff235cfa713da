"""Texts as they stand in a file, and the texts that they mean: reading, writing, and where each character came from.

Three forms (see the language reference): ``"…"`` with escapes, ``\"\"\"…\"\"\"`` on one line with none, and the block, whose
closing quotes' indentation is taken off each line. Longer fences hold shorter ones.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

Form = Literal["quoted", "fenced", "block", "run-on"]
"""``run-on`` is a mistake: text that starts on the line of its opening fence and goes over several lines."""

_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|(.))?", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"'}
_NEWLINE = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r'"{3,}')


@dataclass(frozen=True, slots=True)
class LiteralProblem:
    """Something wrong inside a text. ``start`` and ``end`` count characters from the literal's first quote."""

    kind: Literal["escape", "indentation", "run-on", "unclosed"]
    start: int
    end: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DecodedText:
    """What a literal means.

    ``marks`` are pairs (index into ``value``, index into the raw literal), rising; between two marks both run in step.
    """

    value: str
    form: Form
    fence: int
    marks: tuple[tuple[int, int], ...]
    problems: tuple[LiteralProblem, ...] = ()
    indent: str = ""

    def raw_index(self, index: int) -> int:
        """Where the character ``index`` of the value stands in the raw literal."""
        at = bisect_right(self.marks, (index, 1 << 60)) - 1
        value_start, raw_start = self.marks[max(at, 0)]
        return raw_start + index - value_start


def decode(raw: str, *, closed: bool = True) -> DecodedText:
    """Read a literal, quotes included. Never fails: what is wrong is listed in ``problems``."""
    fence = len(raw) - len(raw.lstrip('"'))
    if fence == 6 and len(raw) == 6:
        return DecodedText("", "fenced", 3, ((0, 3),))
    if fence <= 2:
        body = raw[1:-1] if closed and len(raw) >= 2 else raw[1:]
        return _decode_quoted(body, closed)
    body = raw[fence : len(raw) - fence] if closed else raw[fence:]
    problems = [] if closed else [LiteralProblem("unclosed", 0, fence)]
    first_line = _NEWLINE.split(body, maxsplit=1)
    if len(first_line) == 1:
        return DecodedText(body, "fenced", fence, ((0, fence),), tuple(problems))
    if first_line[0].strip(" \t"):
        if closed:
            problems.append(LiteralProblem("run-on", 0, fence))
        return _decode_lines(body, fence, "run-on", problems, closed=closed)
    return _decode_lines(body, fence, "block", problems, closed=closed)


def _decode_quoted(body: str, closed: bool) -> DecodedText:
    value: list[str] = []
    marks = [(0, 1)]
    problems = [] if closed else [LiteralProblem("unclosed", 0, len(body) + 1)]
    size = done = 0
    for match in _ESCAPE.finditer(body):
        plain = body[done : match.start()]
        code, short, letter = match.groups()
        if code or short:
            point = int(code or short, 16)
            character = chr(point) if point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF else "\ufffd"
            wrong = character == "\ufffd" and point != 0xFFFD
        else:
            character = _ESCAPES.get(letter or "", match.group())
            wrong = letter not in _ESCAPES
        if wrong:
            problems.append(LiteralProblem("escape", match.start() + 1, match.end() + 1, match.group()))
        value += [plain, character]
        marks += [
            (size + len(plain), match.start() + 1),
            (size + len(plain) + len(character), match.end() + 1),
        ]
        size += len(plain) + len(character)
        done = match.end()
    value.append(body[done:])
    return DecodedText("".join(value), "quoted", 1, tuple(marks), tuple(problems))


def _decode_lines(body: str, fence: int, form: Form, problems: list[LiteralProblem], *, closed: bool) -> DecodedText:
    lines: list[tuple[int, str]] = []  # (raw index, line without its end)
    at = 0
    for match in _NEWLINE.finditer(body):
        lines.append((fence + at, body[at : match.start()]))
        at = match.end()
    lines.append((fence + at, body[at:]))

    if form == "block":
        first, last = lines[0], lines[-1]
        if closed or not last[1].strip(" \t"):
            lines = lines[:-1]
        lines = lines[1:]
        if not lines:
            return DecodedText("", form, fence, ((0, first[0] + len(first[1])),), tuple(problems), last[1])
        indent = last[1] if closed else _common_indent([text for _, text in lines])
    else:
        indent = _common_indent([text for _, text in lines[1:]])

    value: list[str] = []
    marks: list[tuple[int, int]] = []
    size = 0
    for number, (start, text) in enumerate(lines):
        cut = 0 if form == "run-on" and number == 0 else _shared(text, indent)
        if cut < len(indent) and text.strip(" \t") and not (form == "run-on" and number == 0):
            problems.append(LiteralProblem("indentation", start, start + len(text) - len(text.lstrip(" \t")), indent))
        if not text.strip(" \t") and cut < len(indent):
            cut = len(text)
        if number:
            value.append("\n")
            size += 1
        marks.append((size, start + cut))
        value.append(text[cut:])
        size += len(text) - cut
    return DecodedText("".join(value), form, fence, tuple(marks), tuple(problems), indent)


def _shared(text: str, indent: str) -> int:
    """How many leading characters of ``text`` equal those of ``indent``."""
    if text.startswith(indent):
        return len(indent)
    count = 0
    while count < len(indent) and count < len(text) and text[count] == indent[count]:
        count += 1
    return count


def _common_indent(lines: list[str]) -> str:
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip(" \t")]
    if not indents:
        return ""
    shortest = min(indents, key=len)
    while shortest and not all(indent.startswith(shortest) for indent in indents):
        shortest = shortest[:-1]
    return shortest


def encode(value: str, *, indent: str = "  ", newline: str = "\n", like: DecodedText | None = None) -> str:
    """Write a text so that :func:`decode` gives it back, in the form that reads best (``like``: the form it had).

    ``indent`` is the indentation of a block's lines and closing quotes; it must not be empty, because column 0 belongs to
    declarations. Texts that a block or a one-line fence cannot hold exactly (carriage returns, …) are quoted with escapes.
    """
    form = like.form if like else ""
    if "\r" in value or "\0" in value or any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        return quote(value)
    if "\n" in value or form in ("block", "run-on"):
        return _block(value, indent, newline, like.fence if like else 3)
    if form == "fenced" or ((len(value) > 60 or '"' in value or "\\" in value) and form != "quoted"):
        fenced = _fenced(value)
        if fenced is not None:
            return fenced
    return quote(value)


def quote(value: str) -> str:
    """The text between single quotes, with escapes: the form that holds anything on one line."""
    table = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
    return '"' + "".join(table.get(character, character) for character in value) + '"'


def _fenced(value: str) -> str | None:
    """``None`` where a one-line fence cannot hold the text: at its edges quotes would melt into the fence."""
    if not value or value.startswith('"') or value.strip(" \t") == "":
        return None
    inner = max((len(run) for run in re.findall(r'"+', value.rstrip('"'))), default=0)
    quotes = _quotes(3, inner)
    return quotes + value + quotes


def _block(value: str, indent: str, newline: str, fence: int) -> str:
    longest = max((len(run) for run in _FENCE.findall(value)), default=0)
    quotes = _quotes(fence, longest)
    lines = [indent + line if line else "" for line in value.split("\n")]
    return newline.join([quotes, *lines, indent + quotes])


def _quotes(usual: int, longest: int) -> str:
    """A fence longer than the longest run of quotes inside; never six, which stand for the empty text."""
    size = max(3, usual, longest + 1)
    return '"' * (7 if size == 6 else size)
