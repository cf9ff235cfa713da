"""Where the name at the cursor is declared, where its type is, and which Python function stands behind it."""

from __future__ import annotations

import ast
import os.path
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from adalang.ide.occurrences import Site
from adalang.ide.slots import (
    ArgumentName,
    DeclarationName,
    FieldName,
    Literal,
    ModuleMember,
    Occurrence,
    PartName,
    Value,
)
from adalang.ide.targets import ENTITIES_FIRST, Names, Place, Target, innermost
from adalang.language.attachments import constant_parts
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.checks.scope import result_type, signature
from adalang.language.datasets import DatasetPlan, plan
from adalang.language.declarations import (
    COMPONENT_KINDS,
    AgentDeclaration,
    CallExpression,
    EvalDeclaration,
    Expression,
    PromptDeclaration,
    Text,
    ToolDeclaration,
    dotted,
    setting,
)
from adalang.language.program import Entity, Program
from adalang.language.text import SourceText, Span
from adalang.language.types import UNKNOWN, Labels, ListOf, ObjectOf, OptionalOf, Origin, Type


@dataclass(frozen=True, slots=True)
class Definition:
    """``origin`` is the word at the cursor, ``place`` the name where it is declared.

    With a ``function`` it is that function of the Python file ``place.path``: :func:`located` finds it there.
    """

    origin: Span
    place: Place
    function: str = ""


def definition(program: Program, offset: int, facts: Facts = NO_FACTS) -> Definition | None:
    """Where the name at byte ``offset`` of the root file comes from; ``None`` for what is built in."""
    names = Names(program, facts)
    word = names.at(offset)
    if word is not None:
        return Definition(word.span, _in_data(word.target, facts) or word.target.place)
    found = _at(program, offset, facts)
    return _of_literal(*found, facts) if found is not None else _of_attachment(program, offset, facts)


def type_definition(program: Program, offset: int, facts: Facts = NO_FACTS) -> Definition | None:
    """Where the type of the value at byte ``offset`` is declared; of a component the type of what it gives."""
    found = _at(program, offset, facts)
    if found is None:
        return None
    site, occurrence = found
    names = Names(program, facts)
    target = names.target(site, occurrence)
    if target is None or target.kind != "type":
        target = names.of_origin(_origin_of(_named(_type_of(site, occurrence))))
    return Definition(occurrence.span.shifted(site.item.start), target.place) if target is not None else None


def implementation(program: Program, offset: int, facts: Facts = NO_FACTS) -> Definition | None:
    """The Python function behind the tool, or the metric of the eval, at byte ``offset``."""
    found = _at(program, offset, facts)
    if found is None:
        return None
    site, occurrence = found
    if occurrence.slot == Literal("python"):
        return _of_literal(site, occurrence, facts)
    target = Names(program, facts).target(site, occurrence)
    if target is None or target.entity is None or target.kind not in ("tool", "eval"):
        return None
    span = occurrence.span.shifted(site.item.start)
    return _python(_implemented_by(target.entity), target.entity.module.path, span)


def located(program: Program, found: Definition, read: Callable[[Path], SourceText | None]) -> tuple[SourceText, Span]:
    """The text of the file of a definition, and the place in it; of a Python function that is not there the file's start.

    Of files that are not the program's only Python's are read; the text of any other is empty, as its place is its start.
    """
    module = program.modules.get(found.place.path)
    if module is not None:
        return module.source, found.place.span
    source = (read(found.place.path) if found.function else None) or SourceText(b"")
    return source, python_function_span(source, found.function) or found.place.span


def python_function_span(source: SourceText, name: str) -> Span | None:
    """Where the name of a top-level function of a Python file stands; ``None`` when there is none, or the file is broken."""
    try:
        tree = ast.parse(source.data)
    except (SyntaxError, ValueError):
        return None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            written = re.compile(rb"\bdef\s+(" + re.escape(name.encode()) + rb")\b")
            found = written.search(source.data, source.line_start(node.lineno - 1))
            return Span(*found.span(1)) if found is not None else None
    return None


def _at(program: Program, offset: int, facts: Facts) -> tuple[Site, Occurrence] | None:
    item = program.root.item_at(offset)
    site = Site(program, program.root, item, facts) if item is not None else None
    found = innermost(site, offset) if site is not None else None
    return (site, found) if site is not None and found is not None else None


# ---- files


def _in_data(target: Target, facts: Facts) -> Place | None:
    """The beginning of the first data file that has the column, which is its header or its first row."""
    dataset = target.entity
    if target.kind != "column" or dataset is None or target.place.span != dataset.name_span:
        return None
    for path in data_files(plan(dataset)):
        known = facts.data(path)
        if known is not None and any(target.name in row for row in known.rows[:100]):
            return Place(path, Span(0, 0))
    return None


def data_files(planned: DatasetPlan) -> Iterator[Path]:
    """The files that a data set's rows come from."""
    if planned.file is not None:
        yield planned.file
    yield from planned.files.values()


def _of_literal(site: Site, found: Occurrence, facts: Facts) -> Definition | None:
    """The file, or the function of one, that a text names."""
    span, folder = found.span.shifted(site.item.start), site.module.path
    match found.slot:
        case Literal(what="python"):
            return _python(found.text, folder, span)
        case Literal(what="file"):
            written = found.text
        case Literal(what="http"):
            written = found.text.rpartition(":")[0]
        case Literal(what="model") if found.text.startswith("replay/"):
            written = found.text.removeprefix("replay/")
        case _:
            return None
    path = _beside(folder, written)
    is_file = bool(written) and not any(sign in written for sign in "*?[") and facts.exists(path)
    return Definition(span, Place(path, Span(0, 0))) if is_file else None


def _of_attachment(program: Program, offset: int, facts: Facts) -> Definition | None:
    """The image or the file that a template puts in by its path."""
    item = program.root.item_at(offset)
    if item is None or not isinstance(item.declaration, PromptDeclaration | AgentDeclaration):
        return None
    for message in item.declaration.messages:
        for token, written in constant_parts(message.template):
            span, path = token.span.shifted(item.start), _beside(program.root.path, written)
            if span.start < offset < span.end and facts.exists(path):
                return Definition(Span(span.start + 1, span.end - 1), Place(path, Span(0, 0)))
    return None


def _python(written: str, importer: Path, origin: Span) -> Definition | None:
    file, colon, function = written.rpartition(":")
    if not colon or not file or not function:
        return None
    return Definition(origin, Place(_beside(importer, file), Span(0, 0)), function)


def _beside(importer: Path, written: str) -> Path:
    return Path(os.path.normpath(importer.parent / written))


def _implemented_by(entity: Entity) -> str:
    """What a tool, or an eval's metric, gives to ``python(…)``; empty where it is made otherwise."""
    declaration = entity.declaration
    call: Expression | None = declaration.value if isinstance(declaration, ToolDeclaration) else None
    if isinstance(declaration, EvalDeclaration):
        metric = setting(declaration.settings, "metric")
        call = metric.value if metric is not None else None
    if not isinstance(call, CallExpression) or dotted(call.function) != "python":
        return ""
    written = call.arguments[0].value if call.arguments else None
    return written.value if isinstance(written, Text) else ""


# ---- types


def _type_of(site: Site, found: Occurrence) -> Type:
    """The type of the value that an occurrence names."""
    name, program = found.text, site.program
    match found.slot:
        case PartName(local=local):
            return local.type
        case Value(names=names, wanted=wanted) if name in names and wanted not in ENTITIES_FIRST:
            return names[name].type
        case Value():
            return _given_by(program, program.resolve(name, site.module))
        case DeclarationName():
            return _given_by(program, site.entity)
        case ModuleMember(module=module):
            item = module.names.get(name)
            return _given_by(program, program.entity(module, item)) if item is not None else UNKNOWN
        case FieldName(owner=owner):
            inner = _named(owner)
            field = inner.field(name) if isinstance(inner, ObjectOf) else None
            return field.type if field is not None else UNKNOWN
        case ArgumentName(component=component):
            known = signature(program, component).inputs
            return next((declared for one, declared, _ in known if one == name), UNKNOWN)
        case _:
            return UNKNOWN


def _given_by(program: Program, entity: Entity | None) -> Type:
    return result_type(program, entity) if entity is not None and entity.kind in COMPONENT_KINDS else UNKNOWN


def _origin_of(declared: Type) -> Origin | None:
    """Where a type is declared; of one that is written where it is used, its first field."""
    if isinstance(declared, ObjectOf) and declared.origin is None and declared.fields:
        return declared.fields[0].origin
    return declared.origin if isinstance(declared, Labels | ObjectOf) else None


def _named(declared: Type) -> Type:
    """The type with lists and options taken off."""
    while isinstance(declared, ListOf | OptionalOf):
        declared = declared.item
    return declared
