"""What a choice in a file is, and the edits that choices are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from adalang.language.declarations import Setting, setting
from adalang.language.lower import Item
from adalang.language.program import Entity, Module
from adalang.language.text import STEP, Edit, Span

Family = Literal["structure", "models"]

ABSENT = "absent"
"""The state of a setting that is not written."""


@dataclass(frozen=True)
class Switch:
    """Something in a file that is in one of several states. ``id``: ``classify:reasoning``, which no param can be called.

    ``options`` are the states worth a trial, ``state``, which the file has now, first. ``prices`` say of each about how many
    times the present tokens it takes. ``write`` gives the edits of the owner's file that bring a state about, any that can
    be written, offered or not; what they do is proven by :func:`adalang.engine.rewriting.rewritten`.
    """

    id: str
    family: Family
    owner: Entity
    state: str
    options: tuple[str, ...]
    prices: tuple[float, ...]
    doc: str
    write: Callable[[str], Sequence[Edit]]


def written(module: Module, item: Item, span: Span) -> str:
    """What stands in the file at a place of a declaration."""
    return module.source.slice(span.shifted(item.start))


def setting_of(entity: Entity, name: str) -> Setting | None:
    return setting(getattr(entity.declaration, "settings", ()), name)


def value_of(entity: Entity, name: str) -> str:
    """A setting's value as it is written, or :data:`ABSENT`."""
    found = setting_of(entity, name)
    return written(entity.module, entity.item, found.value.span) if found is not None else ABSENT


def has_body(entity: Entity) -> bool:
    """Whether there are braces for a setting to stand in."""
    body: Span | None = getattr(entity.declaration, "body", None)
    return body is not None and body.start < body.end


def set_to(entity: Entity, name: str, state: str) -> list[Edit]:
    """The edits that give a setting the value ``state``, or take it out."""
    start, found = entity.item.start, setting_of(entity, name)
    if found is not None:
        if state == ABSENT:
            return [Edit(_with_its_line(entity.module, found.span.shifted(start)), "")]
        return [Edit(found.value.span.shifted(start), state)]
    return [] if state == ABSENT else [_inserted(entity, f"{name} = {state}")]


def behind(entity: Entity, text: str) -> Edit:
    """``text`` as a declaration of its own below another one, an empty line between them."""
    source = entity.module.source
    end = source.line_span(source.line_of(entity.item.span.end)).end
    return Edit(Span(end, end), f"{source.newline}{source.newline}{text}")


def taken_out(entity: Entity) -> Edit:
    """Takes out a declaration that :func:`behind` has put in."""
    source, span = entity.module.source, entity.item.span
    gap = source.newline + source.newline
    start = span.start - len(gap.encode())
    return Edit(
        Span(start if start >= 0 and source.slice(Span(start, span.start)) == gap else span.start, span.end), ""
    )


def _inserted(entity: Entity, text: str) -> Edit:
    """Below the last setting, or below the opening brace; in the same line where that one goes on."""
    source, start = entity.module.source, entity.item.start
    body: Span | None = getattr(entity.declaration, "body", None)
    assert body is not None, "has_body was asked"
    brace = start + body.start + 1
    inside = source.indent_at(start) + STEP
    settings = getattr(entity.declaration, "settings", ())
    last = settings[-1].span.end + start if settings else brace
    for at in (last, brace):
        end = source.line_span(source.line_of(at)).end
        rest = source.slice(Span(at, end)).strip()
        if not rest or rest.startswith("#"):
            return Edit(Span(end, end), f"{source.newline}{inside}{text}")
    return Edit(Span(last, last), f" {text}")


def _with_its_line(module: Module, span: Span) -> Span:
    """The whole line with the line end before it, where nothing else stands on it; else what was asked with a blank."""
    source = module.source
    first, last = source.line_of(span.start), source.line_span(source.line_of(span.end))
    before = source.slice(Span(source.line_start(first), span.start))
    after = source.slice(Span(span.end, last.end))
    if first and not before.strip() and not after.strip():
        return Span(source.line_span(first - 1).end, last.end)
    return Span(span.start - before.endswith(" "), span.end)
