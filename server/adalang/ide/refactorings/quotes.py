"""The same text in another form: in quotes, in fences on one line, or as lines of its own. Asked for at the quotes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from adalang.ide.changes import in_file
from adalang.ide.refactorings.literals import texts_in
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.language.declarations import COMPONENT_KINDS, Text
from adalang.language.literal import DecodedText, Form, decode, encode
from adalang.language.text import STEP, Edit, Span

_KINDS = COMPONENT_KINDS | {"param", "dataset"}
_TITLES: dict[Form, str] = {
    "quoted": 'Write the text between quotes, "…"',
    "fenced": 'Write the text on one line, """…"""',
    "block": "Write the text as a block of lines",
}


def offers(selected: Selection) -> Iterator[Refactoring]:
    item = selected.item
    if item is None or item.declaration.kind not in _KINDS:
        return
    at = selected.local
    for text in texts_in(item.declaration):
        if text.closed and _is_at_quotes(text, at):
            span, source = text.span.shifted(item.start), selected.source
            indent = text.decoded.indent or source.indent_at(span.start) + STEP
            for form, title in _TITLES.items():
                written = _written(text, form, indent, source.newline)
                if written is not None:
                    edit = Edit(span, written)
                    yield Refactoring(title, "refactor.rewrite", partial(in_file, selected.module.path, edit))
            return


def _is_at_quotes(text: Text, at: Span) -> bool:
    """Whether the cursor is at the opening or closing quotes; elsewhere in a text people mean the text."""
    size = max(1, text.decoded.fence)
    first, last = Span(text.span.start, text.span.start + size), Span(text.span.end - size, text.span.end)
    return any(one.start <= at.start and at.end <= one.end for one in (first, last))


def _written(text: Text, form: Form, indent: str, newline: str) -> str | None:
    """The text in a form that it does not have; ``None`` where that form does not hold it."""
    if text.decoded.form == form:
        return None
    like = DecodedText(text.value, form, 1 if form == "quoted" else 3, ())
    written = encode(text.value, indent=indent, newline=newline, like=like)
    found = decode(written)
    return written if found.form == form and found.value == text.value else None
