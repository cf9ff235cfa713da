"""Every name in a message's template, in its scope: inputs and params, loop variables, fields.

The occurrences that come out have the slots that names outside templates have: a :class:`Value` sees what can be seen at its
place, a variable is a :class:`PartName` where it is bound. A name that a template sets again stays the name that it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from adalang.ide.occurrences import Site
from adalang.ide.slots import FieldName, Local, Locals, ModuleMember, Occurrence, PartName, TemplateText, Value
from adalang.language.declarations import Template
from adalang.language.program import Module
from adalang.language.template_reads import Binding, Held, MemberRead, NameBound, Read, Scope, reads
from adalang.language.template_types import bare, type_of
from adalang.language.types import STR

IN_TEMPLATE = "template"
"""What a :class:`Value` in a template wants: of the file's own names only params can be seen there."""


def template_occurrences(site: Site, slot: TemplateText) -> Iterator[Occurrence]:
    """The names of a template in the order of the text; spans count from the declaration's start."""
    seen: tuple[Scope, Locals] = {}, {}
    for one in template_reads(site, slot):
        if isinstance(one, MemberRead):
            if one.text:
                yield Occurrence(one.span, one.text, _member(one.owner))
        elif isinstance(one, NameBound) and (local := _local(slot, one.text, one.binding)) is not None:
            yield Occurrence(one.span, one.text, PartName(local))
        else:
            if one.scope is not seen[0]:  # the same for most names of a template
                seen = one.scope, locals_in(slot, one.scope)
            yield Occurrence(one.span, one.text, Value(seen[1], IN_TEMPLATE))


def template_reads(site: Site, slot: TemplateText, template: Template | None = None) -> Iterator[Read]:
    """What a template reads, or another one in its place."""
    params = (name for name, item in site.module.names.items() if item.declaration.kind == "param")
    names: dict[str, Held] = {**site.program.imported(site.module), **dict.fromkeys(params, STR)}
    names |= {name: local.type for name, local in slot.names.items()}
    return reads(slot.template if template is None else template, names)


def locals_in(slot: TemplateText, scope: Scope) -> Locals:
    """The names that only the declaration knows: its inputs and its own params, what the template binds."""
    found = ((name, _local(slot, name, binding)) for name, binding in scope.items())
    return {name: local for name, local in found if local is not None}


def _local(slot: TemplateText, name: str, binding: Binding) -> Local | None:
    declared = type_of(binding.held)
    if binding.what != "outer":
        return Local(declared, binding.what, binding.span)
    local = slot.names.get(name)
    return replace(local, type=declared) if local is not None else None


def _member(owner: Held) -> ModuleMember | FieldName:
    return ModuleMember(owner, "param") if isinstance(owner, Module) else FieldName(bare(owner))
