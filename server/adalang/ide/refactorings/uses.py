"""Where a file names declarations, its own and those of imported files, as they are written there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adalang.ide.occurrences import (
    ModuleMember,
    Site,
    TemplateText,
    TrainableName,
    TypeName,
    Value,
    occurrences,
    template_names,
)
from adalang.language import templates
from adalang.language.lower import Item
from adalang.language.program import Entity, Module, Program
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Use:
    """``span`` (in the file) is the whole written name, ``fast`` or ``common.fast``.

        ``part`` is the param or demos behind the declaration's name in ``classify.tone``, and ``span`` then all of that; the name
    itself is a use of its own.
    """

    span: Span
    entity: Entity
    hidden: frozenset[str]
    """Names that mean something else at this place."""
    part: str = ""


def uses(program: Program, module: Module, *words: str) -> Iterator[Use]:
    """The uses of declarations in a module, in the order of its text.

    Only declarations in which one of ``words`` occurs are looked into, which saves nearly all of the work.
    """
    wanted = [word.encode() for word in words]
    for item in module.items:
        text = module.source.data[item.start : item.span.end]
        if any(word in text for word in wanted):
            yield from uses_in(program, module, item)


def uses_in(program: Program, module: Module, item: Item) -> Iterator[Use]:
    """The uses in one declaration; its own name is none."""
    site = Site(program, module, item)
    first = 0  # where the name starts that dots and further names may follow
    for one in occurrences(site):
        match one.slot:
            case Value(names=names, wanted=wanted):
                first = one.span.start
                found = program.resolve(one.text, module) if one.text not in names and wanted != "method" else None
                if found is not None:
                    yield Use(one.span.shifted(item.start), found, frozenset(names))
            case ModuleMember(module=other) if one.text in other.names:
                span = Span(first, one.span.end).shifted(item.start)
                yield Use(span, program.entity(other, other.names[one.text]), frozenset())
            case TrainableName(component=component):
                yield Use(Span(first, one.span.end).shifted(item.start), component, frozenset(), one.text)
            case TypeName():
                found = program.resolve(one.text, module)
                if found is not None:
                    yield Use(one.span.shifted(item.start), found, frozenset())
            case TemplateText() as slot:
                yield from _in_template(site, slot)
            case _:
                pass


def _in_template(site: Site, slot: TemplateText) -> Iterator[Use]:
    names = template_names(site, slot)
    hidden = frozenset(slot.names) | {name for name, local in names.items() if local.what == "variable"}
    for use in templates.uses(slot.template):
        if use.name in hidden:
            continue
        found, end = site.program.resolve(use.name, site.module), use.span.end
        if found is None and use.fields:
            found, end = site.program.resolve(f"{use.name}.{use.fields[0][0]}", site.module), use.fields[0][1].end
        if found is not None and found.kind == "param":
            yield Use(Span(use.span.start, end).shifted(site.item.start), found, hidden)


def is_same(one: Entity, other: Entity) -> bool:
    return one.module.path == other.module.path and one.declaration.name.text == other.declaration.name.text
