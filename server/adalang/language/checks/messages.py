"""A message's template: what Jinja says to it, and whether the names and fields that it reads exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adalang.language import template_types as types
from adalang.language import templates
from adalang.language.attachments import constant_parts
from adalang.language.checks.scope import Scope
from adalang.language.declarations import Name, Template
from adalang.language.diagnostics import did_you_mean, replace
from adalang.language.lower import Item
from adalang.language.program import Module
from adalang.language.settings import RESERVED
from adalang.language.template_reads import Held, MemberRead, NameRead, reads
from adalang.language.text import Span
from adalang.language.types import STR, ObjectOf, Type, describe


def is_taken(scope: Scope, item: Item, name: Name) -> bool:
    """Whether what messages show cannot be called so, which is then reported."""
    if name.text in RESERVED:
        scope.report.add("ADL107", item, name.span, f"`{name.text}` is a word of the language; take another name.")
    elif name.text in templates.TAKEN:
        message = f"In messages `{name.text}` is a built-in name, so this could not be shown; take another name."
        scope.report.add("ADL107", item, name.span, message)
    return name.text in RESERVED or name.text in templates.TAKEN


def template(scope: Scope, item: Item, template: Template, names: Mapping[str, Type]) -> set[str]:
    """Check one message's template, which sees ``names`` of its own component; gives the names that it uses."""
    used = {use.name for use in templates.uses(template)}
    if not all(tag.closed for tag in template.tags):
        return used
    _attachments(scope, item, template)
    meaning = templates.meaning(template.text.value)
    if meaning.fault is not None:
        _fault(scope, item, template, meaning.fault)
        return used
    shared = {name: STR for name in sorted(used - names.keys()) if scope.kind_of(name) == "param"}
    visible: dict[str, Held] = {**scope.program.imported(scope.module), **shared, **names}
    for one in reads(template, visible):
        match one:
            case NameRead(text=name) if name in meaning.undeclared and name not in one.scope:
                _unknown_variable(scope, item, one, names)
            case MemberRead(text=""):
                pass  # nobody knows which one
            case MemberRead(owner=Module() as module):
                _imported_param(scope, item, one, module)
            case MemberRead(owner=owner):
                _field(scope, item, one, types.bare(types.type_of(owner)))
            case _:
                pass
    return used


def _attachments(scope: Scope, item: Item, template: Template) -> None:
    """Images and files that are named by a constant have to be there."""
    for path, name in constant_parts(template):
        if scope.facts.exists(scope.module.path.parent / name) is False:
            message = f"There is no file `{name}` (looked beside this file)."
            scope.report.add("ADL501", item, path.span, message)


def _fault(scope: Scope, item: Item, template: Template, fault: templates.JinjaFault) -> None:
    text = template.text
    lines = text.value.split("\n")
    start = sum(len(line) + 1 for line in lines[: fault.line])
    low, high = (
        text.source_offset(min(start, len(text.value))),
        text.source_offset(min(start + len(lines[min(fault.line, len(lines) - 1)]), len(text.value))),
    )
    tag = next((one for one in template.tags if low <= one.span.start <= high), None)
    span = tag.span if tag else Span(low, max(low, high))
    kind, _, name = fault.kind.partition(":")
    if kind in ("filter", "test") and name:
        token = next(
            (one for each in template.tags for one in each.tokens if one.kind == "name" and one.text == name),
            None,
        )
        known = templates.environment().filters if kind == "filter" else templates.environment().tests
        meant = did_you_mean(name, known)
        scope.report.add(
            "ADL304",
            item,
            token.span if token else span,
            f"Jinja has no {kind} `{name}`." + (f" Did you mean `{meant}`?" if meant else ""),
            fixes=[replace(item, token.span, meant)] if meant and token else (),
        )
    else:
        scope.report.add("ADL303", item, span, f"Jinja cannot read this: {fault.message}")


def _unknown_variable(scope: Scope, item: Item, use: NameRead, names: Iterable[str]) -> None:
    params = (name for name in scope.visible_names("param") if "." not in name)
    visible = [*dict.fromkeys([*scope.program.imported(scope.module), *params, *names])]
    meant = did_you_mean(use.text, visible)
    listed = ", ".join(f"`{name}`" for name in visible) or "no inputs"
    scope.report.add(
        "ADL301",
        item,
        use.span,
        f"`{use.text}` is no input or param of `{item.declaration.name.text}`."
        + (f" Did you mean `{meant}`?" if meant else f" There are {listed}."),
        fixes=[replace(item, use.span, meant)] if meant else (),
    )


def _imported_param(scope: Scope, item: Item, use: MemberRead, module: Module) -> None:
    prefix = next(prefix for prefix, one in scope.program.imported(scope.module).items() if one is module)
    entity = scope.program.resolve(f"{prefix}.{use.text}", scope.module)
    if prefix in templates.TAKEN:
        message = f"In messages `{prefix}` is a built-in name, so the file's params cannot be shown; rename the file."
        scope.report.add("ADL301", item, use.span, message)
    elif entity is None or entity.kind != "param":
        known = [one.split(".", 1)[1] for one in scope.visible_names("param") if one.startswith(f"{prefix}.")]
        meant = did_you_mean(use.text, known)
        scope.report.add(
            "ADL301",
            item,
            use.span,
            f"`{prefix}` has no param `{use.text}`." + (f" Did you mean `{meant}`?" if meant else ""),
            fixes=[replace(item, use.span, meant)] if meant else (),
        )


def _field(scope: Scope, item: Item, use: MemberRead, owner: Type) -> None:
    if not isinstance(owner, ObjectOf) or owner.field(use.text) is not None:
        return
    known = [one.name for one in owner.fields]
    meant = did_you_mean(use.text, known)
    scope.report.add(
        "ADL206",
        item,
        use.span,
        f"{describe(owner)} has no field `{use.text}`."
        + (f" Did you mean `{meant}`?" if meant else f" It has {', '.join(f'`{one}`' for one in known)}."),
        fixes=[replace(item, use.span, meant)] if meant else (),
    )
