"""What the name at the cursor means: one answer for hover, definition and whatever else points at things."""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass, replace
from pathlib import Path

from adalang.ide import jinja
from adalang.ide.occurrences import Site, at, locals_of
from adalang.ide.slots import (
    ArgumentName,
    FieldName,
    Literal,
    Local,
    Occurrence,
    PartName,
    SettingName,
    SplitName,
    TemplateText,
    TrainableName,
    TypeName,
    Value,
)
from adalang.ide.targets import Names, Place, innermost
from adalang.ide.words import DECLARATIONS, METHODS, OBJECT_KEYS, PRIMITIVES, SPLITS
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.checks.scope import signature
from adalang.language.declarations import (
    COMPONENT_KINDS,
    EvalDeclaration,
    Expression,
    ModelDeclaration,
    OptimizeDeclaration,
    ParamDeclaration,
    Reference,
    Text,
    TypeDeclaration,
    dotted,
)
from adalang.language.literal import quote
from adalang.language.models import KnownModel, known_models
from adalang.language.program import Entity, Program
from adalang.language.settings import FUNCTIONS, SETTINGS
from adalang.language.text import Span
from adalang.language.types import OBJECTS, ObjectOf, OptionalOf, Type, describe


@dataclass(frozen=True, slots=True)
class Meaning:
    """``span`` is the word in the file, ``title`` what it means as code, ``doc`` what is said about it (Markdown).

    ``place`` is where it is declared; ``None`` for what is built in. ``entity`` is the declaration, where it is one.
    """

    span: Span
    title: str
    doc: str = ""
    place: Place | None = None
    entity: Entity | None = None


def meaning_at(program: Program, offset: int, facts: Facts = NO_FACTS) -> Meaning | None:
    """What the word at byte ``offset`` of the program's root file means; ``None`` where nothing is named."""
    item = program.root.item_at(offset)
    if item is None:
        return None
    site = Site(program, program.root, item, facts)
    keyword = _keyword(site, offset)
    if keyword is not None:
        return keyword
    found = at(site, offset)
    if found is None:
        return None
    if isinstance(found.slot, TemplateText):
        inner = innermost(site, offset)
        return (_of(site, inner) if inner is not None else None) or _jinja_word(site, found.slot, offset)
    return _of(site, found)


def _keyword(site: Site, offset: int) -> Meaning | None:
    """The word that a declaration starts with; of `optimize` also its target, which names the declaration."""
    declaration = site.item.declaration
    span = Span(site.item.start, site.item.start + len(declaration.kind))
    return Meaning(span, declaration.kind, DECLARATIONS[declaration.kind]) if span.contains(offset) else None


def _of(site: Site, found: Occurrence) -> Meaning | None:
    """What an occurrence names, or else what is built in."""
    span, target = found.span.shifted(site.item.start), Names(site.program, site.facts).target(site, found)
    entity = target.declared if target is not None else None
    if entity is not None:
        return of_entity(site.program, entity, span)
    if target is not None and target.kind == "file" and not isinstance(found.slot, Literal):
        return Meaning(span, f"import {target.name}", f"The file `{target.place.path.name}`.", target.place)
    said = _of_part(site, found, span)
    return replace(said, place=target.place) if said is not None and target is not None else said


def _of_part(site: Site, found: Occurrence, span: Span) -> Meaning | None:
    """What is no declaration of its own: a part of one, or built in."""
    name = found.text
    match found.slot:
        case PartName(local=local):
            return _local(name, local, span)
        case SettingName(kind=kind):
            return _setting(kind, name, span)
        case TypeName():
            return _type(name, span)
        case Value(names=names) if name in names:
            return _local(name, names[name], span) if names[name].what != "loop" else None
        case Value(wanted=wanted):
            return _value(name, wanted, span)
        case FieldName(owner=owner):
            return _field(owner, name, span)
        case SplitName():
            return Meaning(span, name, SPLITS[name]) if name in SPLITS else None
        case TrainableName(component=component) | ArgumentName(component=component):
            part = locals_of(Site(site.program, component.module, component.item, site.facts)).get(name)
            return _local(name, part, span) if part is not None else None
        case Literal(what=what):
            return _literal(site, what, name, span)
        case _:
            return None


# ---- names


def of_entity(program: Program, entity: Entity, span: Span) -> Meaning:
    place = Place(entity.module.path, entity.name_span)
    return Meaning(span, headline(program, entity), _doc(entity), place, entity)


def headline(program: Program, entity: Entity) -> str:
    """A declaration in one line, as it would be written."""
    declaration, name = entity.declaration, entity.declaration.name.text
    if entity.kind in COMPONENT_KINDS:
        known = signature(program, entity)
        inputs = ", ".join(
            f"{one}: {describe(declared)}{' = …' if optional else ''}" for one, declared, optional in known.inputs
        )
        return f"{entity.kind} {name}({inputs}) -> {describe(known.returns)}"
    match declaration:
        case ModelDeclaration(value=Text() as text):
            return f'model {name} = "{text.value}"'
        case TypeDeclaration(type=written):
            return f"type {name} = {_spelled(program.type_of(written, entity.module))}"
        case ParamDeclaration():
            return f"param {name}"
        case _:
            of = f" of {dotted(declaration.target) or '…'}" if isinstance(declaration, EvalDeclaration) else ""
            return f"{entity.kind} {name}{of}"


def _spelled(declared: Type) -> str:
    """A type with its own name left out, for the line that gives it that name."""
    if isinstance(declared, ObjectOf):
        return "{ " + ", ".join(f"{one.name}: {describe(one.type)}" for one in declared.fields) + " }"
    labels = getattr(declared, "labels", None)
    return " | ".join(map(quote, labels)) if labels else describe(declared)


def _doc(entity: Entity) -> str:
    declaration = entity.declaration
    parts = [declaration.doc]
    if isinstance(declaration, ModelDeclaration) and isinstance(declaration.value, Text):
        parts.append(about_model(declaration.value.value))
    if isinstance(declaration, ParamDeclaration):
        parts.append(_quoted(declaration.param.text))
    return "\n\n".join(part for part in parts if part)


def _quoted(text: str) -> str:
    """The first lines of a text, fenced so that nothing in it is read as Markdown."""
    lines = text.splitlines()
    shown = "\n".join(lines[:6]) + ("\n…" if len(lines) > 6 else "")
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    return f"{fence}text\n{shown}\n{fence}" if shown else ""


def _local(name: str, local: Local, span: Span) -> Meaning:
    return Meaning(span, f"({local.what}) {name}: {describe(local.type)}", local.doc)


def _setting(kind: str, name: str, span: Span) -> Meaning | None:
    if kind in OBJECT_KEYS:
        doc = OBJECT_KEYS[kind].get(name)
        return Meaning(span, f"({kind}) {name}", doc) if doc is not None else None
    spec = SETTINGS.get(kind, {}).get(name)
    return Meaning(span, f"({kind} setting) {name}: {spec.kind}", spec.doc) if spec is not None else None


def _type(name: str, span: Span) -> Meaning | None:
    if name in OBJECTS:
        declared, meaning = OBJECTS[name]
        return Meaning(span, f"type {name} = {_spelled(declared)}", meaning)
    return Meaning(span, name, PRIMITIVES[name]) if name in PRIMITIVES else None


def _value(name: str, wanted: str, span: Span) -> Meaning | None:
    if name in METRIC_SIGNATURES and wanted in ("metric", "call"):
        metric = METRIC_SIGNATURES[name]
        inputs = ", ".join(one.name for one in metric.parameters)
        return Meaning(span, f"metric {name}({inputs})", metric.meaning)
    if wanted == "method" and name in METHODS:
        return Meaning(span, f"(method) {name}", METHODS[name])
    if name in FUNCTIONS:
        return Meaning(span, f"{name}(…)", FUNCTIONS[name])
    return None


def _field(owner: Type, name: str, span: Span) -> Meaning | None:
    inner = owner.item if isinstance(owner, OptionalOf) else owner
    found = inner.field(name) if isinstance(inner, ObjectOf) else None
    return Meaning(span, f"(field) {name}: {describe(found.type)}", found.description) if found is not None else None


def _literal(site: Site, what: str, text: str, span: Span) -> Meaning | None:
    match what:
        case "model" | "embedding":
            about = about_model(text)
            return Meaning(span, f'"{text}"', about) if about else None
        case "import" | "file":
            place = Place(Path(os.path.normpath(site.module.path.parent / text)), Span(0, 0))
            known = site.facts.exists(place.path) if what == "file" else place.path in site.program.modules
            return Meaning(span, f'"{text}"', "", place) if known else None
        case _:
            return None


def about_model(model_id: str) -> str:
    """Price and window of a model, as far as the table knows them."""
    known = known_models().get(model_id)
    return _model_line(known) if known is not None else ""


def _model_line(known: KnownModel) -> str:
    parts = []
    if known.window:
        parts.append(f"window {known.window:,} tokens")
    if known.input_usd_per_1m is not None:
        parts.append(f"${known.input_usd_per_1m:g} in, ${known.output_usd_per_1m or 0:g} out per million tokens")
    return "; ".join(parts)


# ---- templates


def _jinja_word(site: Site, slot: TemplateText, offset: int) -> Meaning | None:
    local = offset - site.item.start
    for tag in slot.template.tags:
        for token in tag.tokens:
            if token.kind == "name" and token.span.contains(local) and token.text in jinja.documented():
                return Meaning(token.span.shifted(site.item.start), token.text, jinja.documented()[token.text])
    return None


def target_of(program: Program, entity: Entity) -> Entity | None:
    """The component that an eval, or the eval of an optimize block, is about."""
    target: Expression = getattr(entity.declaration, "target", Reference("", Span(0, 0)))
    found = program.resolve_expression(target, entity.module)
    if isinstance(entity.declaration, OptimizeDeclaration):
        return target_of(program, found) if found is not None else None
    return found
