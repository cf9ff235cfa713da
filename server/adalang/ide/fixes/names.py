"""Fixes for names: declared twice, hidden, reserved, known only elsewhere; settings and imports that do not belong."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from pathlib import Path

from adalang.ide.changes import Change, NewFile
from adalang.ide.fixes.broken import Broken, Mend
from adalang.ide.imports import import_edit
from adalang.ide.occurrences import Site, at
from adalang.ide.placement import declaration_before, removal, removed_declaration, unique
from adalang.ide.refactorings.names import file_names, local_names
from adalang.ide.rename import Renamed, rename
from adalang.ide.slots import TemplateText, TypeName, Value
from adalang.language.declarations import (
    COMPONENT_KINDS,
    CallExpression,
    Constant,
    Demos,
    Expression,
    ImportDeclaration,
    Member,
    OptimizeDeclaration,
    Pair,
    Param,
    Parameter,
    Reference,
    Return,
    Setting,
    Text,
    dotted,
)
from adalang.language.diagnostics import did_you_mean
from adalang.language.literal import quote
from adalang.language.program import import_target
from adalang.language.settings import KEYWORDS
from adalang.language.text import Edit, Span
from adalang.language.types import Labels, ListOf, Primitive, Type, describe

_MOST = 3
"""How many files an unknown name is offered from."""

_KINDS = {
    "model": frozenset({"model"}),
    "models": frozenset({"model"}),
    "dataset": frozenset({"dataset"}),
    "eval": frozenset({"eval"}),
    "constant": frozenset(),
    "": frozenset({"param"}),
}
"""What may be meant in a place that asks for this; a component anywhere else."""


def unknown(broken: Broken) -> Iterator[Mend]:
    """The name in an imported file, or in one that could be imported; a model or a prompt of that name."""
    kinds = _wanted_kinds(broken)
    name = broken.word
    if not name.isidentifier():
        return
    for prefix, module in broken.program.imported(broken.module).items():
        if name in module.names and module.names[name].declaration.kind in kinds:
            yield broken.replaced(f"{prefix}.{name}")
    taken = file_names(broken.program, broken.module)
    imported = set(broken.program.modules)
    candidates = [one for one in broken.known if one.path not in imported and broken.module.path not in one.modules]
    fitting = [
        one.root for one in candidates if name in one.root.names and one.root.names[name].declaration.kind in kinds
    ]
    for module in fitting[:_MOST]:
        stem = module.path.stem
        if stem.isidentifier() and stem not in taken:
            edits = (Edit(broken.span, f"{stem}.{name}"), import_edit(broken.module, module.path))
            written = Path(os.path.relpath(module.path, broken.module.path.parent)).as_posix()
            yield broken.mend(f"Import {written} and write `{stem}.{name}`", *edits)
    yield from _declared(broken, kinds, name)


def _wanted_kinds(broken: Broken) -> frozenset[str]:
    if broken.item is None:
        return frozenset()
    found = at(Site(broken.program, broken.module, broken.item, broken.facts), broken.span.start)
    match found.slot if found is not None else None:
        case TypeName():
            return frozenset({"type"})
        case TemplateText():
            return frozenset({"param"})
        case Value(wanted=wanted):
            return _KINDS.get(wanted, COMPONENT_KINDS)
        case _:
            return frozenset()


def _declared(broken: Broken, kinds: frozenset[str], name: str) -> Iterator[Mend]:
    """A declaration of the name, above the one that uses it."""
    text, what = "", next(iter(kinds), "")
    if what == "model":
        text = f'model {name} = "builtin/lexical"'
    elif what == "type":
        text = f"type {name} = str"
    call = broken.holder(CallExpression)
    if call is not None and call.function.span == broken.local:
        text, what = _prompt_for(broken, call, name), "prompt"
    if text and broken.item is not None and name not in broken.module.names:
        edit = declaration_before(broken.source, broken.item.start, text)
        yield broken.mend(f"Declare the {what} `{name}`", edit)


def _prompt_for(broken: Broken, call: CallExpression, name: str) -> str:
    """A prompt that takes what the call gives, and shows it."""
    inputs: dict[str, str] = {}
    for number, argument in enumerate(call.arguments, 1):
        own = argument.name.text if argument.name is not None else _plain_name(argument.value, number)
        inputs[unique(own, inputs)] = _spelled(broken, broken.type_of(argument.value))
    returns = "str"
    outer = broken.holder(Return)
    written = getattr(broken.item.declaration, "returns", None) if broken.item is not None else None
    if outer is not None and outer.value is call and written is not None:
        returns = broken.source.slice(written.span.shifted(broken.start))
    shown = " ".join(f"{{{{ {one} }}}}" for one in inputs)
    head = ", ".join(f"{one}: {declared}" for one, declared in inputs.items())
    return f'prompt {name}({head}) -> {returns} = """{shown or "…"}"""'


def _plain_name(value: Expression, number: int) -> str:
    match value:
        case Reference(name=name):
            return name
        case Member(name=name):
            return name.text
        case _:
            return f"input_{number}"


def _spelled(broken: Broken, declared: Type) -> str:
    """A type as it can be written in this file; a text where it cannot."""
    match declared:
        case Labels(name=""):
            return "str"
        case ListOf(item=item):
            return f"{_spelled(broken, item)}[]"
        case Primitive():
            return describe(declared)
        case _:
            name = getattr(declared, "name", "")
            return name if name in broken.module.names else "str"


def twice(broken: Broken) -> Iterator[Mend]:
    """The second one gets another name, or goes where it says the same."""
    item = broken.item
    if item is None:
        return
    declaration = item.declaration
    if isinstance(declaration, OptimizeDeclaration):
        yield broken.mend("Remove this block", removed_declaration(broken.source, item.span))
        return
    parameter = broken.part(Parameter)
    if parameter is not None and parameter.name.span == broken.local:
        yield broken.mend("Remove this input", removal(broken.source, parameter.span.shifted(item.start)))
        return
    name = broken.word
    taken = file_names(broken.program, broken.module)
    if declaration.name.span == broken.local:
        first = broken.module.names.get(name)
        if first is not None and broken.source.slice(first.span) == broken.source.slice(item.span):
            yield broken.mend("Remove this one", removed_declaration(broken.source, item.span))
    elif broken.part(Param, Demos) is not None:
        taken |= local_names(item.declaration)
    else:
        return
    new = unique(name, taken | {name})
    yield broken.mend(f"Call this one `{new}`", Edit(broken.span, new))


def hidden(broken: Broken) -> Iterator[Mend]:
    """Another name, wherever this one is used."""
    yield from _renamed(broken, broken.word)


def reserved(broken: Broken) -> Iterator[Mend]:
    yield from _renamed(broken, f"{broken.word}_")


def _renamed(broken: Broken, wanted: str) -> Iterator[Mend]:
    taken = file_names(broken.program, broken.module) | {broken.word}
    if broken.item is not None:
        taken |= local_names(broken.item.declaration)
    name = unique(wanted, taken)
    users = tuple(one for one in broken.known if broken.module.path in one.modules)
    found = rename(broken.program, broken.span.start, name, users, broken.facts)
    if isinstance(found, Renamed) and found.edits:
        edits = {path: tuple(sorted(one, key=lambda edit: edit.span)) for path, one in found.edits.items()}
        yield Mend(f"Rename to `{name}`", Change(edits))


def unnamed(broken: Broken) -> Iterator[Mend]:
    """A name behind the word that starts a declaration."""
    word = broken.word
    if word in KEYWORDS and broken.local.start == 0 and word not in ("import", "optimize"):
        name = unique(f"my_{word}", file_names(broken.program, broken.module))
        end = broken.span.end
        rest = broken.source.data[end:].lstrip(b" \t")
        gap = len(broken.source.data) - end - len(rest) if rest.startswith(b"(") else 0
        yield broken.mend(f"Call it `{name}`", Edit(Span(end, end + gap), f" {name}"))


# ---- settings


def no_setting(broken: Broken) -> Iterator[Mend]:
    found = broken.part(Setting, Pair)
    if found is not None:
        yield broken.mend(f"Remove `{broken.word}`", removal(broken.source, found.span.shifted(broken.start)))


def setting_twice(broken: Broken) -> Iterator[Mend]:
    """The last one would count, so the earlier ones go."""
    last = broken.part(Setting)
    holder = broken.trails[0][-2] if last is not None and len(broken.trails[0]) > 1 else None
    settings: tuple[Setting, ...] = getattr(holder, "settings", ())
    earlier = [one for one in settings if one.name.text == broken.word and one.span.start < broken.local.start]
    if earlier:
        place = earlier[-1].span.shifted(broken.start)
        yield broken.mend(f"Remove the earlier `{broken.word}`", removal(broken.source, place))


# ---- imports


def no_import(broken: Broken) -> Iterator[Mend]:
    item = broken.item
    if item is None or not isinstance(item.declaration, ImportDeclaration):
        return
    path = item.declaration.path
    if isinstance(path, Text):
        folder = broken.module.path.parent
        files = [Path(os.path.relpath(one.path, folder)).as_posix() for one in broken.known]
        meant = did_you_mean(path.value, files)
        if meant:
            yield broken.mend(f"Change to {quote(meant)}", Edit(broken.span, quote(meant)))
        target = import_target(broken.module.path, path)
        if target.suffix == ".adal" and broken.facts.exists(target) is not True:
            yield Mend(f"Create {Path(path.value).as_posix()}", Change(created=(NewFile(target, ""),)))
    yield broken.mend("Remove the import", removed_declaration(broken.source, item.span))


def constant_text(broken: Broken) -> Iterator[Mend]:
    """A param's text between quotes."""
    value = broken.part(Reference, Member, Constant)
    if value is not None and broken.holder(Param) is not None:
        word = dotted(value) or broken.word
        yield broken.replaced(f'"{word}"')
