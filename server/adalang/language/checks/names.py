"""Names: declared twice, reserved, never used; imports; circles of components and of files."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from pathlib import Path

from adalang.language import templates
from adalang.language.checks.scope import Scope, article
from adalang.language.declarations import (
    COMPONENT_KINDS,
    AgentDeclaration,
    Binding,
    Comprehension,
    DatasetDeclaration,
    Declaration,
    EvalDeclaration,
    Expression,
    Hole,
    ImportDeclaration,
    ListType,
    Member,
    ModelDeclaration,
    NamedType,
    ObjectType,
    OptimizeDeclaration,
    OptionalType,
    ParamDeclaration,
    PipelineDeclaration,
    PromptDeclaration,
    Reference,
    Repeat,
    RetrieverDeclaration,
    Return,
    Setting,
    Statement,
    Template,
    ToolDeclaration,
    TypeDeclaration,
    TypeExpression,
    dotted,
    walk,
)
from adalang.language.diagnostics import Fix, Related, did_you_mean, replace
from adalang.language.lower import Item
from adalang.language.program import Entity, Module, import_target
from adalang.language.settings import MODEL_OPTIONS, RESERVED, SETTINGS
from adalang.language.text import Edit, Span
from adalang.language.types import BUILT_IN


def check(scope: Scope) -> None:
    for item in scope.module.items:
        _name(scope, item)
        _settings(scope, item)
        _types(scope, item)
    _imports(scope)
    _cycles(scope)
    _optimized_twice(scope)
    _unused(scope)


# ---- names


def _name(scope: Scope, item: Item) -> None:
    declaration = item.declaration
    name = declaration.name
    if declaration.kind in ("import", "optimize") or not name.text:
        return
    if name.text in RESERVED or (declaration.kind == "type" and name.text in BUILT_IN):
        scope.report.add("ADL107", item, name.span, f"`{name.text}` is a word of the language; take another name.")
    first = scope.module.names[name.text]
    if first is not item:
        scope.report.add(
            "ADL102",
            item,
            name.span,
            f"`{name.text}` is declared twice; rename one of the two.",
            related=[
                Related(
                    scope.module.path,
                    first.declaration.name.span.shifted(first.start),
                    f"`{name.text}` is declared here",
                )
            ],
        )
    imported = scope.program.imported(scope.module)
    if first is item and name.text in imported:
        scope.report.add(
            "ADL104",
            item,
            name.span,
            f"`{name.text}` hides the imported file of that name; rename one of the two.",
        )


def _settings(scope: Scope, item: Item) -> None:
    declaration = item.declaration
    settings: tuple[Setting, ...] = getattr(declaration, "settings", ())
    check_settings(scope, item, settings, declaration.kind)
    if isinstance(declaration, PromptDeclaration | AgentDeclaration):
        for demos in declaration.demos:
            check_settings(scope, item, demos.settings, "demos")


def check_settings(scope: Scope, item: Item, settings: tuple[Setting, ...], kind: str) -> None:
    known = SETTINGS.get(kind, {})
    seen: set[str] = set()
    for one in settings:
        name = one.name.text
        if name and name not in known:
            meant = did_you_mean(name, [*known, *(["system", "user", "assistant"] if kind == "prompt" else [])])
            message = f"{article(kind).capitalize()} has no setting `{name}`."
            if name in MODEL_OPTIONS and "model" in known:
                meant = None
                message += f' It belongs to a model declaration: `model name = "provider/model" {{ {name} = … }}`.'
            else:
                message += f" Did you mean `{meant}`?" if meant else f" It has {_listed(known)}."
            scope.report.add(
                "ADL105",
                item,
                one.name.span,
                message,
                fixes=[replace(item, one.name.span, meant)] if meant else (),
            )
        elif name in seen:
            scope.report.add("ADL106", item, one.name.span, f"`{name}` is given twice; remove one of the two.")
        seen.add(name)


def _listed(names: object) -> str:
    return ", ".join(f"`{name}`" for name in names)  # type: ignore[attr-defined]


# ---- types


def _types(scope: Scope, item: Item) -> None:
    for written in written_types(item.declaration):
        _type(scope, item, written)


def written_types(declaration: Declaration) -> Iterator[TypeExpression]:
    if isinstance(declaration, TypeDeclaration):
        yield declaration.type
    elif declaration.kind in COMPONENT_KINDS:
        for parameter in declaration.parameters:  # type: ignore[union-attr]
            yield parameter.type
        if declaration.returns is not None:  # type: ignore[union-attr]
            yield declaration.returns  # type: ignore[union-attr]


def _type(scope: Scope, item: Item, written: TypeExpression) -> None:
    match written:
        case NamedType(name=name, span=span):
            entity = scope.program.resolve(name, scope.module)
            if entity is None and name not in BUILT_IN:
                known = [*BUILT_IN, *scope.visible_names("type")]
                meant = _FOREIGN_TYPES.get(name) or did_you_mean(name, known)
                scope.report.add(
                    "ADL201",
                    item,
                    span,
                    f"No type is called `{name}`."
                    + (f" Did you mean `{meant}`?" if meant else f" Declare it: `type {name} = …`."),
                    fixes=[replace(item, span, meant)] if meant else (),
                )
            elif entity is not None and entity.kind != "type":
                scope.report.add("ADL111", item, span, f"`{name}` is {article(entity.kind)}; a type is wanted here.")
            elif entity is not None and _contains_itself(scope, entity):
                scope.report.add(
                    "ADL210",
                    item,
                    span,
                    f"`{name}` contains itself; no answer could ever be read. Break the circle with a text or an id.",
                )
        case ListType(item=inner) | OptionalType(item=inner):
            _type(scope, item, inner)
        case ObjectType(fields=fields):
            seen: set[str] = set()
            for one in fields:
                if one.name.text in seen:
                    scope.report.add(
                        "ADL214",
                        item,
                        one.name.span,
                        f"The field `{one.name.text}` stands twice; remove one.",
                    )
                seen.add(one.name.text)
                _type(scope, item, one.type)
        case _:
            labels = getattr(written, "labels", ())
            values: set[str] = set()
            for label in labels:
                if label.value in values:
                    scope.report.add("ADL214", item, label.span, f'The label "{label.value}" stands twice; remove one.')
                values.add(label.value)


_FOREIGN_TYPES = {
    "string": "str",
    "String": "str",
    "text": "str",
    "integer": "int",
    "number": "float",
    "double": "float",
    "boolean": "bool",
    "Str": "str",
}


def _contains_itself(scope: Scope, wanted: Entity) -> bool:
    def reaches(written: TypeExpression, module: Module, seen: frozenset[str]) -> bool:
        match written:
            case NamedType(name=name):
                entity = scope.program.resolve(name, module)
                if entity is None or not isinstance(entity.declaration, TypeDeclaration):
                    return False
                if entity.id == wanted.id:
                    return True
                if entity.id in seen:
                    return False
                return reaches(entity.declaration.type, entity.module, seen | {entity.id})
            case ListType(item=inner) | OptionalType(item=inner):
                return reaches(inner, module, seen)
            case ObjectType(fields=fields):
                return any(reaches(one.type, module, seen) for one in fields)
            case _:
                return False

    assert isinstance(wanted.declaration, TypeDeclaration)
    return reaches(wanted.declaration.type, wanted.module, frozenset())


# ---- imports


def _imports(scope: Scope) -> None:
    stems: dict[str, Item] = {}
    for item in scope.module.items:
        declaration = item.declaration
        if not isinstance(declaration, ImportDeclaration) or isinstance(declaration.path, Hole):
            continue
        written = declaration.path
        target = scope.program.imports.get(scope.module.path, {}).get(written.value)
        if target is None:
            path = import_target(scope.module.path, written)
            looked = Path(os.path.relpath(path, scope.module.path.parent)).as_posix()
            message = f"There is no file `{looked}`; the path counts from this file's folder."
            scope.report.add("ADL109", item, written.span, message)
            continue
        if target == scope.module.path:
            fix = Fix("Remove the import", (Edit(_whole_lines(scope, item), ""),))
            scope.report.add("ADL108", item, written.span, "A file cannot import itself; remove the line.", fixes=[fix])
            continue
        if target.stem in stems and stems[target.stem].declaration is not declaration:
            scope.report.add(
                "ADL102",
                item,
                written.span,
                f"Two imported files are called `{target.stem}`; rename one of them.",
            )
        stems[target.stem] = item
        broken = _broken(scope.program.modules[target])
        if broken:
            scope.report.add(
                "ADL110",
                item,
                written.span,
                f"{target.name} has errors, so its names may be missing here; mend that file first.",
                related=[Related(target, broken, "the first error is here")],
            )
        circle = _import_circle(scope, target)
        if circle:
            scope.report.add(
                "ADL108",
                item,
                written.span,
                f"The files import each other in a circle: {circle}. Move what both need to a third.",
            )


def _broken(module: Module) -> Span | None:
    if module.lowered.problems:
        return module.lowered.problems[0].span
    for item in module.items:
        if item.declaration.problems:
            return item.declaration.problems[0].span.shifted(item.start)
    return None


def _import_circle(scope: Scope, start: Path) -> str | None:
    trail: list[tuple[Path, tuple[str, ...]]] = [(start, (scope.module.path.name,))]
    seen: set[Path] = set()
    while trail:
        path, names = trail.pop()
        if path == scope.module.path:
            return " -> ".join((*names, scope.module.path.name))
        if path in seen:
            continue
        seen.add(path)
        for target in scope.program.imports.get(path, {}).values():
            if target is not None:
                trail.append((target, (*names, path.name)))
    return None


# ---- circles of components


def _cycles(scope: Scope) -> None:
    for item in scope.module.items:
        kinds = COMPONENT_KINDS if item.declaration.kind in COMPONENT_KINDS else frozenset({"model"})
        if item.declaration.kind not in kinds:
            continue
        start = scope.program.entity(scope.module, item)
        for name, span in _references(item.declaration):
            target = scope.program.resolve(name, scope.module)
            if target is None or target.kind not in kinds:
                continue
            circle = _path(scope, target.id, start.id, kinds)
            if circle:
                what, mend = (
                    ("leads back to itself", 'End it with a model that names its provider: "provider/model".')
                    if start.kind == "model"
                    else ("calls itself in a circle", "Use a bounded `repeat` inside one pipeline instead.")
                )
                trail = " -> ".join((start.id, *circle))
                scope.report.add("ADL108", item, span, f"`{start.id}` {what}: {trail}. {mend}")


def _path(scope: Scope, start: str, wanted: str, kinds: frozenset[str]) -> tuple[str, ...] | None:
    trail: list[tuple[str, tuple[str, ...]]] = [(start, (start,))]
    seen: set[str] = set()
    while trail:
        current, names = trail.pop()
        if current == wanted:
            return names
        if current in seen:
            continue
        seen.add(current)
        entity = scope.program.resolve(current)
        if entity is None:
            continue
        for name, _ in _references(entity.declaration):
            target = scope.program.resolve(name, entity.module)
            if target is not None and target.kind in kinds:
                trail.append((target.id, (*names, target.id)))
    return None


def _optimized_twice(scope: Scope) -> None:
    seen: dict[str, Item] = {}
    for item in scope.module.items:
        declaration = item.declaration
        if not isinstance(declaration, OptimizeDeclaration):
            continue
        target = scope.program.resolve_expression(declaration.target, scope.module)
        first = seen.setdefault(target.id, item) if target else item
        if target and first is not item:
            place = first.declaration.name.span.shifted(first.start)
            scope.report.add(
                "ADL102",
                item,
                declaration.target.span,
                f"`{target.id}` has an optimize block already; keep one of the two.",
                related=[Related(scope.module.path, place, f"`{target.id}` is optimized here")],
            )


# ---- unused


def _unused(scope: Scope) -> None:
    """A file without evals or pipelines is a library or a start; only clear cases are told."""
    used: set[str] = set()
    for item in scope.module.items:
        for name, _ in _references(item.declaration):
            used.add(name)
            used.add(name.split(".")[0])
    imported = scope.program.imported(scope.module)
    is_library = _is_library(scope)
    for item in scope.module.items:
        declaration = item.declaration
        if isinstance(declaration, ImportDeclaration) and not isinstance(declaration.path, Hole):
            target = scope.program.imports.get(scope.module.path, {}).get(declaration.path.value)
            is_other = target is not None and target != scope.module.path
            if target is not None and is_other and target.stem in imported and target.stem not in used:
                scope.report.add(
                    "ADL103",
                    item,
                    declaration.span,
                    f"Nothing here uses `{target.stem}`; remove the import.",
                    fixes=[Fix("Remove the import", (Edit(_whole_lines(scope, item), ""),))],
                )
        elif declaration.kind in ("model", "type", "param", "dataset") and not is_library:
            own = declaration.name
            if own.text and own.text not in used:
                scope.report.add(
                    "ADL103",
                    item,
                    own.span,
                    f"Nothing uses the {declaration.kind} `{own.text}`.",
                    fixes=[Fix(f"Remove `{own.text}`", (Edit(_whole_lines(scope, item), ""),))],
                )


def _is_library(scope: Scope) -> bool:
    """A file with no eval and no optimize may exist to be imported."""
    return not any(item.declaration.kind in ("eval", "optimize") for item in scope.module.items)


def _whole_lines(scope: Scope, item: Item) -> Span:
    source = scope.module.source
    first, last = source.line_of(item.start), source.line_of(max(item.start, item.span.end - 1))
    return Span(source.line_start(first), source.line_start(last + 1))


# ---- what a declaration refers to


def _references(declaration: Declaration) -> Iterator[tuple[str, Span]]:
    for written in written_types(declaration):
        yield from _type_names(written)
    for one in getattr(declaration, "settings", ()):
        yield from expression_names(one.value, frozenset())
    match declaration:
        case PromptDeclaration() | AgentDeclaration():
            own = {param.name.text for param in declaration.params} | {demos.name.text for demos in declaration.demos}
            own |= {parameter.name.text for parameter in declaration.parameters}
            for message in declaration.messages:
                for name, span in _template_names(message.template):
                    if name.split(".")[0] not in own:
                        yield name, span
            for param in declaration.params:
                yield from expression_names(param.value, frozenset())
        case PipelineDeclaration():
            bound = {parameter.name.text for parameter in declaration.parameters} | set(_bound(declaration.body))
            yield from _statement_names(declaration.body, frozenset(bound))
        case ToolDeclaration() | ModelDeclaration() | DatasetDeclaration():
            if declaration.value is not None:
                yield from expression_names(declaration.value, frozenset())
        case EvalDeclaration() | OptimizeDeclaration():
            yield from expression_names(declaration.target, frozenset())
        case RetrieverDeclaration() | ParamDeclaration() | _:
            pass


def _type_names(written: TypeExpression) -> Iterator[tuple[str, Span]]:
    match written:
        case NamedType(name=name, span=span):
            yield name, span
        case ListType(item=inner) | OptionalType(item=inner):
            yield from _type_names(inner)
        case ObjectType(fields=fields):
            for one in fields:
                yield from _type_names(one.type)
        case _:
            pass


def _template_names(template: Template) -> Iterator[tuple[str, Span]]:
    for use in templates.uses(template):
        if use.fields:
            field, span = use.fields[0]
            yield f"{use.name}.{field}", Span(use.span.start, span.end)
        yield use.name, use.span


def _bound(body: tuple[Statement, ...]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, Binding):
            yield statement.name.text
        elif isinstance(statement, Repeat):
            yield from _bound(statement.body)


def _statement_names(body: tuple[Statement, ...], own: frozenset[str]) -> Iterator[tuple[str, Span]]:
    for statement in body:
        match statement:
            case Binding(value=value) | Return(value=value):
                yield from expression_names(value, own)
            case Repeat(times=times, until=until, body=inner):
                yield from expression_names(times, own)
                yield from expression_names(until, own)
                yield from _statement_names(inner, own)


def expression_names(expression: Expression, own: frozenset[str]) -> Iterator[tuple[str, Span]]:
    """Names that an expression takes from outside ``own``; ``a.b`` gives both `a.b` and `a`."""
    for part in walk(expression):
        if isinstance(part, Comprehension):
            own = own | {part.name.text}
        name = dotted(part)
        if name is None or name.split(".")[0] in own:
            continue
        if isinstance(part, Reference | Member):
            yield name, part.span
