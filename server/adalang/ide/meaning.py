"""What the name at the cursor means: one answer for hover, definition and whatever else points at things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adalang.ide import jinja
from adalang.ide.occurrences import (
    ArgumentName,
    DeclarationName,
    FieldName,
    Literal,
    Local,
    ModuleMember,
    Occurrence,
    PartName,
    SettingName,
    Site,
    SplitName,
    TemplateText,
    TrainableName,
    TypeName,
    Value,
    at,
    locals_of,
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
from adalang.language.models import KnownModel, known_models
from adalang.language.program import Entity, Program
from adalang.language.settings import FUNCTIONS, SETTINGS
from adalang.language.text import Span
from adalang.language.types import PASSAGE, ObjectOf, OptionalOf, Type, describe


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
    if offset <= span.end and span.start <= offset:
        return Meaning(span, declaration.kind, DECLARATIONS[declaration.kind])
    return None


def _of(site: Site, found: Occurrence) -> Meaning | None:
    span = found.span.shifted(site.item.start)
    match found.slot:
        case DeclarationName():
            return of_entity(site.program, site.entity, span)
        case PartName(local=local):
            return _of_local(site, found.text, local, span)
        case SettingName(kind=kind):
            return _setting(kind, found.text, span)
        case TypeName():
            return _type(site, found.text, span)
        case Value(names=names, wanted=wanted):
            return _value(site, found.text, names, wanted, span)
        case ModuleMember(module=module):
            item = module.names.get(found.text)
            return of_entity(site.program, site.program.entity(module, item), span) if item else None
        case FieldName(owner=owner):
            return field_of(site, owner, found.text, span)
        case SplitName():
            return Meaning(span, found.text, SPLITS[found.text]) if found.text in SPLITS else None
        case TrainableName(component=component) | ArgumentName(component=component):
            inner = Site(site.program, component.module, component.item, site.facts)
            part = locals_of(inner).get(found.text)
            return _of_local(inner, found.text, part, span) if part is not None else None
        case Literal(what=what):
            return _literal(site, what, found.text, span)
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
    return " | ".join(f'"{label}"' for label in labels) if labels else describe(declared)


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
    fence = "`" * max(3, 1 + max((len(run) for run in _backticks(shown)), default=0))
    return f"{fence}text\n{shown}\n{fence}" if shown else ""


def _backticks(text: str) -> list[str]:
    import re

    return re.findall(r"`+", text)


def _of_local(site: Site, name: str, local: Local, span: Span) -> Meaning:
    place = Place(site.module.path, local.span.shifted(site.item.start)) if local.span is not None else None
    if place is None and local.what == "param" and name in site.module.names:
        return of_entity(site.program, site.program.entity(site.module, site.module.names[name]), span)
    return Meaning(span, f"({local.what}) {name}: {describe(local.type)}", local.doc, place)


def _setting(kind: str, name: str, span: Span) -> Meaning | None:
    if kind in OBJECT_KEYS:
        doc = OBJECT_KEYS[kind].get(name)
        return Meaning(span, f"({kind}) {name}", doc) if doc is not None else None
    spec = SETTINGS.get(kind, {}).get(name)
    return Meaning(span, f"({kind} setting) {name}: {spec.kind}", spec.doc) if spec is not None else None


def _type(site: Site, name: str, span: Span) -> Meaning | None:
    entity = site.program.resolve(name, site.module)
    if entity is not None:
        return of_entity(site.program, entity, span)
    if name == PASSAGE.name:
        return Meaning(span, f"type Passage = {_spelled(PASSAGE)}", "What a retriever gives: a piece of a document.")
    return Meaning(span, name, PRIMITIVES[name]) if name in PRIMITIVES else None


def _value(site: Site, name: str, names: Mapping[str, Local], wanted: str, span: Span) -> Meaning | None:
    if name in names:
        return _of_local(site, name, names[name], span) if names[name].what != "loop" else None
    entity = site.program.resolve(name, site.module)
    if entity is not None:
        return of_entity(site.program, entity, span)
    imported = site.program.imported(site.module).get(name)
    if imported is not None:
        return Meaning(span, f"import {name}", f"The file `{imported.path.name}`.", Place(imported.path, Span(0, 0)))
    if name in METRIC_SIGNATURES and wanted in ("metric", "call"):
        metric = METRIC_SIGNATURES[name]
        inputs = ", ".join(one.name for one in metric.parameters)
        return Meaning(span, f"metric {name}({inputs})", metric.meaning)
    if wanted == "method" and name in METHODS:
        return Meaning(span, f"(method) {name}", METHODS[name])
    if name in FUNCTIONS:
        return Meaning(span, f"{name}(…)", FUNCTIONS[name])
    return None


def field_of(site: Site, owner: Type, name: str, span: Span) -> Meaning | None:
    """The field of a type, with the place of its declaration where the type is one of the program's."""
    inner = owner.item if isinstance(owner, OptionalOf) else owner
    found = inner.field(name) if isinstance(inner, ObjectOf) else None
    if found is None:
        return None
    target = Names(site.program).of_origin(found.origin)
    place = target.place if target is not None else None
    return Meaning(span, f"(field) {name}: {describe(found.type)}", found.description, place)


def _literal(site: Site, what: str, text: str, span: Span) -> Meaning | None:
    match what:
        case "model" | "embedding":
            about = about_model(text)
            return Meaning(span, f'"{text}"', about) if about else None
        case "import" | "file":
            place = Place(Path(_normal(site.module.path.parent / text)), Span(0, 0))
            known = site.facts.exists(place.path) if what == "file" else place.path in site.program.modules
            return Meaning(span, f'"{text}"', "", place) if known else None
        case _:
            return None


def _normal(path: Path) -> str:
    import os.path

    return os.path.normpath(path)


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
