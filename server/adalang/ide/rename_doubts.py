"""Places in templates of which nobody can tell whether they name what is to be renamed: their owner's type is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adalang.ide.occurrences import Site, occurrences
from adalang.ide.references import searched
from adalang.ide.slots import TemplateText
from adalang.ide.targets import Target
from adalang.ide.template_words import template_reads
from adalang.language.program import Module, Program
from adalang.language.template_reads import Held, MemberRead
from adalang.language.text import Span
from adalang.language.types import ListOf, ObjectOf, OptionalOf, Type, Unknown

_FIELDS = frozenset({"field", "input", "param"})
"""What can stand behind a dot in a template: inputs are the fields of examples, params those of an imported file."""


def doubt(target: Target, program: Program, users: Iterable[Program]) -> str:
    """The first such place, as a reason not to rename ``target``; empty when there is none."""
    if target.kind not in _FIELDS:
        return ""
    for names, module in searched(target, program, users):
        for item in names.items_for(module, target):
            span = next(_doubts(Site(names.program, module, item), target), None)
            if span is not None:
                line = module.source.line_of(item.start + span.start) + 1
                return (
                    f"`{target.name}` in {module.path.name}, line {line}, may be this {target.kind} or something else: "
                    "the type of what it is read from is not known."
                )
    return ""


def _doubts(site: Site, target: Target) -> Iterator[Span]:
    imported = site.program.imported(site.module).values()
    has_file = target.kind == "param" and any(module.path == target.place.path for module in imported)
    for one in occurrences(site):
        slot = one.slot
        if not isinstance(slot, TemplateText) or target.name not in one.text:
            continue
        if has_file or any(_holds(local.type, target.name) for local in slot.names.values()):
            found = [read for read in template_reads(site, slot) if isinstance(read, MemberRead)]
            named = (read for read in found if read.text == target.name)
            yield from (read.span for read in named if isinstance(_bare(read.owner), Unknown))
            if any(not read.text and _has(read.owner, target.name) for read in found):
                yield from _texts(slot, target.name, {read.span for read in found})


def _texts(slot: TemplateText, name: str, known: set[Span]) -> Iterator[Span]:
    """Where a text is the name, and could be what a computed subscript takes."""
    for tag in slot.template.tags:
        for token in tag.tokens:
            quotes = len(token.text) - len(token.text.lstrip("\\\"'"))
            span = Span(token.span.start + quotes, token.span.end - quotes)
            if token.kind == "string" and token.text[quotes:-quotes] == name and span not in known:
                yield span


def _holds(declared: Type, name: str) -> bool:
    """Whether something in a value of the type may have a field of that name."""
    match declared:
        case ListOf(item=item) | OptionalOf(item=item):
            return _holds(item, name)
        case ObjectOf(fields=fields):
            return any(one.name == name or _holds(one.type, name) for one in fields)
        case _:
            return isinstance(declared, Unknown)


def _has(owner: Held, name: str) -> bool:
    """Whether what is asked for a computed field may have one of that name."""
    inner = _bare(owner)
    if isinstance(inner, Module):
        return name in inner.names
    return isinstance(inner, Unknown) or (isinstance(inner, ObjectOf) and inner.field(name) is not None)


def _bare(owner: Held) -> Held:
    return owner.item if isinstance(owner, OptionalOf) else owner
