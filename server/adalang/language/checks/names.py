"""Names inside one declaration: reserved words, settings that do not exist, types that mean nothing."""

from __future__ import annotations

from adalang.language.checks.messages import is_taken
from adalang.language.checks.references import written_types
from adalang.language.checks.scope import Scope, article
from adalang.language.declarations import (
    AgentDeclaration,
    ListType,
    NamedType,
    ObjectType,
    OptionalType,
    ParamDeclaration,
    PromptDeclaration,
    Setting,
    TypeExpression,
)
from adalang.language.diagnostics import did_you_mean, replace
from adalang.language.lower import Item
from adalang.language.settings import MODEL_OPTIONS, RESERVED, SETTINGS
from adalang.language.text import Span
from adalang.language.types import BUILT_IN


def check(scope: Scope, item: Item) -> None:
    _name(scope, item)
    _settings(scope, item)
    for written in written_types(item.declaration):
        _type(scope, item, written)


# ---- names


def _name(scope: Scope, item: Item) -> None:
    declaration = item.declaration
    name = declaration.name
    if declaration.kind in ("import", "optimize") or not name.text:
        return
    if isinstance(declaration, ParamDeclaration):
        is_taken(scope, item, name)
    elif name.text in RESERVED or (declaration.kind == "type" and name.text in BUILT_IN):
        scope.report.add("ADL107", item, name.span, f"`{name.text}` is a word of the language; take another name.")


def _settings(scope: Scope, item: Item) -> None:
    declaration = item.declaration
    settings: tuple[Setting, ...] = getattr(declaration, "settings", ())
    check_settings(scope, item, settings, declaration.kind)
    if isinstance(declaration, PromptDeclaration | AgentDeclaration):
        for demos in declaration.demos:
            check_settings(scope, item, demos.settings, "demos")


def check_settings(scope: Scope, item: Item, settings: tuple[Setting, ...], kind: str) -> None:
    known = SETTINGS.get(kind, {})
    seen: dict[str, Span] = {}
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
            scope.report.add(
                "ADL106",
                item,
                one.name.span,
                f"`{name}` is given twice; remove one of the two.",
                see=[(seen[name], f"`{name}` is given here")],
            )
        seen.setdefault(name, one.name.span)


def _listed(names: object) -> str:
    return ", ".join(f"`{name}`" for name in names)  # type: ignore[attr-defined]


# ---- types


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
                scope.report.add(
                    "ADL111",
                    item,
                    span,
                    f"`{name}` is {article(entity.kind)}; a type is wanted here.",
                    related=[scope.declared_at(entity)],
                )
            elif entity is not None and scope.program.is_circular(entity):
                scope.report.add(
                    "ADL210",
                    item,
                    span,
                    f"`{name}` contains itself; no answer could ever be read. Break the circle with a text or an id.",
                )
        case ListType(item=inner) | OptionalType(item=inner):
            _type(scope, item, inner)
        case ObjectType(fields=fields):
            seen: dict[str, Span] = {}
            for one in fields:
                if one.name.text in seen:
                    scope.report.add(
                        "ADL214",
                        item,
                        one.name.span,
                        f"The field `{one.name.text}` stands twice; remove one.",
                        see=[(seen[one.name.text], f"`{one.name.text}` is declared here")],
                    )
                seen.setdefault(one.name.text, one.name.span)
                _type(scope, item, one.type)
        case _:
            labels = getattr(written, "labels", ())
            values: dict[str, Span] = {}
            for label in labels:
                if label.value in values:
                    scope.report.add(
                        "ADL214",
                        item,
                        label.span,
                        f'The label "{label.value}" stands twice; remove one.',
                        see=[(values[label.value], f'"{label.value}" stands here')],
                    )
                values.setdefault(label.value, label.span)


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
