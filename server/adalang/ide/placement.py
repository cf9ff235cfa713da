"""Where new lines go and which lines go with what is taken out, so that an edit looks as if a person had made it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from adalang.language.text import BOM, STEP, Edit, SourceText, Span

_ALONE_BEHIND = re.compile(rb"[ \t]*,?[ \t]*(?:#.*)?\Z")
_SIGN_BEHIND = re.compile(rb"[ \t]*[,|][ \t]*")
_SIGN_BEFORE = re.compile(rb"\s*[,|]\s*\Z")


def unique(wanted: str, taken: Iterable[str]) -> str:
    """``wanted``, or ``wanted_2``, …: the first that is not taken."""
    names, name, number = set(taken), wanted, 1
    while name in names:
        number += 1
        name = f"{wanted}_{number}"
    return name


def whole_lines(source: SourceText, span: Span) -> Span:
    """The lines that a span touches, with the last one's end."""
    first, last = source.line_of(span.start), source.line_of(max(span.start, span.end - 1))
    return Span(source.line_start(first), source.line_start(last + 1))


def documented(source: SourceText, offset: int) -> int:
    """The start of the line of ``offset``, or of the comment lines right above it."""
    line = source.line_of(offset)
    while line and is_comment(source, line - 1):
        line -= 1
    return max(source.line_start(line), beginning(source))


def is_comment(source: SourceText, line: int) -> bool:
    """Whether a line holds a comment and nothing else."""
    return source.slice(source.line_span(line)).lstrip(" \t\ufeff").startswith("#")


def is_alone(source: SourceText, span: Span) -> bool:
    """Whether nothing but blanks, a comma and a comment shares the lines of a span."""
    low = source.line_start(source.line_of(span.start))
    high = source.line_span(source.line_of(span.end)).end
    before = source.data[low : span.start].removeprefix(BOM)
    return not before.strip() and _ALONE_BEHIND.match(source.data[span.end : high]) is not None


def removal(source: SourceText, span: Span) -> Edit:
    """Take out an entry: its lines with the comments above, or where it shares its line, itself with a sign beside it."""
    if is_alone(source, span):
        return Edit(Span(documented(source, span.start), whole_lines(source, span).end), "")
    behind = _SIGN_BEHIND.match(source.data, span.end)
    if behind is not None:
        return Edit(Span(span.start, behind.end()), "")
    before = _SIGN_BEFORE.search(source.data[: span.start])
    if before is not None:
        return Edit(Span(before.start(), span.end), "")
    blanks = len(source.data[: span.start]) - len(source.data[: span.start].rstrip(b" \t"))
    return Edit(Span(span.start - blanks, span.end), "")


def removed_declaration(source: SourceText, span: Span) -> Edit:
    """Take out a declaration with its comments, and one of the empty lines round it."""
    edit = removal(source, span)
    start, end = edit.span.start, edit.span.end
    if start != source.line_start(source.line_of(start)) and start != beginning(source):
        return edit
    before = source.line_span(max(0, source.line_of(start) - 1))
    after = source.line_span(source.line_of(end))
    is_first = start == beginning(source)
    if is_first or not source.data[before.start : before.end].strip():
        if end < len(source.data) and not source.data[after.start : after.end].strip():
            end = source.line_start(source.line_of(end) + 1)
        elif end == len(source.data) and not is_first:
            start = before.start
    return Edit(Span(start, end), "")


def beginning(source: SourceText) -> int:
    """Where the text starts: behind a byte-order mark."""
    return len(BOM) if source.data.startswith(BOM) else 0


def entry(source: SourceText, body: Span, after: Span | None, text: str, sign: str = ",") -> Edit:
    """Add an entry to what stands in braces: behind the entry ``after``, or as the first one.

    Args:
        body: the braces with what they hold.
        text: the entry; its further lines are indented already.
        sign: what stands between entries that share a line.
    """
    inside = source.data[body.start : body.end]
    if after is None:
        at, end = body.start + 1, body.end - inside.endswith(b"}")  # in a broken text the last brace may be missing
        if not source.data[at:end].strip():
            return Edit(Span(at, end), _between(source, body, inside, text))
        if b"\n" in inside or b"\r" in inside:
            return Edit(Span(at, at), source.newline + source.indent_at(body.start) + STEP + text)
        return Edit(Span(at, at), f" {text}{sign}")
    line = source.line_span(source.line_of(after.end))
    if line.end < body.end and _ALONE_BEHIND.match(source.data[after.end : line.end]) is not None:
        if source.line_of(body.start) == source.line_of(after.start):
            return Edit(Span(line.end, line.end), source.newline + source.indent_at(body.start) + STEP + text)
        return Edit(Span(line.end, line.end), source.newline + source.indent_at(after.start) + text)
    return Edit(Span(after.end, after.end), f"{sign} {text}")


def _between(source: SourceText, body: Span, inside: bytes, text: str) -> str:
    if b"\n" in inside or b"\r" in inside:
        indent = source.indent_at(body.start)
        return f"{source.newline}{indent}{STEP}{text}{source.newline}{indent}"
    return f" {text} "


def declaration_before(source: SourceText, start: int, text: str) -> Edit:
    """Add a declaration above the one that starts at ``start``, and above its comments."""
    at = documented(source, start)
    return Edit(Span(at, at), text + source.newline * 2)


def declaration_behind(source: SourceText, end: int, text: str) -> Edit:
    """Add a declaration below the one that ends at ``end``."""
    line = source.line_of(end)
    at, following = source.line_span(line).end, source.line_span(line + 1)
    is_close = line + 1 < source.line_count and source.data[following.start : following.end].strip()
    return Edit(Span(at, at), source.newline * 2 + text + (source.newline if is_close else ""))
